"""A day at work in the admin, in headless Chromium."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from activities.admin.batches import FEW
from activities.models import Activity, ReviewItem, ReviewRule
from activities.updates import create_activity
from recommender.models import Client, ModelVersion
from recommender.registry import promote
from tests.admin.browser import grave_violations
from tests.admin.people import ops_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_ops_finds_a_failed_activity_and_regenerates_it(ops_page, busy_house):
    ops_page.locator("a[href$='?status__exact=failed']").first.click()
    ops_page.locator("#result_list tbody tr a").first.click()
    expect(ops_page.locator(".ops-alert")).to_contain_text("ValueError: broken")

    ops_page.get_by_role("button", name="Generate").click()

    expect(ops_page.get_by_text("Regenerated 1.")).to_be_visible()
    expect(ops_page.locator("tr[data-row]").first).to_contain_text(re.compile(r"Ordered in \d+ of"))
    assert Activity.objects.get(pk=busy_house.pk).status == "completed"


def test_ops_regenerates_from_the_list_after_being_asked(ops_page, busy_house):
    ops_page.goto("/admin/activities/activity/?status__exact=failed")
    ops_page.locator("#result_list input.action-select").first.check()
    ops_page.select_option("select[name=action]", "regenerate")
    ops_page.locator("button[name=index]").first.click()
    assert Activity.objects.get(pk=busy_house.pk).status == "failed"

    ops_page.get_by_role("button", name="Yes, regenerate").click()

    expect(ops_page.get_by_text("Regenerated 1.")).to_be_visible()
    assert Activity.objects.get(pk=busy_house.pk).status == "completed"


def test_ops_leaves_many_to_the_workers_and_sees_how_far_they_are(ops_page, busy_house):
    for number in range(FEW + 1):
        create_activity(client=f"cafe-{number % 20:02}", rep="rep-0", activity_type="recommendation")
    ops_page.goto("/admin/activities/activity/?status__exact=processing")
    ops_page.locator("#action-toggle").check()
    ops_page.select_option("select[name=action]", "regenerate")
    ops_page.locator("button[name=index]").first.click()
    expect(ops_page.get_by_text("So many are left to the workers")).to_be_visible()

    ops_page.get_by_role("button", name="Yes, regenerate").click()
    ops_page.get_by_role("link", name=re.compile(r"Run \d+")).click()

    expect(ops_page.get_by_text(f"0 completed, 0 failed, {FEW + 1} waiting")).to_be_visible()


def test_ops_records_feedback_and_builds_the_order(ops_page):
    activity = Activity.objects.get(client="cafe-01")
    first, second = [line["product"] for line in activity.recommendations[:2]]
    ops_page.goto(f"/admin/activities/activity/{activity.pk}/change/")
    ops_page.locator(f"input[name='outcome-{first}'][value=rejected]").check()
    ops_page.select_option("select[name=rating]", "4")
    ops_page.fill("textarea[name=comments]", "They have enough of it.")

    ops_page.get_by_role("button", name="Accept what is open").click()

    expect(ops_page.get_by_text("Feedback saved.")).to_be_visible()
    expect(ops_page.get_by_role("rowheader", name=f"SO-{activity.pk}")).to_be_visible()
    stored = Activity.objects.get(pk=activity.pk)
    assert stored.feedback["rejectedRecommendations"] == [first]
    assert second in [item["product"] for item in stored.generated_order["items"]]
    expect(ops_page.locator("section", has_text="History").last).to_contain_text("olga")


def test_ops_exports_what_is_listed(ops_page):
    ops_page.goto("/admin/activities/activity/?status__exact=completed")
    ops_page.locator("#result_list input.action-select").first.check()
    ops_page.select_option("select[name=action]", "export_csv")

    with ops_page.expect_download() as download:
        ops_page.locator("button[name=index]").first.click()

    text = Path(download.value.path()).read_text("utf-8-sig")
    assert text.startswith("id,filed,client")
    assert len(text.splitlines()) == 2


def test_ops_works_off_the_review_queue(ops_page):
    item = ReviewItem.objects.waiting().most_urgent_first().first()
    ops_page.goto("/admin/activities/reviewitem/")
    ops_page.locator("#result_list tbody tr a").first.click()
    ops_page.fill("textarea[name=note]", "Will be regenerated tonight.")
    ops_page.select_option("select[name=reason]", "solved")

    ops_page.get_by_role("button", name="Save and close").click()

    expect(ops_page.get_by_text("Saved.", exact=True)).to_be_visible()
    item.refresh_from_db()
    assert (item.state, item.note, item.reason) == ("closed", "Will be regenerated tonight.", "solved")


def test_ops_sets_a_rule_in_the_list_of_rules(ops_page):
    rule = ReviewRule.objects.first()
    ops_page.goto("/admin/activities/reviewrule/")
    ops_page.fill("input[name=form-0-weight]", "99")

    ops_page.get_by_role("button", name="Save").click()

    expect(ops_page.get_by_text("was changed successfully")).to_be_visible()
    rule.refresh_from_db()
    assert rule.weight == 99


def test_ops_rolls_a_model_back(ops_page):
    good = ModelVersion.objects.active().get()
    bad = ModelVersion.objects.get(pk=good.pk)
    bad.pk, bad.number = None, good.number + 1
    bad.save()
    promote(bad)
    ops_page.goto(f"/admin/recommender/modelversion/{good.pk}/change/")

    ops_page.get_by_role("button", name=f"Let {good.version} answer").click()

    expect(ops_page.get_by_text(f"Of the clients, {good.version} answers 100%.")).to_be_visible()
    assert ModelVersion.objects.active().get() == good


def test_a_sales_manager_finds_nothing_to_click_that_changes(ops_page, manager_page):
    what_changes = (".ops-page button", "input[type=radio]")
    address = f"/admin/activities/activity/{Activity.objects.get(client='cafe-01').pk}/change/"
    for window in (ops_page, manager_page):
        window.goto(address)
        expect(window.locator("tr[data-row]").first).to_be_visible()

    assert min(ops_page.locator(each).count() for each in what_changes) > 0
    assert [manager_page.locator(each).count() for each in what_changes] == [0, 0]


def test_a_list_is_worked_by_keyboard(ops_page):
    ops_page.goto("/admin/activities/activity/")
    second = ops_page.locator("#result_list tbody tr").nth(1)
    address = second.locator("a").first.get_attribute("href")

    ops_page.keyboard.press("?")
    expect(ops_page.locator("#ops-help")).to_contain_text("j, k")
    ops_page.keyboard.press("Escape")
    expect(ops_page.locator("#ops-help")).to_have_count(0)
    for key in ("j", "j", "j", "k", "x"):
        ops_page.keyboard.press(key)
    expect(second.locator("input.action-select")).to_be_checked()
    ops_page.keyboard.press("Enter")

    ops_page.wait_for_url(f"**{address}")


def test_the_search_of_a_list_is_a_key_away(ops_page):
    ops_page.goto("/admin/activities/activity/")

    for key in ("/", *"cafe-03", "Enter"):
        ops_page.keyboard.press(key)

    ops_page.wait_for_url("**/?q=cafe-03*")
    expect(ops_page.locator("#result_list tbody tr")).to_have_count(1)


@pytest.mark.parametrize("way", ["Tab", "f"])
def test_a_list_is_narrowed_by_keyboard_alone(ops_page, way):
    ops_page.goto("/admin/activities/activity/")

    def come_to(element):
        for _ in range(40):
            if element.evaluate("each => each === document.activeElement"):
                return
            ops_page.keyboard.press("Tab")
        raise AssertionError("No Tab leads there.")

    if way == "Tab":
        ops_page.keyboard.press("/")
        come_to(ops_page.get_by_role("button", name="Filters"))
        ops_page.keyboard.press("Enter")
    else:
        ops_page.keyboard.press("f")
    expect(ops_page.locator("#changelist-filter :focus")).to_have_count(1)
    come_to(ops_page.locator("#changelist-filter").get_by_role("link", name="failed"))
    ops_page.keyboard.press("Enter")

    ops_page.wait_for_url("**status__exact=failed*")


def test_the_row_that_one_has_come_to_by_keyboard_is_seen_whole(visit):
    window = visit(ops_user(), viewport={"width": 1280, "height": 400})
    window.goto("/admin/activities/activity/")
    for _ in range(4):
        window.keyboard.press("j")

    row = window.locator("tr.ops-here").bounding_box()

    # Whatever lies over the lower edge of the row is no part of it.
    seen = (
        f"document.elementFromPoint({row['x'] + 200}, {row['y'] + row['height'] - 3}).closest('tr.ops-here') !== null"
    )
    assert window.evaluate(seen)


PAGES = {
    "dashboard": "/admin/",
    "list": "/admin/activities/activity/",
    "activity": "/admin/activities/activity/{activity}/change/",
    "review queue": "/admin/activities/reviewitem/",
    "review rules": "/admin/activities/reviewrule/",
    "review": "/admin/activities/reviewitem/{item}/change/",
    "model": "/admin/recommender/modelversion/{version}/change/",
    "suggested lines": "/admin/recommender/suggestedline/",
    "jobs": "/admin/procrastinate/procrastinatejob/",
}


def addresses():
    rows = {
        "activity": Activity.objects.get(activity_type="demand-forecasting").pk,
        "item": ReviewItem.objects.first().pk,
        "version": ModelVersion.objects.first().pk,
    }
    return {page: address.format(**rows) for page, address in PAGES.items()}


def on_every_page(window, look):
    """What `look` finds on each page where it finds anything."""
    found = {page: look(window) if window.goto(address).ok else "no page" for page, address in addresses().items()}
    return {page: each for page, each in found.items() if each}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(visit, scheme):
    window = visit(ops_user(), color_scheme=scheme)

    assert on_every_page(window, grave_violations) == {}


def test_a_phone_needs_no_sideways_scrolling(visit):
    window = visit(ops_user(), viewport={"width": 390, "height": 844})

    wider = "document.documentElement.scrollWidth > 390 ? document.documentElement.scrollWidth : 0"
    assert on_every_page(window, lambda page: page.evaluate(wider)) == {}


@pytest.mark.parametrize("width", [1280, 390])
def test_no_long_name_widens_a_page(visit, width):
    window = visit(ops_user(), viewport={"width": width, "height": 900})
    activity = Activity.objects.get(client="cafe-02")
    activity.client, activity.recommendations[0]["product"] = "kaffeehaus" * 6, "espressobohnen" * 4
    activity.save()
    create_activity(client="kaffeehaus" * 6, rep="rep-0", activity_type="recommendation")
    Client.objects.create(external_id="kaffeehaus" * 6, name="Kaffeehaus" * 20)

    wider = f"document.documentElement.scrollWidth > {width} ? document.documentElement.scrollWidth : 0"
    assert on_every_page(window, lambda page: page.evaluate(wider)) == {}


@pytest.mark.parametrize("width", [1280, 1720])  # a laptop; where orders first stand beside the suggestions
def test_the_whole_of_the_suggestions_is_seen_without_scrolling_sideways(visit, width):
    window = visit(ops_user(), viewport={"width": width, "height": 1000})

    window.goto(addresses()["activity"])

    wider = "() => [...document.querySelectorAll('.ops-scroll')].map(each => each.scrollWidth - each.clientWidth)"
    assert set(window.evaluate(wider)) == {0}
    expect(window.get_by_text("rejected").first).to_be_visible()


# Of the tables of names and values: names that take more than a line, and cells that hide a part of what they hold.
BROKEN = """() => [...document.querySelectorAll('.readonly td')].filter(cell => {
    const text = document.createRange(); text.selectNodeContents(cell);
    const lines = new Set([...text.getClientRects()].map(box => Math.round(box.top)));
    return cell.scrollHeight > cell.clientHeight + 1 || (cell === cell.parentNode.firstElementChild && lines.size > 1);
}).map(cell => cell.textContent.trim().slice(0, 40))"""


@pytest.mark.parametrize("width", [1440, 390])
def test_a_models_parameters_can_be_read(visit, width):
    window = visit(ops_user(), viewport={"width": width, "height": 1000})

    window.goto(addresses()["model"])

    expect(window.get_by_text("productForecasts")).to_be_visible()
    assert window.evaluate(BROKEN) == []
