"""The order history: who ordered what, and what became of suggestions of it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from recommender.models import Client, Order, OrderLine, Product, SalesRep, SuggestedLine
from salesai.model_admin import ModelAdmin
from salesai.tables import orders_table

RECENT_ORDERS = 12
LATEST_ANSWERS = 12


class TakenUp:
    """A page that shows what became of suggestions: of a client, or of a product."""

    change_form_outer_before_template = "admin/recommender/taken_up.html"
    line_field: str

    def render_change_form(self, request, context, *args, obj: Any = None, **options) -> HttpResponse:
        if obj:
            of_this = {self.line_field: obj.external_id}
            suggested = SuggestedLine.objects.filter(**of_this)
            context |= {
                "figures": suggested.figures(),
                "latest": suggested.answered().order_by("-outcome_at", "-pk")[:LATEST_ANSWERS],
                "lines_link": f"{reverse('admin:recommender_suggestedline_changelist')}?{urlencode(of_this)}",
                "orders": self.latest_orders(obj),
            }
        return super().render_change_form(request, context, *args, obj=obj, **options)

    def latest_orders(self, obj: Any) -> Any:
        return ()


@admin.register(Client)
class ClientAdmin(TakenUp, ModelAdmin):
    line_field = "client"
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
class ProductAdmin(TakenUp, ModelAdmin):
    line_field = "product"
    list_display = ("external_id", "name", "category", "list_price", "unit", "pack_size", "active")
    list_filter = ("active", "category")
    search_fields = ("external_id", "name")
    autocomplete_fields = ("replaced_by",)

    def latest_orders(self, obj: Product) -> QuerySet:
        lines = obj.order_lines.filter(order__ordered_at__lte=timezone.now()).select_related("order__client")
        return lines.order_by("-order__ordered_at", "-pk")[:RECENT_ORDERS]


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
