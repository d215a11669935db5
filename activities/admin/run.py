"""Runs and schedules, to look at: commands and workers write them."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from activities.models import RegenerationRun, Schedule


class ReadOnlyAdmin(ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


@admin.register(RegenerationRun)
class RegenerationRunAdmin(ReadOnlyAdmin):
    list_display = ("id", "started_at", "finished_at", "status", "queued", "total", "progress", "reason")
    list_filter = ("status", "queued")
    readonly_fields = ("progress",)

    @display(description="progress")
    def progress(self, run: RegenerationRun) -> str:
        figures = run.figures()
        return ", ".join(f"{figures[name]:,} {name.replace('_', ' ')}" for name in ("completed", "failed", "waiting"))


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("name", "cron", "last_run_at", "last_finished_at", "last_outcome", "next_run_at")
