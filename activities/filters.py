"""Which activities a list shows."""

from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from rest_framework import exceptions

from activities.contract import check_query
from activities.dates import parse_time
from activities.documents import FIELDS
from activities.filter_language import COLUMNS, GENERATED, FilterError, parse_filter
from activities.models import Activity

LARGEST_OFFSET = 2**62  # of PostgreSQL's bigint, with room for a page; no list is as long
# A list filtered by these alone is not counted; the total is known.
TALLIED = {name: FIELDS[name] for name in ("rep", "activityType", "status")}
SORT_FIELDS = COLUMNS | {name: column for name, (column, _) in GENERATED.items()}


class ActivityFilter(filters.FilterSet):
    """The plain filters. Values have been checked against the contract before they come here."""

    client = filters.CharFilter(strip=False)
    rep = filters.CharFilter(strip=False)
    activityType = filters.CharFilter("activity_type")
    status = filters.CharFilter()
    createdAfter = filters.CharFilter(method="created_after")
    createdBefore = filters.CharFilter(method="created_before")
    search = filters.CharFilter(method="speaking_of")

    class Meta:
        model = Activity
        fields = ()

    def created_after(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(created_at__gte=parse_time(value))

    def created_before(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(created_at__lt=parse_time(value))

    def speaking_of(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(search_text=SearchQuery(value, search_type="websearch", config="simple"))


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list was asked for, checked against the contract; `filters` holds the filters given, by name."""

    filters: dict[str, str]
    sort: str
    descending: bool
    offset: int
    limit: int

    @classmethod
    def of(cls, parameters: dict[str, str]) -> "ListQuery":
        """Raises a DRF ValidationError that names every unknown parameter and every bad value."""
        given = check_query("/activity-ai-sales-order", parameters)
        sort, order = SORT_FIELDS[given.pop("sort")], given.pop("order")
        if search := given.pop("search", "").replace("\0", " ").strip():
            given["search"] = search
        offset, limit = min(given.pop("offset"), LARGEST_OFFSET), given.pop("limit")
        return cls(given, sort, order == "desc", offset, limit)

    @property
    def asks_for_nothing(self) -> bool:
        """Whether it names a client or rep that cannot be."""
        return not all(is_an_id(self.filters[name]) for name in ("client", "rep") if name in self.filters)


def matching(query: ListQuery, rep: str) -> QuerySet:
    """The activities that match, sorted; the rep's alone where one is given."""
    found = Activity.objects.visible_to(rep)
    if "filter" in query.filters:  # apart: a form would take an empty one, or one with a NUL, for none
        found = found.filter(condition_of(query.filters["filter"]))
    # A FilterSet makes a form, which takes longer than all else here: not for nothing.
    filtered = ActivityFilter(data=query.filters, queryset=found).qs if query.filters else found
    return filtered.sorted_by(query.sort, query.descending)


def condition_of(text: str) -> Q:
    try:
        return parse_filter(text)
    except FilterError as error:
        raise exceptions.ValidationError({"filter": [str(error)]}) from error


def is_an_id(text: str) -> bool:
    """None is empty, and PostgreSQL neither holds a NUL nor takes one as a parameter."""
    return bool(text) and "\0" not in text
