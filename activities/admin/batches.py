"""Acts on what is chosen in a list: asked for twice; of activities a few done at once, many left to the workers."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import model_ngettext
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from activities.generation import CancelledError, GenerationError, generate
from activities.models import Activity
from activities.updates import CompletedError, cancel_activity, reopen_activity
from recommender.errors import RecommenderError

FEW = 20  # generated within the request, at tens of milliseconds each; more are left to the workers
MOST_AT_ONCE = 100  # cancelled or reopened within the request
NAMED = 20  # on the page that asks


def confirmation_page(
    model_admin: ModelAdmin, request: HttpRequest, queryset: QuerySet, act: str, to_know: str = ""
) -> TemplateResponse:
    """The page that asks whether it is meant; it posts the same action again, with `confirmed`."""
    count = queryset.count()
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{act.capitalize()} {count:,} {model_ngettext(model_admin.opts, count)}?",
        "opts": model_admin.opts,
        "act": act,
        "to_know": to_know,
        "named": queryset[:NAMED],
        "more": max(count - NAMED, 0),
        "checkbox": ACTION_CHECKBOX_NAME,
        "ticked": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "all_listed": request.POST.get("select_across", "0"),
    }
    return TemplateResponse(request, "admin/confirm.html", context)


def work_through(pks: Sequence[str], act: Callable[[str], bool]) -> tuple[int, dict[str, list[str]]]:
    """Do the act on each; how many it was done to, and by the reason the ids of those that it could not be done to.

    A generation that failed is kept as such, so each has a transaction of its own.
    """
    done, failures = 0, defaultdict(list)
    for pk in pks:
        try:
            done += act(pk)
        except (CancelledError, CompletedError, GenerationError, RecommenderError) as error:
            failures[str(error)].append(pk)
        except Activity.DoesNotExist:
            failures["It is not there any more."].append(pk)
    return done, failures


def regenerated(pk: str) -> bool:
    generate(pk)
    return True


@transaction.atomic
def cancelled(pk: str) -> bool:
    cancel_activity(Activity.objects.select_for_update().get(pk=pk))
    return True


@transaction.atomic
def reopened(pk: str) -> bool:
    return reopen_activity(Activity.objects.select_for_update().get(pk=pk))


ACT = {"regenerate": regenerated, "cancel": cancelled, "reopen": reopened}
