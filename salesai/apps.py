from django.apps import AppConfig


class SalesAIConfig(AppConfig):
    name = "salesai"
    label = "salesai"
    verbose_name = "Sales AI"
