"""What the page of an activity shows: everything made ready here, so that the template only lays it out."""

import json
from datetime import date
from typing import Any

from django.contrib.auth.models import User
from django.http import QueryDict
from django.template.defaultfilters import floatformat, pluralize
from django.urls import reverse
from django.utils.safestring import SafeString

from activities.admin.feedback_form import RATINGS, feedback_from, seen_from
from activities.feedback import answers_in
from activities.history import changes_of
from activities.models import FAILURE, Activity, ReviewItem
from activities.serializers import ActivitySerializer
from recommender.models import Client, Order, Outcome, Product
from salesai.charts import bars, lines
from salesai.tables import readable

LAST_ORDERS = 8
MOST_CHARTS = 4  # products whose weeks are drawn; the table names all
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
INSIGHTS = {"buyingPatterns": "Buying patterns", "riskFactors": "Risks", "opportunities": "Opportunities"}


def context_of(activity: Activity, user: User, posted: QueryDict | None = None) -> dict[str, Any]:
    """The context of the page; the same for the activity's own page and for its review.

    `posted` is what was typed and could not be stored: it is shown over what is stored.
    """
    feedback = feedback_from(activity, posted) if posted else activity.feedback
    return {
        "activity": activity,
        "feedback": feedback,
        "seen": seen_from(activity),
        "client": Client.objects.filter(external_id=activity.client).first(),
        "lines": suggested_lines(activity, feedback),
        "insights": [(title, activity.insights.get(name, [])) for name, title in INSIGHTS.items()],
        "charts": charts_of(activity),
        "draft": activity.generated_order.get("items", []),
        "review": ReviewItem.objects.filter(activity=activity).first(),
        "forecasts": activity.insights.get("seasonality", {}).get("products", []),
        "orders": Order.objects.recent_of(activity.client)[:LAST_ORDERS],
        "placed": Order.objects.placed_by(activity.client),
        "changes": changes_of(activity),
        "inputs": [(name, readable(value)) for name, value in activity.input_data.items()],
        "parameters": readable(activity.ai_model.get("parameters", {})),
        "failure": activity.metadata.get(FAILURE) if activity.status == Activity.Status.FAILED else None,
        "raw": json.dumps(ActivitySerializer(activity).data, indent=2, ensure_ascii=False),
        "outcomes": Outcome,
        "ratings": RATINGS,
        "may_answer": user.has_perm("activities.answer_activity"),
        "may_regenerate": user.has_perm("activities.regenerate_activity"),
    }


def suggested_lines(activity: Activity, feedback: dict[str, Any]) -> list[dict[str, Any]]:
    """The suggestions with their `outcome`, the share of the confidence in percent, and the product's page."""
    answers = answers_in(feedback)
    named = [line["product"] for line in activity.recommendations]
    pages = dict(Product.objects.filter(external_id__in=named).values_list("external_id", "pk"))
    return [
        line
        | {
            "outcome": answers.get(line["product"], Outcome.OPEN).value,
            "percent": round(line["confidence"] * 100),
            "page": product_page(pages.get(line["product"])),
        }
        for line in activity.recommendations
    ]


def product_page(pk: int | None) -> str | None:
    return pk and reverse("admin:recommender_product_change", args=[pk])


def charts_of(activity: Activity) -> list[SafeString]:
    seasonality = activity.insights.get("seasonality", {})
    drawn = []
    if any(seasonality.get("months") or ()):
        drawn.append(bars("Units a month, against the average month", MONTHS, seasonality["months"]))
    names = {line["product"]: line["productName"] for line in activity.recommendations}
    for product in seasonality.get("products", [])[:MOST_CHARTS]:
        drawn.append(forecast_chart(names.get(product["product"], product["product"]), product))
    return drawn


def forecast_chart(name: str, product: dict[str, Any]) -> SafeString:
    """Units a week: what was ordered, then the mean week of the horizon; the total and its interval in words.

    The interval is the total's alone: a week's is wider than its share of it, as what is above in one week makes up
    for what is below in another.
    """
    history, forecast = product["history"], product["forecast"]
    days = (date.fromisoformat(forecast["to"]) - date.fromisoformat(forecast["from"])).days
    weeks = max(round(days / 7), 1)
    labels = [week["from"][5:] for week in history] + [f"+{week} w" for week in range(1, weeks + 1)]
    past, ahead = [None] * len(history), [None] * weeks
    level = min(forecast["level"], 0.99)  # rounded, 0.9999 would be a certainty
    units, low, high = (floatformat(forecast[figure], "-1g") for figure in ("units", "low", "high"))
    return lines(
        f"{name}: units a week",
        labels,
        {
            "ordered": [week["units"] for week in history] + ahead,
            "forecast, mean of a week": past + [forecast["units"] * 7 / days] * weeks,
        },
        note=f"Forecast: {units} units in the {days} day{pluralize(days)} from {forecast['from']}; "
        f"{low} to {high} with a probability of {level:.0%}.",
    )
