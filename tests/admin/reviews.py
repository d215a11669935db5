"""What stands in the review queue, and the screen of one review."""

from django.core.management import call_command
from django.urls import reverse

from activities.models import Activity, ReviewItem
from tests.admin.feedback_on_page import seen_in


def item_of(activity):
    return ReviewItem.objects.filter(activity=activity["_id"]).first()


def kinds(activity):
    item = item_of(activity)
    return item and set(item.findings)


def fail(activity, failure="ValueError: broken"):
    """As a generation that broke leaves it."""
    row = Activity.objects.get(pk=activity["_id"])
    row.status, row.metadata = Activity.Status.FAILED, {"failure": failure}
    row.save()
    call_command("review_activities", verbosity=0)
    return activity


def opened(ops, item):
    return ops.get(reverse("admin:activities_reviewitem_change", args=[item.pk]))


def hidden_in(page):
    """What the screen posts along about when it was opened."""
    return {"seen": seen_in(page), "seen_item": page.context["decision"]["seen_item"].value()}
