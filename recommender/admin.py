"""The order history, the models trained on it, and what became of their suggestions."""

from datetime import datetime

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from recommender.models import Client, ModelVersion, Order, OrderLine, Product, SalesRep, SuggestedLine
from salesai.tables import NOTHING, key_values, orders_table, share

RECENT_ORDERS = 12


@admin.register(Client)
class ClientAdmin(ModelAdmin):
    list_display = ("external_id", "name", "segment", "region", "chain")
    list_filter = ("segment", "region")
    search_fields = ("external_id", "name")
    autocomplete_fields = ("chain",)
    list_select_related = ("chain",)
    readonly_fields = ("recent_orders",)

    @display(description="Recent orders")
    def recent_orders(self, client: Client) -> SafeString:
        return orders_table(Order.objects.recent_of(client.external_id)[:RECENT_ORDERS])


@admin.register(SalesRep)
class SalesRepAdmin(ModelAdmin):
    list_display = ("external_id", "name")
    search_fields = ("external_id", "name")


@admin.register(Product)
class ProductAdmin(ModelAdmin):
    list_display = ("external_id", "name", "category", "list_price", "unit", "pack_size", "active")
    list_filter = ("active", "category")
    search_fields = ("external_id", "name")
    autocomplete_fields = ("replaced_by",)


class OrderLineInline(TabularInline):
    model = OrderLine
    extra = 0
    autocomplete_fields = ("product",)


@admin.register(Order)
class OrderAdmin(ModelAdmin):
    list_display = ("external_id", "client", "rep", "ordered_at", "source")
    list_filter = ("source",)
    search_fields = ("external_id", "client__external_id", "client__name")
    date_hierarchy = "ordered_at"
    autocomplete_fields = ("client", "rep")
    list_select_related = ("client", "rep")
    show_full_result_count = False
    inlines = (OrderLineInline,)


@admin.register(ModelVersion)
class ModelVersionAdmin(ModelAdmin):
    list_display = (
        "__str__", "status", "answers", "created_at", "data_until", "recall", "calibration_error", "verdict",
    )  # fmt: skip
    list_filter = ("status",)
    search_fields = ("name",)
    date_hierarchy = "created_at"
    fields = (
        ("name", "version", "status", "answers"), ("created_at", "activated_at", "training_seconds"),
        ("data_from", "data_until"), "trained_on", "measured", "compared", "parameters_shown", ("artifact", "sha256"),
        "failure",
    )  # fmt: skip
    readonly_fields = (
        "name", "version", "status", "answers", "created_at", "activated_at", "training_seconds", "data_from",
        "data_until", "trained_on", "measured", "compared", "parameters_shown", "artifact", "sha256", "failure",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # versions are made by training

    def has_delete_permission(self, request: HttpRequest, obj: ModelVersion | None = None) -> bool:
        return False  # activities name the version that made them

    def has_change_permission(self, request: HttpRequest, obj: ModelVersion | None = None) -> bool:
        return False  # `manage.py promote_model` verifies the files first

    @display(description="Answers")
    def answers(self, version: ModelVersion) -> str:
        return f"{share(version.traffic_share)} of clients" if version.traffic_share else NOTHING

    @display(description="Comparison")
    def verdict(self, version: ModelVersion) -> str:
        return version.comparison.get("verdict", NOTHING)

    @display(description="recall@10")
    def recall(self, version: ModelVersion) -> float | None:
        return version.metrics.get("recall@10")

    @display(description="calibration error")
    def calibration_error(self, version: ModelVersion) -> float | None:
        return version.metrics.get("ece")

    @display(description="Trained on")
    def trained_on(self, version: ModelVersion) -> SafeString:
        return key_values(version.row_counts)

    @display(description="On its held-out orders")
    def measured(self, version: ModelVersion) -> SafeString:
        return key_values(version.metrics)

    @display(description="Against the version that answered then")
    def compared(self, version: ModelVersion) -> str:
        return version.comparison.get("reason", NOTHING)

    @display(description="Parameters")
    def parameters_shown(self, version: ModelVersion) -> SafeString:
        return key_values(version.parameters)


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
