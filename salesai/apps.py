from django.apps import AppConfig


class SalesAIConfig(AppConfig):
    name = "salesai"
    label = "salesai"
    verbose_name = "Sales AI"

    def ready(self) -> None:
        from django_structlog.signals import bind_extra_request_metadata

        from salesai import checks  # noqa: F401  registers them
        from salesai.logs import bind_address

        bind_extra_request_metadata.connect(bind_address)
