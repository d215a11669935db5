"""What `manage.py check --deploy` says beside Django's own checks."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import Info, register

NOT_COLLECTED = "The admin and /docs answer 500 until `manage.py collectstatic` has been run here."


def files_are_collected() -> bool:
    """Whether pages find their style sheets and scripts: in production by the manifest that collectstatic writes."""
    return not settings.PRODUCTION or (Path(settings.STATIC_ROOT) / "staticfiles.json").exists()


# For information, as the check may run on another machine than serves, and before the files are collected.
@register(deploy=True)
def static_files_are_collected(**_: Any) -> list[Info]:
    return [] if files_are_collected() else [Info(NOT_COLLECTED, id="salesai.I001")]
