"""What Django looks at before any command runs: `manage.py check`, `work`, `migrate` and the others."""

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
        parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
        try:
            parser.parse_args(options)
        except CommandError as error:
            said = str(error).removeprefix("Error: ")
            hint = f"`manage.py {command} --help` lists the options."
            errors.append(Error(f"SCHEDULE_{name.upper()}_OPTIONS: {said}", hint=hint, id="activities.E002"))
    return errors
