"""The rules that fill the review queue, and their pages."""

import re

import pytest
from django.urls import reverse

from activities.models import ReviewRule
from tests.admin.reviews import kinds

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wholesale_house", "only_lists_of_old_versions")]
Kind = ReviewRule.Kind


def test_a_rule_that_ops_changes_counts_from_then_on(ops, activity, say):
    rule = ReviewRule.objects.get(kind=Kind.LOW_RATING)
    page = reverse("admin:activities_reviewrule_change", args=[rule.pk])
    ops.post(page, shown_on(ops, page) | {"threshold": "3"})

    say(activity, userRating=3)

    assert kinds(activity) == {Kind.LOW_RATING}


def test_a_changed_rule_is_applied_to_what_is_there_by_a_button(ops, activity, say):
    say(activity, userRating=3)
    ReviewRule.objects.filter(kind=Kind.LOW_RATING).update(threshold=3)
    rules = ops.get(reverse("admin:activities_reviewrule_changelist")).content.decode()
    button = reverse("admin:activities_reviewrule_look_through")

    page = ops.post(button, follow=True).content.decode()

    assert f'action="{button}"' in rules
    assert "Looked through 1 activities; 1 wait for review." in page
    assert kinds(activity) == {Kind.LOW_RATING}


@pytest.mark.parametrize(
    ("kind", "threshold", "said"),
    [
        (Kind.UNSURE_MONEY, "30", "Threshold: 1 at most"), (Kind.LOW_RATING, "6", "Threshold: 5 at most"),
        (Kind.FIRST_LISTS, "99999999999999999999", "Threshold: 1000 at most"),
    ],
)  # fmt: skip
def test_a_rule_takes_no_number_beyond_its_scale(ops, kind, threshold, said):
    rule = ReviewRule.objects.get(kind=kind)
    address = reverse("admin:activities_reviewrule_change", args=[rule.pk])

    page = ops.post(address, {"threshold": threshold, "amount": "0", "weight": "40"}).content.decode()

    assert said in page
    assert ReviewRule.objects.get(kind=kind).threshold == rule.threshold


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"weight": "0"}, "Weight: 1 to 100."), ({"weight": "101"}, "Weight: 1 to 100."),
        ({"threshold": "-1"}, "Threshold: 0 or more."), ({"amount": "-0.5"}, "Amount: 0 or more."),
    ],
)  # fmt: skip
def test_a_rule_says_which_numbers_it_takes(ops, fields, said):
    rule = ReviewRule.objects.first()
    numbers = {"threshold": "1", "amount": "0", "weight": "40"} | fields
    others = ReviewRule.objects.exclude(pk=rule.pk)

    page = ops.post(reverse("admin:activities_reviewrule_change", args=[rule.pk]), numbers).content.decode()
    in_list = ops.post(reverse("admin:activities_reviewrule_changelist"), rows_of([rule, *others], numbers))

    assert said in page
    assert said in in_list.content.decode()
    assert "Constraint" not in page + in_list.content.decode()


def rows_of(rules, first):
    """The list of rules as its page posts it, with these values for the first of them."""
    posted = {"form-TOTAL_FORMS": len(rules), "form-INITIAL_FORMS": len(rules), "_save": "1"}
    for row, rule in enumerate(rules):
        shown = {"enabled": rule.enabled, "threshold": rule.threshold, "amount": rule.amount, "weight": rule.weight}
        fields = shown | (first if row == 0 else {}) | {"id": rule.pk}
        posted |= {f"initial-form-{row}-{name}": value for name, value in shown.items()}
        posted |= {f"form-{row}-{name}": value for name, value in fields.items()}
    return posted


def test_who_saves_a_rule_undoes_no_change_made_since_its_page_was_opened(ops):
    rule = ReviewRule.objects.first()
    page = reverse("admin:activities_reviewrule_change", args=[rule.pk])
    before = shown_on(ops, page)
    ReviewRule.objects.filter(pk=rule.pk).update(threshold=4)

    refused = ops.post(page, before | {"weight": "99"}).content.decode()
    unread = ReviewRule.objects.get(pk=rule.pk)
    ops.post(page, shown_on(ops, page) | {"weight": "99"})
    saved = ReviewRule.objects.get(pk=rule.pk)

    assert f"{rule}: changed since this page was opened. Nothing was saved;" in refused
    assert (unread.threshold, unread.weight) == (4, rule.weight)
    assert (saved.threshold, saved.weight) == (4, 99)


def shown_on(ops, page):
    """What the form of a page posts if nothing is changed on it, hidden fields and all."""
    shown = ops.get(page)
    form = shown.context["adminform"].form
    hidden = re.findall(r'<input type="hidden" name="(initial-[^"]+)" value="([^"]*)"', shown.content.decode())
    return {name: form[name].value() for name in form.fields} | dict(hidden)


def test_who_saves_the_list_of_rules_undoes_no_change_made_since_it_was_opened(ops):
    mine, theirs, *others = ReviewRule.objects.all()
    posted = rows_of([mine, theirs, *others], {"weight": "99"})
    ReviewRule.objects.filter(pk=theirs.pk).update(weight=77, enabled=False)

    page = ops.post(reverse("admin:activities_reviewrule_changelist"), posted).content.decode()

    assert f"{theirs}: changed since this page was opened. Nothing was saved;" in page
    assert page.count("changed since this page was opened") == 1
    weights = dict(ReviewRule.objects.values_list("pk", "weight"))
    assert (weights[mine.pk], weights[theirs.pk]) == (mine.weight, 77)
