"""Which activities a list shows."""

from django.contrib.postgres.search import SearchQuery
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.views import APIView

from activities.contract import check_query
from activities.dates import parse_time
from activities.filter_language import FilterError, parse_filter
from activities.models import Activity, ActivityTally, ApiKey

LARGEST_OFFSET = 2**62  # of PostgreSQL's bigint, with room for a page; no list is as long
# A list filtered by these alone is not counted; the total is known.
TALLIED = {"rep": "rep", "activityType": "activity_type", "status": "status"}
SORT_FIELDS = {
    "_id": "id",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "client": "client",
    "rep": "rep",
    "activityType": "activity_type",
    "status": "status",
    "processingTime": "processing_time",
    "aiModel.confidence": "confidence",
    "accuracy.estimated": "estimated_accuracy",
    "feedback.userRating": "user_rating",
}


class ActivityFilter(filters.FilterSet):
    """The plain filters. Values have been checked against the contract before they come here."""

    client = filters.CharFilter(strip=False)
    rep = filters.CharFilter(strip=False)
    activityType = filters.CharFilter("activity_type")
    status = filters.CharFilter()
    createdAfter = filters.CharFilter(method="created_after")
    createdBefore = filters.CharFilter(method="created_before")
    filter = filters.CharFilter(method="matching")
    search = filters.CharFilter(method="speaking_of")

    class Meta:
        model = Activity
        fields = ()

    def created_after(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(created_at__gte=parse_time(value))

    def created_before(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(created_at__lt=parse_time(value))

    def matching(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        try:
            return queryset.filter(parse_filter(value))
        except FilterError as error:
            raise exceptions.ValidationError({name: [str(error)]}) from error

    def speaking_of(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(search_text=SearchQuery(value, search_type="websearch", config="simple"))


class ActivityFilterBackend(filters.DjangoFilterBackend):
    """Checks the query against the contract, then filters and sorts."""

    filterset_base = ActivityFilter

    def filter_queryset(self, request: Request, queryset: QuerySet, view: APIView) -> QuerySet:
        given = check_query("/activity-ai-sales-order", request.query_params.dict())
        view.page_wanted = min(given.pop("offset"), LARGEST_OFFSET), given.pop("limit")
        sort, order = given.pop("sort"), given.pop("order")
        if not all(is_an_id(given[name]) for name in ("client", "rep") if name in given):
            queryset = queryset.none()
        if "search" in given:
            given["search"] = given["search"].replace("\0", " ")
        # A FilterSet makes a form, which takes longer than all else here: not for nothing.
        filtered = ActivityFilter(data=given, queryset=queryset, request=request).qs if given else queryset
        view.tally = None if given.keys() - TALLIED.keys() else tally_of(given, request.user)
        return filtered.sorted_by(SORT_FIELDS[sort], descending=order == "desc")


def tally_of(given: dict[str, str], key: ApiKey) -> QuerySet:
    """The numbers of the activities that the key sees and these filters match."""
    return ActivityTally.objects.visible_to(key).filter(**{TALLIED[name]: value for name, value in given.items()})


def is_an_id(text: str) -> bool:
    """None is empty, and PostgreSQL neither holds a NUL nor takes one as a parameter."""
    return bool(text) and "\0" not in text
