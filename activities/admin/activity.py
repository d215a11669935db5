"""Activities as ops reviews them: what was asked, what was answered, and why."""

from typing import ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from activities.feedback import answers_in
from activities.generation import CancelledError, GenerationError, generate
from activities.models import Activity
from activities.updates import CompletedError, cancel_activity, reopen_activity
from recommender.errors import RecommenderError
from recommender.models import Order, Outcome
from salesai.tables import NOTHING, key_values, orders_table, sentences, share, table

RECENT_ORDERS = 8


@admin.register(Activity)
class ActivityAdmin(ModelAdmin):
    list_display = ("created_at", "client", "rep", "activity_type", "status_label", "lines", "total", "mean_confidence")
    list_display_links = ("created_at", "client")
    list_filter = ("status", "activity_type", "model_version", "user_rating", "created_at")
    list_filter_submit = True
    search_fields = ("=id", "client", "rep", "feedback__comments")
    search_help_text = "Id, client, rep or comment"
    date_hierarchy = "created_at"
    list_per_page = 50
    show_full_result_count = False
    actions: ClassVar = ["regenerate", "cancel", "reopen"]
    list_select_related = ("model_version",)
    change_form_before_template = "admin/activities/activity/answer.html"
    readonly_fields = (
        "id", "client", "rep", "activity_type", "status", "created_at", "updated_at",
        "draft", "recent_orders", "feedback_given", "inputs", "model_used", "timing", "accuracy_shown", "notes",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": (("client", "rep"), ("activity_type", "status"))}),
        ("Order", {"fields": ("draft", "recent_orders")}),
        ("Feedback", {"fields": ("feedback_given",)}),
        ("How it was made", {"fields": ("inputs", "model_used", "accuracy_shown", "timing", "notes")}),
        ("Record", {"fields": (("id", "created_at", "updated_at"),)}),
    )

    def render_change_form(self, request, context, *args, obj: Activity | None = None, **options) -> HttpResponse:
        context |= {"suggestions": self.suggestions(obj), "insights": self.insight_texts(obj)} if obj else {}
        return super().render_change_form(request, context, *args, obj=obj, **options)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # activities are filed by tools

    @display(
        description="status",
        ordering="status",
        label={"completed": "success", "processing": "info", "failed": "danger", "cancelled": "warning"},
    )
    def status_label(self, activity: Activity) -> str:
        return activity.status

    @display(description="lines")
    def lines(self, activity: Activity) -> int:
        return len(activity.recommendations)

    @display(description="total")
    def total(self, activity: Activity) -> str:
        amount = activity.generated_order.get("totalAmount")
        return NOTHING if amount is None else f"{amount:,.2f}"

    @display(description="confidence", ordering="confidence")
    def mean_confidence(self, activity: Activity) -> str:
        return share(activity.confidence)

    def suggestions(self, activity: Activity) -> SafeString:
        said = answers_in(activity.feedback)
        return table(
            ["Priority", "Product", "Name", "Quantity", "Price", "Confidence", "Category", "Reason", "Outcome"],
            (
                (
                    line["priority"], line["product"], line["productName"], line["quantity"], line["price"],
                    share(line["confidence"]), line["category"], line["reason"],
                    said.get(line["product"], Outcome.OPEN),
                )
                for line in activity.recommendations
            ),
        )  # fmt: skip

    def insight_texts(self, activity: Activity) -> SafeString:
        titles = {
            "buyingPatterns": "Buying patterns",
            "riskFactors": "Risks",
            "opportunities": "Opportunities",
        }
        return sentences({title: activity.insights.get(name, []) for name, title in titles.items()})

    @display(description="Draft order")
    def draft(self, activity: Activity) -> SafeString:
        order = activity.generated_order
        rows = [(item["product"], item["quantity"], item["price"]) for item in order.get("items", [])]
        if rows:
            rows.append((order.get("orderId", "Total"), "", f"{order['totalAmount']:,.2f}"))
        return table(["Product", "Quantity", "Price"], rows)

    @display(description="Recent orders of the client")
    def recent_orders(self, activity: Activity) -> SafeString:
        return orders_table(Order.objects.recent_of(activity.client)[:RECENT_ORDERS])

    @display(description="")
    def feedback_given(self, activity: Activity) -> SafeString:
        return key_values(activity.feedback)

    @display(description="Inputs")
    def inputs(self, activity: Activity) -> SafeString:
        return key_values(activity.input_data)

    @display(description="Model")
    def model_used(self, activity: Activity) -> SafeString:
        return key_values(activity.ai_model)

    @display(description="Accuracy")
    def accuracy_shown(self, activity: Activity) -> SafeString:
        return key_values({name: share(value) for name, value in activity.accuracy.items()})

    @display(description="Generated")
    def timing(self, activity: Activity) -> str:
        if activity.generated_at is None:
            return "not yet"
        return f"{activity.generated_at:%Y-%m-%d %H:%M:%S} UTC, in {activity.processing_time:.3f} s"

    @display(description="Metadata")
    def notes(self, activity: Activity) -> SafeString:
        return key_values(activity.metadata)

    @action(description="Regenerate", permissions=["change"])
    def regenerate(self, request: HttpRequest, queryset: QuerySet) -> None:
        done, failures = 0, []
        for activity in queryset:
            try:
                generate(activity.pk)
                done += 1
            except (CancelledError, GenerationError, RecommenderError) as error:
                failures.append(f"{activity}: {error}")
        self.report(request, f"Regenerated {done}.", failures)

    @action(description="Cancel", permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet) -> None:
        done, failures = 0, []
        for activity in queryset:
            try:
                cancel_activity(activity)
                done += 1
            except CompletedError as error:
                failures.append(f"{activity}: {error}")
        self.report(request, f"Cancelled {done}.", failures)

    @action(description="Reopen what is cancelled", permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.report(request, f"Reopened {sum(map(reopen_activity, queryset))}.", [])

    def report(self, request: HttpRequest, success: str, failures: list[str]) -> None:
        self.message_user(request, success, messages.SUCCESS)
        for failure in failures:
            self.message_user(request, failure, messages.ERROR)
