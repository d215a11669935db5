from django.apps import AppConfig


class SalesAIConfig(AppConfig):
    name = "salesai"
    label = "salesai"
    verbose_name = "Sales AI"

    def ready(self) -> None:
        from salesai import checks  # noqa: F401  registers them
