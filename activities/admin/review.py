"""The review queue: what ops has to look at, most urgent first, and the one screen that decides."""

import json
from datetime import timedelta
from textwrap import shorten
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from rest_framework.exceptions import ValidationError
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from activities.admin.activity_page import context_of
from activities.admin.feedback_form import MOST_TOLD, changed_meanwhile, record_feedback, shown_again, told
from activities.admin.links import LinesLink
from activities.models import Activity, ReviewItem, ReviewRule
from activities.review import Decision, decide
from recommender.models import SuggestedLine
from salesai.model_admin import ReadOnlyAdmin

REJECTIONS_SHOWN = 10
REJECTIONS_OF = timedelta(days=90)
REASONS_TO_GIVE = [(reason.value, reason.label) for reason in ReviewItem.Reason if reason != ReviewItem.Reason.BETTER]


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(choices=Decision)
    note = forms.CharField(max_length=10_000, required=False, widget=forms.Textarea({"rows": 2}))
    assigned_to = forms.ModelChoiceField(
        User.objects.with_perm("activities.change_reviewitem", backend="django.contrib.auth.backends.ModelBackend")
        .filter(is_staff=True)
        .order_by("username"),
        required=False,
        empty_label="nobody",
    )
    reason = forms.ChoiceField(choices=[("", "choose one"), *REASONS_TO_GIVE], required=False)
    seen_item = forms.CharField(required=False, widget=forms.HiddenInput)  # as the page showed it

    def __init__(self, item: ReviewItem, posted: QueryDict | None = None) -> None:
        super().__init__(posted, initial=model_to_dict(item) | {"seen_item": mark_of(item)})
        # Whoever has it keeps it until somebody decides otherwise, even those who may decide no more.
        self.fields["assigned_to"].queryset |= User.objects.filter(pk=item.assigned_to_id)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("decision") == Decision.CLOSE and not cleaned.get("reason"):
            self.add_error("reason", "Say why it is closed.")
        return cleaned


def mark_of(item: ReviewItem) -> str:
    """Another one after each decision, and for other findings."""
    return salted_hmac("review item", json.dumps([str(item.decided_at), item.findings])).hexdigest()


class StateFilter(DropdownFilter):
    """What waits, unless something else is asked for."""

    title, parameter_name, all_option = "state", "state", None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "Open"), ("mine", "Open and mine"), ("snoozed", "Snoozed"), ("closed", "Closed"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case "all":
                return queryset
            case "mine":
                return queryset.waiting().filter(assigned_to=request.user)
            case "snoozed" | "closed" as state:
                return queryset.filter(state=state)
        return queryset.waiting()


class KindFilter(DropdownFilter):
    title, parameter_name = "rule", "rule"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return ReviewRule.Kind.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(findings__has_key=self.value()) if self.value() else queryset


@admin.register(ReviewItem)
class ReviewItemAdmin(ReadOnlyAdmin):
    """Rules add items, a form of its own decides, and a closed item is what brings the activity back marked."""

    list_display = ("activity", "found", "weight", "waiting_since", "assigned_to", "state_label")
    list_filter = (StateFilter, KindFilter)
    list_filter_submit = True
    search_fields = ("activity__client", "=activity__id", "note")
    search_help_text = "Client, id of the activity, note"
    list_select_related = ("activity", "assigned_to")
    list_per_page = 50
    show_full_result_count = False
    list_after_template = "admin/activities/reviewitem/most_rejected.html"
    change_form_outer_before_template = "admin/activities/reviewitem/decide.html"
    fieldsets = ((None, {"fields": (("since", "decided_by", "decided_at"),)}),)
    readonly_fields = ("since", "decided_by", "decided_at")

    def get_urls(self) -> list[URLPattern]:
        decide_view = self.admin_site.admin_view(self.decide_view)
        return [path("<int:pk>/decide/", decide_view, name="activities_reviewitem_decide"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        heavy = ("recommendations", "insights", "input_data", "search_text", "generated_order")
        on_list = request.resolver_match.url_name == "activities_reviewitem_changelist"
        items = super().get_queryset(request)
        return items.defer(*(f"activity__{name}" for name in heavy)) if on_list else items

    def get_ordering(self, request: HttpRequest) -> list:
        return ReviewItem.objects.most_urgent_first().query.order_by

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        rejected = {"most_rejected": most_rejected(), "rejections_of": REJECTIONS_OF}
        return super().changelist_view(request, {"title": "Review queue"} | rejected)

    def render_change_form(self, request, context, *args, obj: ReviewItem | None = None, **options) -> HttpResponse:
        if obj:
            context |= context_of(obj.activity, request.user, context.get("posted")) | {
                "item": obj,
                "may_decide": self.may_decide(request),
                "decision": context.get("decision") or DecisionForm(obj),
                "next_item": ReviewItem.objects.waiting().exclude(pk=obj.pk).most_urgent_first().first(),
            }
        return super().render_change_form(request, context, *args, obj=obj, **options)

    def has_view_permission(self, request: HttpRequest, obj: ReviewItem | None = None) -> bool:
        return request.user.has_perm("activities.view_reviewitem")

    def may_decide(self, request: HttpRequest) -> bool:
        return request.user.has_perm("activities.change_reviewitem")

    @display(description="why", ordering="weight")
    def found(self, item: ReviewItem) -> SafeString:
        mark = ["Back again."] if item.returned else []
        return format_html_join("", "<div>{}</div>", ((sentence[:160],) for sentence in [*mark, *item.sentences]))

    @display(description="waiting since", ordering="since")
    def waiting_since(self, item: ReviewItem) -> str:
        return f"{item.since:%Y-%m-%d %H:%M}"

    @display(description="state", ordering="state", label={"open": "info", "snoozed": "warning", "closed": "success"})
    def state_label(self, item: ReviewItem) -> str:
        return item.state

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Feedback and decision together, or neither."""
        if request.method != "POST":  # a page that was refused stands at this address
            return self.back_to(request, "admin:activities_reviewitem_change", pk)
        if not self.may_decide(request):
            raise PermissionDenied
        item = get_object_or_404(ReviewItem, pk=pk)
        form = DecisionForm(item, request.POST)
        if form.is_valid():
            faults = self.decided(request, item, form)
        else:
            faults = [f"{name}: {' '.join(said)}" for name, said in form.errors.items()]
            faults += self.told_of_changes(request, item)  # the page that is shown again is of what is stored now
        if faults:
            self.message_user(request, f"Not saved: {'; '.join(faults)}", messages.ERROR)
            return shown_again(self, request, str(pk), decision=form)
        self.message_user(request, "Saved.", messages.SUCCESS)
        following = ReviewItem.objects.waiting().exclude(pk=pk).most_urgent_first().first()
        if following and form.cleaned_data["decision"] in (Decision.CLOSE, Decision.SNOOZE):
            return redirect("admin:activities_reviewitem_change", following.pk)
        return redirect("admin:activities_reviewitem_changelist")

    def told_of_changes(self, request: HttpRequest, item: ReviewItem) -> list[str]:
        """In words, where feedback is posted to what has changed since the page was opened."""
        may_answer = request.user.has_perm("activities.answer_activity")
        changes = changed_meanwhile(item.activity, request.POST) if may_answer else {}
        return [told(ValidationError(changes))] if changes else []

    def decided(self, request: HttpRequest, item: ReviewItem, form: DecisionForm) -> list[str]:
        """What stood in the way; nothing is stored then."""
        wanted = form.cleaned_data
        may_answer = request.user.has_perm("activities.answer_activity")
        try:
            with transaction.atomic():
                # The activity before its item, as whatever changes both takes them.
                activity = get_object_or_404(Activity.objects.select_for_update(), pk=item.activity_id)
                changes = item_changed_meanwhile(item, wanted.pop("seen_item"))
                if may_answer:
                    changes |= changed_meanwhile(activity, request.POST)
                if changes:
                    raise ValidationError(changes)
                if may_answer:
                    record_feedback(item.activity_id, request.POST)
                decide(item.pk, request.user, **wanted)
        except ValidationError as error:
            form.data = form.data.copy()
            form.data["seen_item"] = mark_of(item)  # of which the person is told now
            return [told(error)]
        return []


def most_rejected() -> list[dict[str, Any]]:
    since = timezone.now() - REJECTIONS_OF
    return [
        each | {"link": LinesLink(product__exact=each["product"], outcome_at__gte=since.isoformat()).rejected}
        for each in SuggestedLine.objects.most_rejected(since)[:REJECTIONS_SHOWN]
    ]


def item_changed_meanwhile(item: ReviewItem, seen_item: str) -> dict[str, list[str]]:
    """In words where it was decided, or rules found otherwise, since the page was opened; else empty."""
    item.refresh_from_db()
    if mark_of(item) == seen_item:
        return {}
    whose, note = item.assigned_to or "nobody", shorten(item.note, MOST_TOLD, placeholder=" …") or "empty"
    found = shorten(" ".join(item.sentences), MOST_TOLD, placeholder=" …") or "no rule finds it any more"
    now = f"it is {item.state}, assigned to {whose}, its note: {note}; why it is here: {found}"
    return {"review": [f"changed since this page was opened: {now}. What you typed stands over it; save it again."]}
