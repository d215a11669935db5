"""What every page of the admin has in common."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db import DataError, ProgrammingError
from django.http import HttpRequest
from unfold import admin, views

# What a value that no row can have raises, once the list is asked for: from PostgreSQL, and from Django's lookups.
UNANSWERABLE = (DataError, ProgrammingError, ValueError, OverflowError, IndexError)


class ChangeList(views.ChangeList):
    """A wrong value in the address of a list leads back to the list, as a wrong field does in Django's own."""

    def __init__(self, request: HttpRequest, *args: Any, **options: Any) -> None:
        try:
            super().__init__(request, *args, **options)
        except UNANSWERABLE as error:
            if not self.params:
                raise  # nobody asked for anything: the fault is ours
            raise IncorrectLookupParameters(error) from error


class ModelAdmin(admin.ModelAdmin):
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ChangeList
