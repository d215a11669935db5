"""The workers' queue: procrastinate's jobs and what happened to each, in the theme of the rest."""

from typing import ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize
from django.utils import timezone
from django.utils.html import format_html
from procrastinate.contrib.django import admin as procrastinate_admin
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from procrastinate.exceptions import ConnectorException
from unfold.admin import TabularInline
from unfold.decorators import action, display

from activities.admin.links import linked
from activities.models import RegenerationChunk
from activities.tasks import give_up
from salesai.model_admin import ReadOnlyAdmin
from salesai.tables import readable

admin.site.unregister(procrastinate_admin.models.ProcrastinateJob)


class EventInline(TabularInline):
    model = ProcrastinateEvent
    fields = ("type", "at")
    readonly_fields = ("type", "at")
    ordering = ("-at",)
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: ProcrastinateJob | None = None) -> bool:
        return True  # whoever sees the job

    def has_add_permission(self, request: HttpRequest, obj: ProcrastinateJob | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ProcrastinateJob | None = None) -> bool:
        return False


@admin.register(ProcrastinateJob)
class JobAdmin(ReadOnlyAdmin):
    """Of procrastinate's own actions `abort` is left out: no task of ours looks whether it was asked to stop."""

    list_display = ("id", "task", "about", "status_label", "priority", "attempts", "scheduled_at", "last_event_at")
    list_filter = ("status", "task_name")
    ordering = ("-id",)
    show_full_result_count = False
    fields = (("id", "task_name", "status"), "about", ("queue_name", "priority", "attempts"),
              ("lock", "queueing_lock"), "scheduled_at")  # fmt: skip
    readonly_fields = ("id", "about")
    inlines = (EventInline,)
    actions: ClassVar = ["retry", "cancel"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        events = ProcrastinateEvent.objects.filter(job=OuterRef("pk")).order_by("-at").values("at")
        chunk = RegenerationChunk.objects.filter(pk=OuterRef("chunk"))
        return (
            super()
            .get_queryset(request)
            .annotate(last_event=Subquery(events[:1]), chunk=Cast(KT("args__chunk_id"), BigIntegerField()))
            .annotate(run=Subquery(chunk.values("run")), activities=Subquery(chunk.values("activities")))
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Jobs"} | (extra_context or {}))

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("activities.regenerate_activity")

    @display(description="task", ordering="task_name")
    def task(self, job: ProcrastinateJob) -> str:
        return job.task_name.rpartition(".")[2].replace("_", " ")

    @display(description="about")
    def about(self, job: ProcrastinateJob) -> str:
        match job.args:
            case {"chunk_id": _} if job.run:
                link = linked("admin:activities_regenerationrun_change", job.run, f"Run {job.run}")
                return format_html("{}, {} activit{}", link, f"{job.activities:,}", pluralize(job.activities, "y,ies"))
            case {"activity_id": pk}:
                return linked("admin:activities_activity_change", pk, f"Activity {pk}")
            case {"name": name}:
                return name
        return readable(job.args)

    @display(
        description="status",
        ordering="status",
        label={"todo": "info", "doing": "info", "succeeded": "success", "failed": "danger", "cancelled": "warning",
               "aborted": "warning"},
    )  # fmt: skip
    def status_label(self, job: ProcrastinateJob) -> str:
        return job.status

    @display(description="last event")
    def last_event_at(self, job: ProcrastinateJob) -> str:
        return job.last_event

    @action(description="Try failed jobs again", permissions=["operate"])
    def retry(self, request: HttpRequest, queryset: QuerySet) -> None:
        failed = list(queryset.filter(status="failed"))
        not_failed = []
        for job in failed:
            try:
                with transaction.atomic():
                    app.job_manager.retry_job_by_id(job.pk, timezone.now(), job.priority, job.queue_name, job.lock)
            except ConnectorException:  # its work waits as another job, or somebody was quicker
                not_failed.append(job)
        self.message_user(request, f"{len(failed) - len(not_failed)} queued again.", messages.SUCCESS)
        for job in not_failed:
            self.message_user(request, f"{job} waits already, or was taken up.", messages.WARNING)

    @action(description="Cancel jobs that wait", permissions=["operate"])
    def cancel(self, request: HttpRequest, queryset: QuerySet) -> None:
        cancelled = sum(self.cancel_one(job) for job in queryset.filter(status="todo"))
        self.message_user(request, f"{cancelled} cancelled.", messages.SUCCESS)

    @transaction.atomic
    def cancel_one(self, job: ProcrastinateJob) -> bool:
        """Whether it still waited; nobody comes for its work then, and whoever waits for that is told."""
        # First what it is about: whoever cancels or asks for an activity holds that when they come for its job.
        if not another_is_under_way(job):
            give_up(job.pk, job.task_name, job.args, "Its job was cancelled.")
        was_waiting = app.job_manager.cancel_job_by_id(job.pk, abort=False)
        if not was_waiting:
            transaction.set_rollback(True)
        return was_waiting


def another_is_under_way(job: ProcrastinateJob) -> bool:
    """Whether one of the same lock runs: of a schedule, which is told of by how that one ends."""
    return job.lock is not None and ProcrastinateJob.objects.filter(lock=job.lock, status="doing").exists()
