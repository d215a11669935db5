"""The groups that people who work in the admin belong to, with exactly the permissions each needs."""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.db import connections
from django.db.models import Q

OPS = "Ops"
SALES_MANAGER = "Sales manager"

READ = {
    "activities": [
        f"view_{model}"
        for model in ("activity", "activityevent", "reviewitem", "reviewrule", "regenerationrun", "schedule")
    ],
    "procrastinate": ["view_procrastinatejob"],
    "recommender": [
        f"view_{model}"
        for model in ("client", "salesrep", "product", "order", "orderline", "modelversion", "suggestedline")
    ],
}
REVIEW = {
    "activities": ["regenerate_activity", "answer_activity", "change_reviewitem", "change_reviewrule"],
    "recommender": ["operate_modelversion"],
}
ROLES = {SALES_MANAGER: [READ], OPS: [READ, REVIEW]}


def make_roles(sender: AppConfig, using: str = "default", **options: Any) -> None:
    """After a migration: both groups, with these permissions and no other. Who needs more gets another group too."""
    from django.contrib.auth.models import Group, Permission

    for label in READ:
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    for name, bundles in ROLES.items():
        wanted = Q()
        for bundle in bundles:
            for label, codenames in bundle.items():
                wanted |= Q(content_type__app_label=label, codename__in=codenames)
        group, _ = Group.objects.using(using).get_or_create(name=name)
        group.permissions.set(Permission.objects.using(using).filter(wanted))


def make_first_rules(sender: AppConfig, using: str = "default", **options: Any) -> None:
    """After a migration: a review rule of each kind that has none yet."""
    from activities.review_models import FIRST_RULES, ReviewRule

    if ReviewRule._meta.db_table not in connections[using].introspection.table_names():
        return  # migrated back to before there were rules
    missing = [
        ReviewRule(kind=kind, threshold=threshold, amount=amount, weight=weight)
        for kind, (threshold, amount, weight) in FIRST_RULES.items()
    ]
    ReviewRule.objects.using(using).bulk_create(missing, ignore_conflicts=True)
