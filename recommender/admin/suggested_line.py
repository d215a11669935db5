"""What was suggested, and what became of it."""

from datetime import datetime

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from recommender.models import SuggestedLine


@admin.register(SuggestedLine)
class SuggestedLineAdmin(ModelAdmin):
    """To look at: lines are written with each generation, and answered by feedback."""

    list_display = (
        "suggested_at", "client", "product", "rep", "rank", "confidence", "outcome", "outcome_at", "model_version",
    )  # fmt: skip
    list_filter = ("outcome", "superseded", "model_version", "rep")
    list_select_related = ("model_version",)
    search_fields = ("=activity", "=client", "=product")
    search_help_text = "Id of an activity, client or product"
    date_hierarchy = "suggested_at"
    show_full_result_count = False
    fields = (
        ("activity", "client", "rep"), ("product", "rank", "confidence"), ("quantity", "price"),
        ("suggested_at", "superseded", "model_version"), ("outcome", "outcome_at", "ordered"),
    )  # fmt: skip
    readonly_fields = ("ordered",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).with_ordered_at()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SuggestedLine | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SuggestedLine | None = None) -> bool:
        return False

    @display(description="Ordered since")
    def ordered(self, line: SuggestedLine) -> datetime | None:
        return line.ordered_at
