"""What every page of the admin has in common."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import DataError, ProgrammingError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
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

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.get_filters_params():
            self.full_result_count = self.result_count  # else the theme offers to show all of what is shown

    @property
    def brought_along(self) -> list[str]:
        """What narrows the list and stands in none of its filters: the link that led here said so."""
        shown = {name for spec in self.filter_specs for name in spec.expected_parameters()}
        return [in_words(name, values[-1]) for name, values in self.get_filters_params().items() if name not in shown]


def in_words(parameter: str, value: str) -> str:
    """Of a filter such as `outcome_at__gte`."""
    field, _, lookup = parameter.rpartition("__")
    name = (field or parameter).replace("__", " ").replace("_", " ")
    if lookup == "isnull":
        return f"{'with' if value == 'False' else 'without'} {name}"
    said = {"exact": "", "gte": "from ", "lt": "before "}.get(lookup, f"{lookup} ")
    return f"{name} {said}{value.removesuffix('T00:00:00+00:00')}"


class ModelAdmin(admin.ModelAdmin):
    list_before_template = "salesai/brought_along.html"
    # A count for each choice of each filter, of which some would compare every row with every other.
    show_facets = ShowFacets.NEVER

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ChangeList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model | None:
        """None for a NUL too, which PostgreSQL does not take."""
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)

    def back_to(self, request: HttpRequest, page: str, *args: Any) -> HttpResponse:
        """The page that a button stands on, for who comes to its address by another way: from a login in between."""
        self.message_user(request, "Nothing was saved or begun. Do it again here.", messages.WARNING)
        return redirect(page, *args)


class ReadOnlyAdmin(ModelAdmin):
    """Rows that others write, to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
