import os

import pytest
from django.urls import reverse
from playwright.sync_api import sync_playwright

from activities.generation import generate
from activities.models import Activity, ReviewRule
from activities.updates import create_activity, update_activity
from recommender.models import ModelVersion
from recommender.registry import promote
from recommender.training import train_version
from tests.admin.browser import chromium_path
from tests.admin.people import PASSWORD, logged_in, ops_user, sales_manager
from tests.admin.reviews import hidden_in, opened
from tests.wholesale import AS_OF_LAST_DAY, LAST_DAY, load_wholesale_house


@pytest.fixture
def ops(db):
    return logged_in(ops_user())


@pytest.fixture
def manager(db):
    return logged_in(sales_manager())


@pytest.fixture
def superuser(admin_user):
    return logged_in(admin_user)


@pytest.fixture
def only_lists_of_old_versions(db):
    ReviewRule.objects.filter(kind=ReviewRule.Kind.FIRST_LISTS).update(enabled=False)


@pytest.fixture
def activity(tool):
    return tool.generated(client="cafe-03", aiModel=AS_OF_LAST_DAY)


@pytest.fixture
def say(tool):
    """Reports feedback to an activity."""

    def said(activity, **feedback):
        assert tool.patch(activity["_id"], {"feedback": feedback}).status_code == 200

    return said


@pytest.fixture
def decide(ops):
    """Posts a decision from the review screen, opened then unless what one opened before had hidden is given."""

    def decided(item, decision, **fields):
        posted = {"decision": decision} | hidden_in(opened(ops, item)) | fields
        return ops.post(reverse("admin:activities_reviewitem_decide", args=[item.pk]), posted)

    return decided


@pytest.fixture(scope="module")
def chromium():
    path = chromium_path()
    # Playwright keeps an event loop in this thread, which Django takes as a reason to refuse queries.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--disable-dev-shm-usage"])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def trained_once():
    """The rows of the version that was trained; its files outlive the rows, which each test's end removes."""
    return []


@pytest.fixture
def busy_house(live_server, own_models_folder, trained_once):
    """A house at work: lists with and without feedback, of which one is failed and some are in review."""
    if not ModelVersion.objects.active().exists():
        load_wholesale_house()
        ModelVersion.objects.bulk_create(trained_once)
    if not trained_once:
        if not ModelVersion.objects.active().exists():
            promote(train_version(LAST_DAY))
        trained_once.extend(ModelVersion.objects.active())
    filed = {"rep": "rep-0", "requested_model": AS_OF_LAST_DAY}
    made = [
        generate(create_activity(client=f"cafe-{n:02}", activity_type=kind, **filed).pk)
        for n, kind in enumerate(Activity.Type.values)
    ]
    said = {"acceptedRecommendations": ["coffee"], "rejectedRecommendations": ["milk"], "userRating": 4}
    update_activity(made[0], {"feedback": said})
    update_activity(made[2], {"feedback": {"userRating": 1, "comments": "Far too much sugar."}})
    failed = create_activity(client="cafe-09", activity_type="recommendation", **filed)
    failed.status, failed.metadata = Activity.Status.FAILED, {"failure": "ValueError: broken"}
    failed.save()
    update_activity(failed, {})
    return failed


@pytest.fixture
def visit(chromium, live_server, busy_house):
    """Opens the admin as someone who has logged in, in a window of its own."""
    windows = []

    def opened(user, **options):
        windows.append(chromium.new_context(base_url=live_server.url, bypass_csp=True, **options))
        page = windows[-1].new_page()
        page.goto("/admin/")
        page.fill("#id_username", user.username)
        page.fill("#id_password", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url("**/admin/")
        return page

    yield opened
    for window in windows:
        window.close()


@pytest.fixture
def ops_page(visit):
    return visit(ops_user())


@pytest.fixture
def manager_page(visit):
    return visit(sales_manager())
