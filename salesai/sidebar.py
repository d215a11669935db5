"""The admin's sidebar: each person sees the pages that it may open."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy


def page(title: str, icon: str, model: str) -> dict[str, Any]:
    """The list of a model, named as in `app.model`; for those who may see it."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": allows(f"{app}.view_{name}"),
    }


def allows(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


NAVIGATION = [
    {
        "title": "Work",
        "items": [
            {"title": "Dashboard", "icon": "monitoring", "link": reverse_lazy("admin:index")},
            page("Review queue", "checklist", "activities.reviewitem"),
            page("Review rules", "rule", "activities.reviewrule"),
            page("Activities", "assignment", "activities.activity"),
            page("Suggested lines", "format_list_bulleted", "recommender.suggestedline"),
        ],
    },
    {
        "title": "Order history",
        "items": [
            page("Clients", "storefront", "recommender.client"),
            page("Products", "inventory_2", "recommender.product"),
            page("Orders", "receipt_long", "recommender.order"),
            page("Sales reps", "badge", "recommender.salesrep"),
        ],
    },
    {
        "title": "Operation",
        "items": [
            page("Runs", "sync", "activities.regenerationrun"),
            page("Jobs", "pending_actions", "procrastinate.procrastinatejob"),
            page("Schedules", "schedule", "activities.schedule"),
            page("Model versions", "model_training", "recommender.modelversion"),
            page("API keys", "key", "activities.apikey"),
            page("Users", "group", "auth.user"),
            page("Roles", "shield_person", "auth.group"),
            page("Failed logins", "lock", "axes.accessattempt"),
            page("Logins", "login", "axes.accesslog"),
        ],
    },
]
