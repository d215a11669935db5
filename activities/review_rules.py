"""What each review rule finds, and how it says so."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BooleanField, Case, FloatField, Func, IntegerField, Q, TextField, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from activities.models import Activity, ReviewRule
from recommender.cadence import MAY_BE_LEAVING
from recommender.models import ModelVersion

Kind = ReviewRule.Kind
Findings = dict[str, dict[str, Any]]


class Rejected(Func):
    """How many products an activity's feedback rejects."""

    template = "coalesce(jsonb_array_length(feedback -> 'rejectedRecommendations'), 0)"
    output_field = IntegerField()


class ChurnSentence(Func):
    """The risk that speaks of churn, if there is one."""

    template = (
        f"(jsonb_path_query_first(insights, '$.riskFactors[*] ? (@ like_regex \"{MAY_BE_LEAVING}\")') #>> '{{}}')"
    )
    output_field = TextField()


FIGURES = {
    "order_total": Coalesce(Cast(KT("generated_order__totalAmount"), FloatField()), 0.0),
    "rejected_count": Rejected(),
    "comment": Coalesce(KT("feedback__comments"), Value(""), output_field=TextField()),
    "churn": ChurnSentence(),
    "failure": Coalesce(KT("metadata__failure"), Value(""), output_field=TextField()),
}


def findings_of(rules: Sequence[ReviewRule], activities: Sequence[str]) -> dict[str, Findings]:
    """activity -> kind of the rule -> what it found; activities that break no rule are left out."""
    conditions = {rule.kind: condition_of(rule) for rule in rules}
    if not conditions:
        return {}
    flags = {
        f"breaks_{kind.replace('-', '_')}": Case(When(condition, then=True), default=False, output_field=BooleanField())
        for kind, condition in conditions.items()
    }
    rows = (
        Activity.objects.filter(pk__in=activities)
        .annotate(**FIGURES)
        .filter(reduce(or_, conditions.values()))
        .annotate(**flags)
        .values("pk", "user_rating", "confidence", "model_version__number", *FIGURES, *flags)
    )
    return {
        row["pk"]: {kind: finding(kind, row) for kind, flag in zip(conditions, flags, strict=True) if row[flag]}
        for row in rows
    }


def condition_of(rule: ReviewRule) -> Q:
    """What activities the rule finds, in terms of FIGURES and the table's own columns. Cancelled ones are done with."""
    match rule.kind:
        case Kind.FAILED:
            found = Q(status=Activity.Status.FAILED)
        case Kind.LOW_RATING:
            found = Q(user_rating__lte=rule.threshold)
        case Kind.COMMENT:
            found = ~Q(comment="")
        case Kind.REJECTIONS:
            found = Q(rejected_count__gte=max(rule.threshold, 1))
        case Kind.CHURN:
            found = Q(churn__isnull=False)
        case Kind.UNSURE_MONEY:
            found = Q(confidence__lt=rule.threshold, order_total__gte=rule.amount, order_total__gt=0)
        case Kind.FIRST_LISTS:
            found = Q(pk__in=first_lists(int(rule.threshold)))
    return found & ~Q(status=Activity.Status.CANCELLED)


def first_lists(count: int) -> list[str]:
    """The first activities that each version which answers now has made."""
    made = Activity.objects.exclude(generated_at=None).order_by("generated_at", "pk").values_list("pk", flat=True)
    return [pk for version in ModelVersion.objects.active() for pk in made.filter(model_version=version)[:count]]


def finding(kind: str, row: dict[str, Any]) -> dict[str, Any]:
    match kind:
        case Kind.FAILED:
            return {"says": f"The generation failed: {row['failure']}", "severity": 1}
        case Kind.LOW_RATING:
            return {"says": f"Rated {row['user_rating']} of 5.", "severity": -row["user_rating"]}
        case Kind.COMMENT:
            return {"says": f"Comment: {row['comment']}", "severity": 1}
        case Kind.REJECTIONS:
            return {"says": f"{row['rejected_count']} lines rejected.", "severity": row["rejected_count"]}
        case Kind.CHURN:
            return {"says": row["churn"], "severity": 1}
        case Kind.UNSURE_MONEY:
            total, confidence = row["order_total"], row["confidence"]
            return {"says": f"An order of {total:,.2f} at a confidence of {confidence:.0%}.", "severity": total}
    return {"says": f"Among the first lists of version 2.{row['model_version__number']}.0.", "severity": 1}
