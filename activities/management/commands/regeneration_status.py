"""manage.py regeneration_status: how far runs are."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from activities.models import RegenerationRun, Schedule
from recommender.management.numbers import at_least_one


class Command(BaseCommand):
    help = (
        "Say how far the last runs over many activities are, and when schedules ran and will run. Asked for one run, "
        "fails where that has ended without completing every activity."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", nargs="?", type=int, help="the number of a run; default: the last ones")
        parser.add_argument("--last", type=at_least_one, default=5, help="how many runs; default: 5")

    def handle(self, **options: Any) -> None:
        runs = RegenerationRun.objects.all()
        if options["run"] is not None:
            runs = runs.filter(pk=options["run"])
            if not runs:
                raise CommandError(f"There is no run {options['run']}.")
        for run in runs[: options["last"]]:
            self.stdout.write(line_of(run))
        for schedule in Schedule.objects.all():
            self.stdout.write(when(schedule))
        if options["run"] is not None and not has_done_well(run):
            raise CommandError(f"{run} has not completed every activity.")


def has_done_well(run: RegenerationRun) -> bool:
    """As far as it is: what waits may still be done."""
    return run.is_running or (run.status == RegenerationRun.Status.COMPLETED and not run.figures()["failed"])


def line_of(run: RegenerationRun) -> str:
    figures = run.figures()
    seconds = ((run.finished_at or timezone.now()) - run.started_at).total_seconds()
    done = figures["completed"] + figures["failed"]
    rate = done / seconds if seconds else 0
    left = f", {figures['waiting'] / rate:,.0f} s left" if run.is_running and rate else ""
    return (
        f"{run} {run.status}{' (queued)' if run.queued else ''}: {figures['completed']:,} completed, "
        f"{figures['failed']:,} failed, {figures['waiting']:,} waiting, {figures['left_out']:,} left out of "
        f"{run.total:,}; {seconds:.0f} s, {rate:,.0f}/s{left}. {run.reason}"
    ).strip()


def when(schedule: Schedule) -> str:
    at = schedule.last_run_at
    last = f"last {at:%Y-%m-%d %H:%M} {schedule.last_outcome}" if at else "never yet"
    return f"{schedule}: {last}, next {schedule.next_run_at:%Y-%m-%d %H:%M} UTC."
