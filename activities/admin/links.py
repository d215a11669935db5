"""Addresses of pages, and of lists that show just the rows behind a figure."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


def linked(page: str, pk: str | int, text: str) -> SafeString:
    return format_html('<a class="ops-link" href="{}">{}</a>', reverse(page, args=[pk]), text)


def linked_if_known(page: str, found: QuerySet, text: str) -> str:
    """The text as a link to the row that was looked for, where there is one."""
    pk = found.values_list("pk", flat=True).first()
    return text if pk is None else linked(page, pk, text)


def activities_list(**filters: Any) -> str:
    return f"{reverse('admin:activities_activity_changelist')}?{urlencode(filters)}"


def review_queue() -> str:
    return reverse("admin:activities_reviewitem_changelist")


class LinesLink:
    """The list of suggested lines that meet the filters: all of them, or those that went further."""

    def __init__(self, **filters: Any) -> None:
        self.filters = filters

    def narrowed(self, **filters: Any) -> "LinesLink":
        return LinesLink(**self.filters | filters)

    def address(self, **filters: Any) -> str:
        wanted = {"rank__isnull": "False"} | self.filters | filters
        return f"{reverse('admin:recommender_suggestedline_changelist')}?{urlencode(wanted)}"

    @property
    def suggested(self) -> str:
        return self.address()

    @property
    def answered(self) -> str:
        return self.address(outcome_at__isnull="False")

    @property
    def accepted(self) -> str:
        return self.address(outcome__exact="accepted")

    @property
    def rejected(self) -> str:
        return self.address(outcome__exact="rejected")

    @property
    def ordered(self) -> str:
        return self.address(ordered="yes")
