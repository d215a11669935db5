"""What comes by the clock."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from activities.models import Schedule
from activities.schedules import queue_due_schedules, run_scheduled_command
from activities.tasks import CommandFailedError, run_schedule
from tests.queued_jobs import jobs, workers_die_over

pytestmark = pytest.mark.usefixtures("wholesale_house", "db")


@pytest.fixture
def nightly():
    """One schedule, every day at three."""
    with override_settings(SCHEDULES={"regeneration": ("0 3 * * *", ["regenerate_activities", "--queue"])}):
        queue_due_schedules()
        yield Schedule.objects.get()


def test_a_schedule_is_queued_at_its_time_once(nightly):
    assert nightly.next_run_at > timezone.now()
    assert (nightly.next_run_at.astimezone(UTC).hour, jobs()) == (3, [])
    Schedule.objects.update(next_run_at=timezone.now() - timedelta(days=2))

    queue_due_schedules()
    queue_due_schedules()

    assert jobs() == [("activities.tasks.run_schedule", {"name": "regeneration"})]
    nightly.refresh_from_db()
    assert timezone.now() < nightly.next_run_at <= timezone.now() + timedelta(days=1)


def test_a_schedule_that_still_waits_is_not_queued_twice(nightly):
    Schedule.objects.update(next_run_at=timezone.now())
    queue_due_schedules()
    Schedule.objects.update(next_run_at=timezone.now())

    queue_due_schedules()

    assert len(jobs()) == 1


def test_schedules_are_those_of_the_settings(nightly):
    with override_settings(SCHEDULES={"training": ("15 1 * * *", []), "regeneration": ("", [])}):
        queue_due_schedules()

    assert list(Schedule.objects.values_list("name", "cron")) == [("training", "15 1 * * *")]


def test_what_is_due_stays_due_when_another_schedule_comes_into_the_settings(nightly):
    Schedule.objects.update(next_run_at=timezone.now())

    with override_settings(SCHEDULES=settings.SCHEDULES | {"training": ("15 1 * * *", [])}):
        queue_due_schedules()

    assert jobs() == [("activities.tasks.run_schedule", {"name": "regeneration"})]


def test_a_schedule_that_was_put_off_for_years_by_a_clock_that_was_ahead_comes_at_its_next_time(nightly):
    Schedule.objects.update(next_run_at=timezone.now() + timedelta(days=1000))

    queue_due_schedules()

    nightly.refresh_from_db()
    assert timezone.now() < nightly.next_run_at <= timezone.now() + timedelta(days=1)
    assert jobs() == []


def test_a_schedule_that_has_come_does_not_come_again_when_the_clock_is_set_back_a_little():
    soon = timezone.now() + timedelta(minutes=10)
    daily = f"{soon.minute} {soon.hour} * * *"
    with override_settings(SCHEDULES={"training": (daily, [])}):
        queue_due_schedules()
        tomorrow = Schedule.objects.get().next_run_at + timedelta(days=1)
        Schedule.objects.update(next_run_at=tomorrow)

        queue_due_schedules()

    assert Schedule.objects.get().next_run_at == tomorrow


def test_a_schedule_whose_workers_died_has_failed_and_says_so(nightly):
    Schedule.objects.update(next_run_at=timezone.now())
    queue_due_schedules()

    workers_die_over(ProcrastinateJob.objects.get())

    nightly.refresh_from_db()
    assert (nightly.last_outcome, nightly.last_words) == ("failed", "3 workers died over it.")


def killed_by(name):
    """A command that is killed in the middle of its work."""
    dies = f"import os, signal; os.write(1, b'begun'); os.kill(os.getpid(), signal.{name})"
    return ["shell", "--no-imports", "--command", dies]


@pytest.mark.parametrize(
    ("command", "outcome", "words"),
    [
        (["check"], "succeeded", "System check identified no issues (0 silenced)."),
        (["check", "--tag", "nonsense"], "failed", 'CommandError: There is no system check with the "nonsense" tag.'),
        (killed_by("SIGKILL"), "failed", "begun\nKilled by SIGKILL: is there too little memory?"),
        (killed_by("SIGTERM"), "failed", "begun\nKilled by SIGTERM."),
    ],
)
def test_a_schedule_runs_its_command_and_keeps_how_that_ended(nightly, command, outcome, words, caplog):
    with override_settings(SCHEDULES={"regeneration": ("0 3 * * *", command)}):
        run_scheduled_command(nightly)

    kept = Schedule.objects.get()
    assert (kept.last_outcome, kept.last_words) == (outcome, words)
    assert caplog.records[-1].msg["words"] == words
    assert nightly.next_run_at == kept.next_run_at
    assert kept.last_run_at < kept.last_finished_at < timezone.now()


def test_a_schedule_whose_command_failed_has_a_failed_job_that_can_be_tried_again(nightly):
    command = ["check", "--tag", "nonsense"]

    with (
        override_settings(SCHEDULES={"regeneration": ("0 3 * * *", command)}),
        pytest.raises(CommandFailedError),
    ):
        run_schedule("regeneration")

    assert Schedule.objects.get().last_outcome == "failed"


def test_of_much_that_a_command_says_the_end_is_kept(nightly):
    with override_settings(SCHEDULES={"regeneration": ("0 3 * * *", ["regenerate_activities", "--help"])}):
        run_scheduled_command(nightly)

    words = Schedule.objects.get().last_words
    assert len(words) == 2000
    assert words.endswith("Skip system checks.")


def test_how_a_schedule_went_is_told_with_its_next_time(nightly, capsys):
    nightly.begin()
    nightly.finish(False, "No model has been trained yet.")
    Schedule.objects.update(next_run_at=datetime(2031, 1, 2, 3, tzinfo=UTC))

    call_command("regeneration_status")

    said = capsys.readouterr().out
    assert f"regeneration: last {timezone.now():%Y-%m-%d}" in said
    assert "failed, next 2031-01-02 03:00 UTC." in said
