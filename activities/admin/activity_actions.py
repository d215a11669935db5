"""What can be done to the activities ticked in the list."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import action

from activities import export
from activities.admin.batches import ACT, FEW, MOST_AT_ONCE, confirmation_page, work_through
from activities.models import Activity
from activities.runs import queue_run_of
from activities.worker import NO_WORKER, any_is_alive
from recommender.errors import RecommenderError
from recommender.registry import active_versions

DONE = {"regenerate": "Regenerated", "cancel": "Cancelled", "reopen": "Reopened"}

LEFT_TO_WORKERS = "So many are left to the workers; until they are done the former lists stay."


class ActivityActions:
    """Of the ModelAdmin of activities."""

    def has_regenerate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("activities.regenerate_activity")

    @action(description="Regenerate", permissions=["regenerate"])
    def regenerate(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        if "confirmed" in request.POST and queryset.count() > FEW:
            return self.queue(request, queryset)
        return self.on_each(request, queryset, "regenerate")

    @action(description="Cancel", permissions=["regenerate"])
    def cancel(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self.on_each(request, queryset, "cancel")

    @action(description="Reopen what is cancelled", permissions=["regenerate"])
    def reopen(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self.on_each(request, queryset, "reopen")

    def on_each(self, request: HttpRequest, queryset: QuerySet, act: str) -> HttpResponse | None:
        if act != "regenerate" and queryset.count() > MOST_AT_ONCE:
            self.message_user(request, f"At most {MOST_AT_ONCE} at once; narrow the list first.", messages.ERROR)
            return None
        if "confirmed" not in request.POST:
            left_to_workers = act == "regenerate" and queryset.count() > FEW
            return confirmation_page(self, request, queryset, act, LEFT_TO_WORKERS if left_to_workers else "")
        self.report(request, DONE[act], *work_through(list(queryset.values_list("pk", flat=True)), ACT[act]))
        return None

    def queue(self, request: HttpRequest, queryset: QuerySet) -> None:
        try:
            active_versions()
        except RecommenderError as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        run = queue_run_of(list(queryset.values_list("pk", flat=True)))
        page = reverse("admin:activities_regenerationrun_change", args=[run.pk])
        begun = '{} activities are left to the workers; <a class="ops-link" href="{}">{}</a> shows how far they are.'
        self.message_user(request, format_html(begun, f"{run.total:,}", page, run), messages.SUCCESS)
        if not any_is_alive():
            self.message_user(request, NO_WORKER, messages.WARNING)

    def report(self, request: HttpRequest, done: str, count: int, failures: dict[str, list[str]]) -> None:
        if count or not failures:
            self.message_user(request, f"{done} {count}.", messages.SUCCESS)
        for reason, pks in failures.items():
            which = f"{len(pks)} activities"
            if len(pks) == 1:
                which = Activity.objects.filter(pk=pks[0]).first() or f"Activity {pks[0]}"
            self.message_user(request, f"{which}: {reason}", messages.ERROR)

    @action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        if self.too_many(request, queryset):
            return None
        lines = export.csv_lines(export.rows_of(queryset))
        return self.file(StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8"), "csv")

    @action(description="Export as XLSX", permissions=["view"])
    def export_xlsx(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        if self.too_many(request, queryset):
            return None
        # Takes a tenth of a second to import, which each start of a process would wait for.
        from activities.workbook import xlsx_bytes

        workbook = xlsx_bytes(export.rows_of(queryset))
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return self.file(HttpResponse(workbook, content_type=kind), "xlsx")

    def too_many(self, request: HttpRequest, queryset: QuerySet) -> bool:
        if queryset.count() <= export.MOST_ROWS:
            return False
        self.message_user(request, f"At most {export.MOST_ROWS:,} rows at once; narrow the list.", messages.ERROR)
        return True

    def file(self, response: HttpResponse, ending: str) -> HttpResponse:
        name = f"activities-{timezone.now():%Y%m%d-%H%M}.{ending}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
