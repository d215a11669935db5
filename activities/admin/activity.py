"""Activities as ops works on them: lists that find, pages that explain, actions that are asked twice."""

from typing import ClassVar

from django.contrib import admin, messages
from django.contrib.postgres.search import SearchQuery
from django.core.exceptions import PermissionDenied
from django.db.models import F, FloatField, Func, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, re_path
from django.utils.html import format_html
from rest_framework.exceptions import ValidationError
from unfold.decorators import display

from activities.admin.activity_actions import DONE, ActivityActions
from activities.admin.activity_filters import (
    AgeFilter,
    ConfidenceFilter,
    FeedbackFilter,
    RatingFilter,
    RepFilter,
    VersionFilter,
)
from activities.admin.activity_page import context_of
from activities.admin.batches import ACT, work_through
from activities.admin.feedback_form import record_feedback, shown_again, told
from activities.admin.keys_first import KeysFirst
from activities.ids import ID_PATTERN
from activities.models import Activity
from recommender.models import Client
from salesai.model_admin import ReadOnlyAdmin
from salesai.tables import NOTHING, share

MOST_NAMED = 1000  # clients whose activities a search by name finds
NOT_LISTED = ("input_data", "recommendations", "insights", "ai_model", "accuracy", "generated_order")  # nor short


@admin.register(Activity)
class ActivityAdmin(ActivityActions, ReadOnlyAdmin):
    """Tools file and delete; what may be changed here has forms of its own."""

    list_display = (
        "created_at", "client_named", "rep", "activity_type", "status_label", "lines", "total", "mean_confidence",
        "user_rating", "version",
    )  # fmt: skip
    list_display_links = ("created_at", "client_named")
    list_filter = (
        "status", "activity_type", AgeFilter, RepFilter, VersionFilter, ConfidenceFilter, RatingFilter, FeedbackFilter,
    )  # fmt: skip
    list_filter_submit = True
    search_fields = ("client",)
    search_help_text = "Client, rep, product, reason, insight, comment or id"
    list_per_page = 50
    paginator = KeysFirst
    show_full_result_count = False
    actions: ClassVar = ["regenerate", "cancel", "reopen", "export_csv", "export_xlsx"]
    list_select_related = ("model_version",)
    change_form_outer_before_template = "admin/activities/activity/page.html"
    fieldsets = ((None, {"fields": (("id", "created_at", "updated_at"),)}),)
    readonly_fields = ("id", "created_at", "updated_at")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            re_path(f"^(?P<pk>{ID_PATTERN})/act/$", view(self.act_view), name="activities_activity_act"),
            re_path(f"^(?P<pk>{ID_PATTERN})/feedback/$", view(self.feedback_view), name="activities_activity_feedback"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        on_list = request.resolver_match.url_name == "activities_activity_changelist"
        return (
            super()
            .get_queryset(request)
            .defer("search_text", *(NOT_LISTED if on_list else ()))
            .annotate(
                client_name=Subquery(Client.objects.filter(external_id=OuterRef("client")).values("name")),
                line_count=Func(F("recommendations"), function="jsonb_array_length", output_field=IntegerField()),
                order_total=Cast(KT("generated_order__totalAmount"), FloatField()),
            )
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Activities"} | (extra_context or {}))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, term: str) -> tuple[QuerySet, bool]:
        """Words as the API searches them, beginnings of ids and parts of clients' names."""
        if term := term.strip():
            # Looked up first: PostgreSQL cannot use an index for either side of an OR with a subquery in it.
            named = list(Client.objects.filter(name__icontains=term).values_list("external_id", flat=True)[:MOST_NAMED])
            words = SearchQuery(term, config="simple", search_type="websearch")
            found = Q(search_text=words) | Q(client__startswith=term) | Q(client__in=named) | Q(pk=term)
            queryset = queryset.filter(found)
        return queryset, False

    def render_change_form(self, request, context, *args, obj: Activity | None = None, **options) -> HttpResponse:
        context |= context_of(obj, request.user, context.get("posted")) if obj else {}
        return super().render_change_form(request, context, *args, obj=obj, **options)

    def has_view_permission(self, request: HttpRequest, obj: Activity | None = None) -> bool:
        return request.user.has_perm("activities.view_activity")

    @display(
        description="status",
        ordering="status",
        label={"completed": "success", "processing": "info", "failed": "danger", "cancelled": "warning"},
    )
    def status_label(self, activity: Activity) -> str:
        return activity.status

    @display(description="client", ordering="client")
    def client_named(self, activity: Activity) -> str:
        return format_html('{}<div class="ops-quiet">{}</div>', activity.client, activity.client_name or "")

    @display(description="model", ordering="model_version")
    def version(self, activity: Activity) -> str:
        return activity.model_version.version if activity.model_version else NOTHING

    # No order by these two: it would read the results of every activity.
    @display(description="lines")
    def lines(self, activity: Activity) -> int:
        return activity.line_count

    @display(description="total")
    def total(self, activity: Activity) -> str:
        return NOTHING if activity.order_total is None else f"{activity.order_total:,.2f}"

    @display(description="confidence", ordering="confidence")
    def mean_confidence(self, activity: Activity) -> str:
        return share(activity.confidence)

    def act_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """One act on one activity, from a button of its page."""
        if request.method != "POST":
            return self.back_to(request, "admin:activities_activity_change", pk)
        act = request.POST.get("act")
        if not self.has_regenerate_permission(request) or act not in ACT:
            raise PermissionDenied
        get_object_or_404(Activity.objects.only("pk"), pk=pk)
        self.report(request, DONE[act], *work_through([pk], ACT[act]))
        return redirect("admin:activities_activity_change", pk)

    def feedback_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        if request.method != "POST":  # a page that was refused stands at this address
            return self.back_to(request, "admin:activities_activity_change", pk)
        if not request.user.has_perm("activities.answer_activity"):
            raise PermissionDenied
        try:
            record_feedback(pk, request.POST)
        except ValidationError as error:
            self.message_user(request, f"Not saved: {told(error)}", messages.ERROR)
            return shown_again(self, request, pk)
        self.message_user(request, "Feedback saved.", messages.SUCCESS)
        return redirect("admin:activities_activity_change", pk)
