"""The order history: who ordered what, and what became of suggestions of it."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateTimeFilter
from unfold.decorators import display

from recommender.models import Client, Order, OrderLine, Product, SalesRep, SuggestedLine
from recommender.templatetags.prices import price
from salesai.model_admin import ModelAdmin
from salesai.tables import table

RECENT_ORDERS = 12
LATEST_ANSWERS = 12
MOST_EDITABLE = 100  # lines of an order: a form of many more is slow, and Django refuses a post of over 1,000 fields


class TakenUp:
    """A page that shows what became of suggestions: of a client, or of a product."""

    change_form_outer_before_template = "admin/recommender/taken_up.html"
    line_field: str

    def render_change_form(self, request, context, *args, obj: Any = None, **options) -> HttpResponse:
        if obj:
            of_this = {self.line_field: obj.external_id}
            suggested = SuggestedLine.objects.filter(**of_this)
            answered = of_this | {"rank__isnull": "False", "outcome_at__isnull": "False"}
            context |= {
                "figures": suggested.figures(),
                "latest": suggested.answered().order_by("-outcome_at", "-pk")[:LATEST_ANSWERS],
                "answered_link": f"{reverse('admin:recommender_suggestedline_changelist')}?{urlencode(answered)}",
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


def orders_table(orders: Iterable[Order]) -> SafeString:
    """Orders with `line_count` and `amount`, None where that is not known."""
    rows = ((o, "" if o.amount is None else f"{o.amount:,.2f}") for o in orders)
    return table(
        ["Ordered", "Order", "Lines", "Amount"],
        ((f"{o.ordered_at:%Y-%m-%d}", o.external_id, o.line_count, amount) for o, amount in rows),
    )


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
        lines = obj.order_lines.filter(order__in=Order.objects.placed()).select_related("order__client")
        return lines.order_by("-order__ordered_at", "-pk")[:RECENT_ORDERS]


class ProductOfLine(AutocompleteSelect):
    """Names the product that its line has loaded; Django's asks for it line by line."""

    product: Product | None = None

    def optgroups(self, name: str, value: list[str], attr: Any = None) -> list[tuple]:
        if self.product is None or value != [str(self.product.pk)]:
            return super().optgroups(name, value, attr)
        return [(None, [self.create_option(name, self.product.pk, str(self.product), True, 0)], 0)]


class OrderLineForm(forms.ModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "product" in self.fields:
            self.fields["product"].widget.widget.product = self.instance.product


class OrderLineInline(TabularInline):
    model = OrderLine
    form = OrderLineForm
    extra = 0
    hide_title = True  # the product stands in its field

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("product")

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField:
        if db_field.name == "product":
            kwargs["widget"] = ProductOfLine(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Order)
class OrderAdmin(ModelAdmin):
    list_display = ("external_id", "client", "rep", "ordered_at", "source")
    # No drop-down of what there is, and no hierarchy of dates: both would read every order.
    list_filter = (("ordered_at", RangeDateTimeFilter), ("source", FieldTextFilter))
    list_filter_submit = True
    search_fields = ("external_id", "client__external_id", "client__name")
    autocomplete_fields = ("client", "rep")
    list_select_related = ("client", "rep")
    show_full_result_count = False
    inlines = (OrderLineInline,)

    def get_inlines(self, request: HttpRequest, obj: Order | None) -> tuple:
        return () if obj and is_long(obj) else self.inlines

    def get_readonly_fields(self, request: HttpRequest, obj: Order | None = None) -> tuple[str, ...]:
        return ("all_lines",) if obj and is_long(obj) else ()

    @display(description="Lines")
    def all_lines(self, order: Order) -> SafeString:
        advice = f"An order of more than {MOST_EDITABLE} lines is replaced by sending or importing it again."
        lines = order.lines.select_related("product").order_by("pk")
        rows = ((line.product.external_id, str(line.product), line.quantity, price(line.unit_price)) for line in lines)
        return format_html("<p>{}</p>{}", advice, table(["Product", "Name", "Quantity", "Price"], rows))


def is_long(order: Order) -> bool:
    return order.lines.count() > MOST_EDITABLE
