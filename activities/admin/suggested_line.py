"""What was suggested, and what became of it."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter, FieldTextFilter
from unfold.decorators import display

from activities.admin.condition_filter import ConditionFilter, older_than, younger_than
from activities.admin.links import linked_if_known
from activities.kept_uptake import ordered_lines
from activities.models import Activity
from activities.uptake import DELETED, WEEKS
from recommender.models import SHOWN, Client, Product, SuggestedLine
from salesai.model_admin import ReadOnlyAdmin
from salesai.tables import NOTHING, share


class SuggestedFilter(ConditionFilter):
    title, parameter_name = "suggested", "suggested"
    conditions = {
        "day": ("Past 24 hours", younger_than("suggested_at", days=1)),
        "week": ("Past 7 days", younger_than("suggested_at", days=7)),
        "month": ("Past 30 days", younger_than("suggested_at", days=30)),
        "over-month": ("More than 30 days ago", older_than("suggested_at", days=30)),
    }


class ShownFilter(ConditionFilter):
    """The lines whose money the dashboard counts as suggested."""

    title, parameter_name = "shown", "shown"
    conditions = {"yes": ("Answered, or not made anew since", lambda: SHOWN)}


class OrderedFilter(DropdownFilter):
    """The lines that the dashboard counts: to look for the orders of each would take seconds."""

    title, parameter_name = "ordered", "ordered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", f"Accepted and ordered, {WEEKS} weeks")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(pk__in=ordered_lines()) if self.value() else queryset


class TypeFilter(DropdownFilter):
    title, parameter_name = "activity type", "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*Activity.Type.choices, (DELETED, "Activity deleted")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not (kind := self.value()):
            return queryset
        activity = Activity.objects.filter(pk=OuterRef("activity"))
        if kind == DELETED:
            return queryset.exclude(Exists(activity))
        return queryset.filter(Exists(activity.filter(activity_type=kind)))


@admin.register(SuggestedLine)
class SuggestedLineAdmin(ReadOnlyAdmin):
    """To look at: lines are written with each generation, and answered by feedback."""

    list_display = (
        "suggested_at", "client", "product", "rep", "rank", "confidence_percent", "outcome_label", "outcome_at",
        "model_version",
    )  # fmt: skip
    list_filter = (
        "outcome", OrderedFilter, TypeFilter, ("rep", FieldTextFilter), "model_version", SuggestedFilter, ShownFilter,
        "superseded",
    )  # fmt: skip
    list_filter_submit = True
    list_select_related = ("model_version",)
    search_fields = ("activity__exact", "client__exact", "product__exact")
    search_help_text = "Id of an activity, client or product"
    list_per_page = 50
    show_full_result_count = False
    fields = (
        ("of_activity", "of_client", "rep"), ("of_product", "rank", "confidence"), ("quantity", "price"),
        ("suggested_at", "superseded", "model_version"), ("outcome", "outcome_at", "ordered"),
    )  # fmt: skip
    readonly_fields = ("of_activity", "of_client", "of_product", "ordered")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> SuggestedLine | None:
        line = super().get_object(request, object_id, from_field)
        return line and SuggestedLine.objects.with_ordered_at().get(pk=line.pk)

    @display(description="confidence", ordering="confidence")
    def confidence_percent(self, line: SuggestedLine) -> str:
        return share(line.confidence)

    @display(
        description="outcome", ordering="outcome", label={"accepted": "success", "rejected": "danger", "open": "info"}
    )
    def outcome_label(self, line: SuggestedLine) -> str:
        return line.outcome

    # What a line names by its id may be gone.
    @display(description="Activity")
    def of_activity(self, line: SuggestedLine) -> str:
        return linked_if_known(
            "admin:activities_activity_change", Activity.objects.filter(pk=line.activity), line.activity
        )

    @display(description="Client")
    def of_client(self, line: SuggestedLine) -> str:
        return linked_if_known(
            "admin:recommender_client_change", Client.objects.filter(external_id=line.client), line.client
        )

    @display(description="Product")
    def of_product(self, line: SuggestedLine) -> str:
        return linked_if_known(
            "admin:recommender_product_change", Product.objects.filter(external_id=line.product), line.product
        )

    @display(description="Ordered since")
    def ordered(self, line: SuggestedLine) -> str:
        return f"{line.ordered_at:%Y-%m-%d %H:%M}" if line.ordered_at else NOTHING
