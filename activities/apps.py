from django.apps import AppConfig
from django.db.models.signals import post_migrate

from activities.roles import make_first_rules, make_roles


class ActivitiesConfig(AppConfig):
    name = "activities"

    def ready(self) -> None:
        from activities import checks  # noqa: F401  registers them; its imports need the apps

        post_migrate.connect(make_roles, sender=self)
        post_migrate.connect(make_first_rules, sender=self)
