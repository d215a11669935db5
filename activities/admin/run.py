"""Runs and schedules, to look at: commands and workers write them."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display

from activities.models import RegenerationRun, Schedule
from activities.worker import NO_WORKER, any_is_alive
from recommender.models import ModelVersion
from salesai.model_admin import ReadOnlyAdmin
from salesai.tables import NOTHING, readable


@admin.register(RegenerationRun)
class RegenerationRunAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "started_at", "finished_at", "status_label", "queued", "total", "progress", "reason")
    list_filter = ("status", "queued")
    fields = (("status", "queued", "total"), ("started_at", "finished_at"), "chosen", "progress", "reason")
    readonly_fields = ("chosen", "progress")

    def render_change_form(self, request, context, *args, obj: RegenerationRun, **options) -> HttpResponse:
        if obj.queued and obj.is_running and not any_is_alive():
            self.message_user(request, NO_WORKER, messages.WARNING)
        return super().render_change_form(request, context, *args, obj=obj, **options)

    @display(
        description="status",
        ordering="status",
        label={"running": "info", "completed": "success", "failed": "danger", "stopped": "warning"},
    )
    def status_label(self, run: RegenerationRun) -> str:
        return run.status

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).with_progress()

    @display(description="Which activities")
    def chosen(self, run: RegenerationRun) -> str:
        version = ModelVersion.objects.filter(pk=run.selection.get("model_version")).first()
        named = {"model_version": version.version} if version else {}
        return readable(run.selection | named) if run.selection else "all"

    @display(description="progress")
    def progress(self, run: RegenerationRun) -> str:
        figures = {"completed": run.completed, "failed": run.failed, "waiting": run.waiting, "left out": run.left_out}
        return ", ".join(f"{figure:,} {name}" for name, figure in figures.items())


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("name", "cron", "last_run_at", "last_finished_at", "outcome_label", "next_run_at")
    fields = (("name", "cron", "next_run_at"), ("last_run_at", "last_finished_at", "last_outcome"), "said")
    readonly_fields = ("said",)

    @display(
        description="last outcome",
        ordering="last_outcome",
        label={"running": "info", "succeeded": "success", "failed": "danger"},
    )
    def outcome_label(self, schedule: Schedule) -> str:
        return schedule.last_outcome or NOTHING

    @display(description="Last words")
    def said(self, schedule: Schedule) -> str:
        return schedule.last_words or NOTHING
