"""What is kept of runs over many activities, and of the work that comes by the clock."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from activities.ids import ID_LENGTH


class RegenerationRunQuerySet(models.QuerySet):
    def under_way(self) -> "RegenerationRunQuerySet":
        return self.filter(status=RegenerationRun.Status.RUNNING)

    def with_progress(self) -> "RegenerationRunQuerySet":
        """With `completed`, `failed`, `waiting` and `left_out`: activities, as in `figures`, in one query for all."""
        waiting = Q(status=RegenerationChunk.Status.WAITING)
        parts = {"completed": ("completed", Q()), "failed": ("failed", Q()), "waiting": ("activities", waiting)}
        counted = self.annotate(**{name: chunks_sum(field, which) for name, (field, which) in parts.items()})
        return counted.annotate(left_out=F("total") - F("completed") - F("failed") - F("waiting"))


def chunks_sum(field: str, which: Q) -> Coalesce:
    """Of a run's chunks."""
    chunks = RegenerationChunk.objects.filter(which, run=OuterRef("pk")).order_by().values("run")
    return Coalesce(Subquery(chunks.annotate(sum=Sum(field)).values("sum")), 0)


class RegenerationRun(models.Model):
    """One regeneration of all activities of a selection, in chunks that are done or not."""

    class Status(models.TextChoices):
        RUNNING = "running"
        COMPLETED = "completed"
        FAILED = "failed"
        STOPPED = "stopped"

    # A run whose first so many chunks are bad for more than half is stopped: enough to tell it from bad luck, after a
    # few seconds and before thousands of activities are marked as failed.
    FIRST_CHUNKS = 10

    selection = models.JSONField(default=dict, help_text="The conditions that the activities had to meet.")
    queued = models.BooleanField(default=False, help_text="Done by workers, not by the command itself.")
    status = models.CharField(max_length=20, choices=Status, default=Status.RUNNING)
    total = models.PositiveBigIntegerField(default=0, help_text="Activities selected, and those that came meanwhile.")
    reason = models.TextField(blank=True, help_text="Why it failed or was stopped.")
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RegenerationRunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="running", finished_at__isnull=True)
                | ~Q(status="running") & Q(finished_at__isnull=False),
                name="run_ended_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk}"

    @property
    def is_running(self) -> bool:
        return self.status == self.Status.RUNNING

    def figures(self) -> dict[str, int]:
        """Activities `completed` and `failed`, those in chunks that are `waiting`, and `left_out` for good."""
        progress = RegenerationRun.objects.with_progress()
        return progress.values("completed", "failed", "waiting", "left_out").get(pk=self.pk)

    def end(self, status: Status, reason: str = "") -> bool:
        """Whether it was this call that ended the run: of several workers one does."""
        running = RegenerationRun.objects.under_way().filter(pk=self.pk)
        ended = running.update(status=status, reason=reason, finished_at=timezone.now())
        self.refresh_from_db()
        return bool(ended)


class RegenerationChunkQuerySet(models.QuerySet):
    def waiting(self) -> "RegenerationChunkQuerySet":
        return self.filter(status=RegenerationChunk.Status.WAITING)

    def ended(self) -> "RegenerationChunkQuerySet":
        return self.filter(finished_at__isnull=False)


class RegenerationChunk(models.Model):
    """Some of a run's activities, done in one transaction that marks the chunk too: so none is done twice.

    They are those of the selection whose ids lie from `first_id` to `last_id`; or those of `busy_ids`,
    where somebody had them locked when their range was done, or chose them one by one.
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"

    TRIES = 3

    run = models.ForeignKey(RegenerationRun, models.CASCADE, related_name="chunks")
    first_id = models.CharField(max_length=ID_LENGTH, db_collation="C")
    last_id = models.CharField(max_length=ID_LENGTH, db_collation="C")
    busy_ids = ArrayField(models.CharField(max_length=ID_LENGTH), null=True, blank=True)
    activities = models.PositiveIntegerField()
    status = models.CharField(max_length=20, choices=Status, default=Status.WAITING, db_default=Status.WAITING)
    completed = models.PositiveIntegerField(default=0, db_default=0)
    failed = models.PositiveIntegerField(default=0, db_default=0)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Times that it came to nothing.")
    failure = models.TextField(blank=True, db_default="")  # of its last try, or of the first activity that failed
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RegenerationChunkQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="waiting", finished_at__isnull=True)
                | ~Q(status="waiting") & Q(finished_at__isnull=False),
                name="chunk_ended_has_its_time",
            ),
        ]
        indexes = [
            models.Index(fields=["run", "tries", "id"], condition=Q(status="waiting"), name="chunk_waiting"),
            models.Index(fields=["run", "finished_at", "id"], name="chunk_finished"),
        ]

    def __str__(self) -> str:
        return f"Chunk {self.pk} of run {self.run_id}"

    @property
    def is_bad(self) -> bool:
        """It was given up, or more than half of its activities failed."""
        return self.status == self.Status.FAILED or self.failed * 2 > self.activities

    def finish(self, completed: int, failed: int, failure: str, left: int) -> None:
        """Its activities are done, but for those `left` to another chunk; `failure`: why the first that failed did.

        Those that have come to meet the run's conditions since it was cut count with it, in its total too.
        """
        came = max(completed + failed + left - self.activities, 0)
        if came:
            RegenerationRun.objects.filter(pk=self.run_id).update(total=F("total") + came)
        self.status = self.Status.DONE
        self.completed, self.failed, self.failure = completed, failed, failure
        self.activities += came - left
        self.finished_at = timezone.now()
        self.save()

    def give_up(self, failure: str) -> None:
        self.status, self.failure, self.finished_at = self.Status.FAILED, failure, timezone.now()
        self.save()

    def note_failure(self, failure: str) -> None:
        """One try more came to nothing; after the last one the chunk is given up."""
        self.tries += 1
        self.failure = failure
        if self.tries >= self.TRIES:
            self.give_up(failure)
        else:
            self.save()


class ScheduleQuerySet(models.QuerySet):
    def due(self, now: datetime) -> "ScheduleQuerySet":
        return self.filter(next_run_at__lte=now)


class Schedule(models.Model):
    """A command that workers run by the clock, as the settings say, and how it went last."""

    class Outcome(models.TextChoices):
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    name = models.CharField(max_length=50, unique=True)
    cron = models.CharField(max_length=100, help_text="Minute, hour, day, month, weekday; in UTC.")
    next_run_at = models.DateTimeField()
    last_run_at = models.DateTimeField(null=True, blank=True)
    last_finished_at = models.DateTimeField(null=True, blank=True)
    last_outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    last_words = models.TextField(blank=True, help_text="What the command said at its end.")

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def begin(self) -> None:
        self.last_run_at, self.last_finished_at = timezone.now(), None
        self.last_outcome, self.last_words = self.Outcome.RUNNING, ""
        self.save(update_fields=["last_run_at", "last_finished_at", "last_outcome", "last_words"])

    def finish(self, succeeded: bool, words: str) -> None:
        self.last_finished_at, self.last_words = timezone.now(), words
        self.last_outcome = self.Outcome.SUCCEEDED if succeeded else self.Outcome.FAILED
        self.save(update_fields=["last_finished_at", "last_outcome", "last_words"])
