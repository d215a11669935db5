"""What Django looks at before any command runs: `manage.py check`, `work`, `migrate` and the others."""

import io
from contextlib import redirect_stdout
from typing import Any

from django.conf import settings
from django.core.checks import Error, register
from django.core.management import CommandError, get_commands, load_command_class
from django.utils import timezone

from activities.schedules import next_time


@register()
def schedules_have_times(**_: Any) -> list[Error]:
    """A worker would otherwise find out by night."""
    errors = []
    for name, (cron, _) in settings.SCHEDULES.items():
        try:
            if cron:
                next_time(cron, timezone.now())
        except ValueError as error:
            hint = "Minute, hour, day, month and weekday, such as '0 1 * * *'; empty: never."
            errors.append(Error(f"SCHEDULE_{name.upper()}: {error}", hint=hint, id="activities.E001"))
    return errors


@register()
def schedules_have_options_of_their_commands(**_: Any) -> list[Error]:
    errors = []
    for name, (_, (command, *options)) in settings.SCHEDULES.items():
        if fault := fault_of(command, options):
            hint = f"`manage.py {command} --help` lists the options."
            errors.append(Error(f"SCHEDULE_{name.upper()}_OPTIONS: {fault}", hint=hint, id="activities.E002"))
    return errors


def fault_of(command: str, options: list[str]) -> str | None:
    """Why the command cannot be run by the clock with these options."""
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    try:
        with redirect_stdout(io.StringIO()):  # of --help
            does_nothing = getattr(parser.parse_args(options), "dry_run", False)
    except CommandError as error:
        return str(error).removeprefix("Error: ")
    except SystemExit:  # after --help or --version
        does_nothing = True
    return f"with these {command} does nothing." if does_nothing else None
