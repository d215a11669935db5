"""manage.py regenerate_activities: the suggestions of many activities, made anew."""

import re
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from tqdm import tqdm

from activities.models import Activity, RegenerationRun
from activities.runs import CHUNK_SIZE, RunUnderWayError, start_run, work_on_next
from activities.selection import Selection
from activities.spread_runs import work_spread
from recommender.errors import ClusterError, RecommenderError
from recommender.management.numbers import at_least_one
from recommender.management.spread import add_spread, spread_of
from recommender.management.texts import external_id
from recommender.models import Client, ModelVersion, SalesRep
from recommender.partitions import Spread
from recommender.registry import active_versions, load
from salesai.command_line import INTERRUPTED

# What a run is begun with.
BEGINNING = ("status", "type", "client", "rep", "older_than", "model_version", "queue", "dry_run", "chunk")
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
OTHERS_ARE_AT_IT_SECONDS = 0.5


def age(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,4})([hdw])", text)
    if not match:
        raise ArgumentTypeError(f"{text!r} is no age: write 12h, 7d or 4w.")
    return int(match[1]) * UNITS[match[2]]


class Command(BaseCommand):
    help = (
        "Generate again all activities that meet every condition given; cancelled ones are left alone. Can be killed "
        "at any time: --resume goes on where it was. Fails where any activity failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        statuses = [status for status in Activity.Status.values if status != Activity.Status.CANCELLED]
        parser.add_argument("--status", action="append", default=[], choices=statuses, help="can be repeated")
        parser.add_argument("--type", action="append", default=[], choices=Activity.Type.values, help="can be repeated")
        for name in ("--client", "--rep"):
            parser.add_argument(
                name, action="append", default=[], type=external_id, metavar="ID", help="can be repeated"
            )
        parser.add_argument(
            "--older-than", type=age, metavar="AGE", help="results made before that, or none yet: 12h, 7d, 4w"
        )
        parser.add_argument("--model-version", metavar="VERSION", help="results made by that version, such as 2.3.0")
        queue = {"action": "store_true", "help": "leave the work to the workers (manage.py work)"}
        add_spread(parser, "share the work", queue=queue)
        parser.add_argument("--dry-run", action="store_true", help="say how many there are, and do nothing")
        parser.add_argument(
            "--chunk",
            type=at_least_one,
            help=f"activities of one transaction; default: {CHUNK_SIZE}",
        )
        either = parser.add_mutually_exclusive_group()
        either.add_argument("--resume", action="store_true", help="go on with the last run that has not ended")
        either.add_argument("--anew", action="store_true", help="stop a run of the same selection that has not ended")

    def handle(self, **options: Any) -> None:
        if options["resume"] and (given := given_anew(options)):
            raise CommandError(f"--resume goes on with what the run was begun with: leave out {given}.")
        try:
            answering = active_versions()
            if options["dry_run"]:
                count = Activity.objects.selected(selection_of(options)).count()
                self.stdout.write(f"Dry run: {count:,} activities would be generated. Nothing was changed.")
                return
            if not options["queue"]:
                for version in answering:
                    load(version)  # else every chunk would come to nothing, one after the other
            run = last_unfinished() if options["resume"] else start_run(
                selection_of(options), options["queue"], options["anew"], options["chunk"] or CHUNK_SIZE
            )  # fmt: skip
        except (RecommenderError, RunUnderWayError) as error:
            raise CommandError(str(error)) from error
        if run.queued:
            self.stdout.write(f"{run}: {run.total:,} activities are queued; see `manage.py regeneration_status`.")
            return
        try:
            self.work(run, spread_of(options))
        except (ClusterError, OperationalError, InterfaceError) as error:
            raise CommandError(f"{run} is not done: {str(error).strip()} --resume goes on with it.") from error
        except KeyboardInterrupt as error:
            message = f"{run} is not done: it was interrupted. --resume goes on with it."
            raise CommandError(message, returncode=INTERRUPTED) from error

    def work(self, run: RegenerationRun, spread: Spread) -> None:
        self.stderr.write(f"{run}: {run.total:,} activities.")
        started = time.monotonic()
        before = run.figures()
        with tqdm(total=run.total, initial=run.total - before["waiting"], unit="activity", disable=None) as bar:
            for done in work_here(run) if spread.is_here else work_spread(run, spread):
                bar.update(done)
        after, seconds = run.figures(), time.monotonic() - started
        done = after["completed"] + after["failed"] - before["completed"] - before["failed"]
        summary = (
            f"{run} {run.status}: {after['completed']:,} completed, {after['failed']:,} failed, "
            f"{after['waiting'] + after['left_out']:,} left out; {seconds:.1f} s, {done / max(seconds, 0.001):,.0f}/s."
        )
        if run.status != RegenerationRun.Status.COMPLETED or after["failed"]:
            raise CommandError(f"{summary} {run.reason}".strip())
        self.stdout.write(summary)


def work_here(run: RegenerationRun) -> Iterator[int]:
    """Do the run to its end, in this process; of each chunk, how many activities it has done."""
    while run.is_running:
        done = work_on_next(run)
        if done is None:
            time.sleep(OTHERS_ARE_AT_IT_SECONDS)
        yield done or 0
        run.refresh_from_db()


def given_anew(options: dict[str, Any]) -> str:
    """Of the options, those that a run that is gone on with does not take."""
    given = (name for name in BEGINNING if options[name] not in (None, False, []))
    return ", ".join(f"--{name.replace('_', '-')}" for name in given)


def selection_of(options: dict[str, Any]) -> Selection:
    return Selection(
        statuses=sorted(options["status"]),
        types=sorted(options["type"]),
        clients=known(options["client"], "client", Client),
        reps=known(options["rep"], "rep", SalesRep),
        results_before=(timezone.now() - options["older_than"]).isoformat() if options["older_than"] else None,
        model_version=version_called(options["model_version"]).pk if options["model_version"] else None,
    )


def known(ids: list[str], name: str, model: type[Client | SalesRep]) -> list[str]:
    """The ids, sorted; a slip in one would be a run that ends well and has done nothing.

    Raises CommandError where one is neither in the order history nor any activity's.
    """
    stored = model.objects.filter(external_id__in=ids).values_list("external_id", flat=True)
    filed_for = Activity.objects.filter(**{f"{name}__in": ids}).values_list(name, flat=True).distinct()
    if unknown := sorted(set(ids).difference(stored, filed_for)):
        raise CommandError(f"There is no {name} {', '.join(unknown)}. Nothing was generated.")
    return sorted(ids)


def version_called(version: str) -> ModelVersion:
    found = ModelVersion.objects.numbered(version).first()
    if found is None:
        raise CommandError(f"There is no model version {version}. `manage.py promote_model` lists them.")
    return found


def last_unfinished() -> RegenerationRun:
    run = RegenerationRun.objects.under_way().filter(queued=False).first()
    if run is None:
        raise CommandError("There is no run to go on with: all have ended, or are with the workers.")
    return run
