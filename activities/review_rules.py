"""What each review rule finds, and how it says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from activities.models import FAILURE, Activity, ReviewRule
from recommender.cadence import MAY_BE_LEAVING
from recommender.models import ModelVersion
from salesai.prepared import fetch

Kind = ReviewRule.Kind
Finding = dict[str, Any]
Findings = dict[str, Finding]


@dataclass(frozen=True, slots=True)
class Seen:
    """What rules look at of an activity.

    order_total     of the draft order, 0 where there is none
    churn           the sentence of its risks that speaks of churn, None where none does
    version         number of the model version that made its list, where that one answers now
    earlier_lists   that this version had made before, counted as far as the rule asks
    """

    activity: str
    status: str
    user_rating: int | None
    confidence: float | None
    order_total: float
    rejected: int
    comment: str
    churn: str | None
    failure: str
    version: int | None
    earlier_lists: int


# By hand: it is asked after each generation, and Django took longer to write it than PostgreSQL to answer it.
LOOK = f"""
    SELECT a.id, a.status, a.user_rating, a.confidence,
        coalesce((a.generated_order ->> 'totalAmount')::float8, 0),
        (SELECT count(DISTINCT product) FROM jsonb_array_elements(a.feedback -> 'rejectedRecommendations') product),
        coalesce(a.feedback ->> 'comments', ''),
        jsonb_path_query_first(a.insights, '$.riskFactors[*] ? (@ like_regex "{MAY_BE_LEAVING}")') #>> '{{}}',
        coalesce(a.metadata ->> '{FAILURE}', ''),
        version.number,
        (SELECT count(*) FROM (
            SELECT FROM {Activity._meta.db_table} earlier
            WHERE earlier.model_version_id = version.id
            AND (earlier.generated_at, earlier.id) < (a.generated_at, a.id)
            LIMIT %(first_lists)s
        ) AS counted)
    FROM {Activity._meta.db_table} a
    LEFT JOIN {ModelVersion._meta.db_table} version
        ON version.id = a.model_version_id AND version.status = '{ModelVersion.Status.ACTIVE}'
    WHERE a.id = ANY(%(activities)s) AND a.status <> '{Activity.Status.CANCELLED}'"""


def findings_of(rules: Sequence[ReviewRule], activities: Sequence[str]) -> dict[str, Findings]:
    """activity -> kind of the rule -> what it found; without those that break no rule or are cancelled."""
    if not rules:
        return {}
    first_lists = max((int(rule.threshold) for rule in rules if rule.kind == Kind.FIRST_LISTS), default=0)
    found = {}
    for row in fetch(LOOK, {"activities": list(activities), "first_lists": first_lists}):
        seen = Seen(*row)
        findings = {rule.kind: finding for rule in rules if (finding := finding_of(rule, seen))}
        if findings:
            found[seen.activity] = findings
    return found


def finding_of(rule: ReviewRule, seen: Seen) -> Finding | None:
    match rule.kind:
        case Kind.FAILED if seen.status == Activity.Status.FAILED:
            return {"says": f"The generation failed: {seen.failure}", "severity": 1}
        case Kind.LOW_RATING if seen.user_rating is not None and seen.user_rating <= rule.threshold:
            return {"says": f"Rated {seen.user_rating} of 5.", "severity": -seen.user_rating}
        case Kind.COMMENT if seen.comment:
            return {"says": f"Comment: {seen.comment}", "severity": 1}
        case Kind.REJECTIONS if seen.rejected >= max(rule.threshold, 1):
            return {"says": f"{seen.rejected} lines rejected.", "severity": seen.rejected}
        case Kind.CHURN if seen.churn is not None:
            return {"says": seen.churn, "severity": 1}
        case Kind.UNSURE_MONEY if is_unsure_money(rule, seen):
            says = f"An order of {seen.order_total:,.2f} at a confidence of {seen.confidence:.0%}."
            return {"says": says, "severity": seen.order_total}
        case Kind.FIRST_LISTS if seen.version is not None and seen.earlier_lists < int(rule.threshold):
            version = ModelVersion(number=seen.version).version
            return {"says": f"Among the first lists of version {version}.", "severity": 1}
    return None


def is_unsure_money(rule: ReviewRule, seen: Seen) -> bool:
    if seen.confidence is None or seen.order_total <= 0:
        return False
    return seen.confidence < rule.threshold and seen.order_total >= rule.amount
