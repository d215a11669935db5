"""Which activities a run is about."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Q


@dataclass(frozen=True)
class Selection:
    """Conditions that all hold; an empty one holds for everything. Cancelled activities are never selected.

    results_before: made before that moment, or not at all; ISO 8601, so that it can be kept as JSON.
    model_version: the key of the version that made the results.
    chosen: how many were chosen one by one; the run's chunks name them.
    """

    statuses: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    reps: list[str] = field(default_factory=list)
    results_before: str | None = None
    model_version: int | None = None
    chosen: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value}

    def is_like(self, other: "Selection") -> bool:
        """The same but for the moment: what `--older-than 7d` meant yesterday is a day before what it means today."""
        return replace(self, results_before=None) == replace(other, results_before=None)

    def condition(self) -> Q:
        condition = ~Q(status="cancelled")
        for name, values in (
            ("status", self.statuses),
            ("activity_type", self.types),
            ("client", self.clients),
            ("rep", self.reps),
        ):
            if values:
                condition &= Q(**{f"{name}__in": values})
        if self.results_before:
            moment = datetime.fromisoformat(self.results_before)
            condition &= Q(generated_at__lt=moment) | Q(generated_at=None)
        if self.model_version:
            condition &= Q(model_version_id=self.model_version)
        return condition
