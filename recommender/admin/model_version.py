"""Model versions: how good each is, and letting one answer."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.decorators import display

from recommender.engine.metrics import RECALL
from recommender.errors import PromotionError, RecommenderError
from recommender.models import ModelVersion
from recommender.registry import promote
from recommender.training_process import LOG, begin_training
from salesai.model_admin import ReadOnlyAdmin
from salesai.reliability_diagram import reliability_diagram
from salesai.tables import NOTHING, key_values, share


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """Training makes versions, promotion has a form that verifies files first, and activities name who made them."""

    list_before_template = "admin/recommender/modelversion/train.html"
    change_form_outer_before_template = "admin/recommender/modelversion/page.html"
    list_display = (
        "__str__", "status", "answers", "created_at", "data_until", "recall", "calibration_error", "verdict",
    )  # fmt: skip
    list_filter = ("status",)
    search_fields = ("name",)
    date_hierarchy = "created_at"
    fields = (
        ("version", "status"), ("answers", "training_seconds"), ("created_at", "activated_at"),
        ("data_from", "data_until"), "measured", "compared", "trained_on", "parameters_shown", "artifact", "sha256",
        "failure",
    )  # fmt: skip
    readonly_fields = (
        "name", "version", "status", "answers", "created_at", "activated_at", "training_seconds", "data_from",
        "data_until", "trained_on", "measured", "compared", "parameters_shown", "artifact", "sha256", "failure",
    )  # fmt: skip

    def has_view_permission(self, request: HttpRequest, obj: ModelVersion | None = None) -> bool:
        return request.user.has_perm("recommender.view_modelversion")

    def may_operate(self, request: HttpRequest) -> bool:
        return request.user.has_perm("recommender.operate_modelversion")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("train/", view(self.train_view), name="recommender_modelversion_train"),
            path("<int:pk>/promote/", view(self.promote_view), name="recommender_modelversion_promote"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return super().changelist_view(request, {"may_operate": self.may_operate(request)} | (extra_context or {}))

    def render_change_form(self, request, context, *args, **options) -> HttpResponse:
        version = context["original"]
        context["may_operate"] = self.may_operate(request)
        context["diagram"] = version and version.reliability and diagram_of(version)
        return super().render_change_form(request, context, *args, **options)

    def train_view(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return self.back_to(request, "admin:recommender_modelversion_changelist")
        self.refuse_others(request)
        try:
            begin_training()
        except RecommenderError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            begun = f"The training has begun, in a process of its own. This list shows it; {LOG} has what it says."
            self.message_user(request, begun, messages.SUCCESS)
        return redirect("admin:recommender_modelversion_changelist")

    def promote_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return self.back_to(request, "admin:recommender_modelversion_change", pk)
        self.refuse_others(request)
        version = get_object_or_404(ModelVersion, pk=pk)
        try:
            if version.was_refused and "force" not in request.POST:
                raise PromotionError(f"{version} was refused after its training; tick the box to overrule that.")
            promote(version, share_from(request.POST.get("percent", "")))
        except RecommenderError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            shares = (f"{row.version} answers {share(row.traffic_share)}" for row in ModelVersion.objects.active())
            self.message_user(request, f"Of the clients, {' and '.join(shares)}.", messages.SUCCESS)
        return redirect("admin:recommender_modelversion_change", pk)

    def refuse_others(self, request: HttpRequest) -> None:
        if not self.may_operate(request):
            raise PermissionDenied

    @display(description="Answers")
    def answers(self, version: ModelVersion) -> str:
        return f"{share(version.traffic_share)} of clients" if version.traffic_share else NOTHING

    @display(description="Comparison")
    def verdict(self, version: ModelVersion) -> str:
        return version.comparison.get("verdict", NOTHING)

    @display(description=RECALL)
    def recall(self, version: ModelVersion) -> float | None:
        return version.metrics.get(RECALL)

    @display(description="calibration error")
    def calibration_error(self, version: ModelVersion) -> float | None:
        return version.metrics.get("ece")

    @display(description="Trained on")
    def trained_on(self, version: ModelVersion) -> SafeString:
        return key_values(version.row_counts)

    @display(description="On its held-out orders")
    def measured(self, version: ModelVersion) -> SafeString:
        return key_values(version.scores)

    @display(description="Against the version that answered then")
    def compared(self, version: ModelVersion) -> str:
        return version.comparison.get("reason", NOTHING)

    @display(description="Parameters")
    def parameters_shown(self, version: ModelVersion) -> SafeString:
        return key_values(version.parameters)


def page_of_version(version: ModelVersion) -> str:
    return reverse("admin:recommender_modelversion_change", args=[version.pk])


def diagram_of(version: ModelVersion) -> SafeString:
    return reliability_diagram(f"Reliability of {version.version}", version.reliability)


def share_from(percent: str) -> float:
    """Raises PromotionError for what is no number; `promote` judges the number."""
    try:
        return float(percent) / 100
    except ValueError as error:
        raise PromotionError(f"A share is a number of percent, not {percent!r}.") from error
