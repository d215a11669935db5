"""How many activities there are, kept by triggers: a list says its total without counting a million rows.

Each statement that files, changes or removes activities adds what it changed about their numbers, as
rows of their own: nobody waits for anybody, and what is rolled back was never counted. Now and then
one of these statements puts the rows together.
"""

import pgtrigger
from django.db import models

TABLE = "activities_activitytally"
BY = "rep, status, activity_type"
PUT_TOGETHER_ONCE_IN = 500  # statements: what is summed up then are about as many rows

# Rows that another transaction is putting together are left to it.
PUT_TOGETHER = f"""
    IF random() < 1.0 / {PUT_TOGETHER_ONCE_IN} THEN
        WITH gone AS (
            DELETE FROM {TABLE} WHERE id IN (SELECT id FROM {TABLE} FOR UPDATE SKIP LOCKED) RETURNING {BY}, number
        )
        INSERT INTO {TABLE} ({BY}, number) SELECT {BY}, sum(number) FROM gone GROUP BY {BY} HAVING sum(number) <> 0;
    END IF;"""


def tallying(name: str, operation: pgtrigger.Operation, changed: str, **tables: str) -> pgtrigger.Trigger:
    """`changed`: rows of BY and a number, from the statement's `old` and `new` tables."""
    return pgtrigger.Trigger(
        name=f"tally_{name}",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**tables),
        func=f"""
            INSERT INTO {TABLE} ({BY}, number)
            SELECT {BY}, sum(number) FROM ({changed}) AS changed GROUP BY {BY} HAVING sum(number) <> 0;
            {PUT_TOGETHER}
            RETURN NULL;""",
    )


ADDED, REMOVED = f"SELECT {BY}, 1 AS number FROM new_rows", f"SELECT {BY}, -1 AS number FROM old_rows"
TRIGGERS = [
    tallying("insert", pgtrigger.Insert, ADDED, new="new_rows"),
    tallying("delete", pgtrigger.Delete, REMOVED, old="old_rows"),
    tallying("update", pgtrigger.Update, f"{ADDED} UNION ALL {REMOVED}", new="new_rows", old="old_rows"),
    pgtrigger.Trigger(
        name="tally_truncate",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Truncate,
        func=f"DELETE FROM {TABLE}; RETURN NULL;",
    ),
]


class ActivityTallyQuerySet(models.QuerySet):
    def visible_to(self, rep: str) -> "ActivityTallyQuerySet":
        return self.filter(rep=rep) if rep else self

    def total(self) -> int:
        return self.aggregate(total=models.Sum("number", default=0))["total"]

    def by_type_and_status(self) -> dict[tuple[str, str], int]:
        """What there are, or were; of any other there is none."""
        rows = self.order_by().values_list("activity_type", "status").annotate(models.Sum("number"))
        return {(kind, status): number for kind, status, number in rows}


class ActivityTally(models.Model):
    """A change of the number of activities, or the sum of many."""

    rep = models.TextField(db_collation="C")
    status = models.TextField(db_collation="C")
    activity_type = models.TextField(db_collation="C")
    number = models.BigIntegerField()

    objects = ActivityTallyQuerySet.as_manager()

    class Meta:
        app_label = "activities"

    def __str__(self) -> str:
        return f"{self.number:+} {self.status} {self.activity_type} of {self.rep}"
