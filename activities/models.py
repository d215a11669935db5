"""Activities, the keys of the tools that file them, and what is kept of answers and figures for the next caller."""

import hashlib
import json
import secrets
from datetime import timedelta

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Count, F, Func, OuterRef, Q, Subquery, Window
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils import timezone

from activities.documents import DocumentText
from activities.ids import ID_LENGTH, new_activity_id
from activities.review_models import ReviewItem, ReviewRule
from activities.run_models import RegenerationChunk, RegenerationRun, Schedule
from activities.selection import Selection
from activities.tally import TRIGGERS, ActivityTally
from recommender.models import EXTERNAL_ID_LENGTH, ModelVersion
from salesai.prepared import KeptQuery

__all__ = [
    "Activity",
    "ActivityEvent",
    "ActivityTally",
    "ApiKey",
    "KeptAnswer",
    "KeptUptake",
    "RegenerationChunk",
    "RegenerationRun",
    "ReviewItem",
    "ReviewRule",
    "Schedule",
]


class ApiKeyQuerySet(models.QuerySet):
    def valid(self) -> "ApiKeyQuerySet":
        return self.filter(revoked_at=None)

    def find(self, token: str) -> "ApiKey | None":
        """The valid key that `token` is, if any."""
        return next(iter(valid_keys(ApiKey.digest_of(token))), None)

    def find_with_document(self, token: str, activity_id: str) -> "ApiKey | None":
        """As `find`; its `document` is the activity's as JSON text, or None where the key sees none by that id."""
        return next(iter(valid_keys_with_document(activity_id, ApiKey.digest_of(token))), None)


@KeptQuery
def valid_keys() -> ApiKeyQuerySet:
    return ApiKey.objects.valid().filter(digest="").order_by()


@KeptQuery
def valid_keys_with_document() -> ApiKeyQuerySet:
    seen = Activity.objects.filter(IsOfKey(), pk="").order_by()
    return valid_keys.queryset_of().annotate(document=Subquery(seen.documents()))


class IsOfKey(Func):
    """Whether the key of the outer query sees an activity, as `visible_to` has it; without parameters."""

    output_field = models.BooleanField()
    template = "(%(expressions)s))"
    arg_joiner = " IN ('', "

    def __init__(self) -> None:
        super().__init__(OuterRef("rep"), F("rep"))


class ApiKey(models.Model):
    """A caller of the API. The token is shown once, when the key is made; only its digest is kept."""

    # A use is noted at most this often, so that reading does not turn into writing.
    USE_NOTED_EVERY = timedelta(minutes=1)

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, help_text="How the token begins, to tell keys apart.")
    digest = models.CharField(max_length=64, unique=True)
    rep = models.CharField(
        max_length=EXTERNAL_ID_LENGTH,
        blank=True,
        help_text="The id of a rep: the key then sees and writes that rep's activities alone.",
    )
    read_only = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @classmethod
    def issue(cls, name: str, rep: str = "", read_only: bool = False) -> tuple["ApiKey", str]:
        """Make a key. Returns it with its token, which cannot be had again."""
        token = f"sk_{secrets.token_urlsafe(32)}"
        key = cls.objects.create(name=name, prefix=token[:9], digest=cls.digest_of(token), rep=rep, read_only=read_only)
        return key, token

    @staticmethod
    def digest_of(token: str) -> str:
        # The token holds 256 random bits: a plain hash cannot be guessed back, and is quick to check.
        return hashlib.sha256(token.encode()).hexdigest()

    @property
    def is_authenticated(self) -> bool:
        return True

    def note_use(self) -> None:
        now = timezone.now()
        if self.last_used_at is None or self.last_used_at < now - self.USE_NOTED_EVERY:
            ApiKey.objects.filter(pk=self.pk).update(last_used_at=now)

    def revoke(self) -> None:
        if self.revoked_at is None:
            self.revoked_at = timezone.now()
            self.save(update_fields=["revoked_at"])


class KeptAnswerQuerySet(models.QuerySet):
    def outdated(self) -> "KeptAnswerQuerySet":
        return self.filter(created_at__lt=timezone.now() - KeptAnswer.KEPT_FOR)


class KeptAnswer(models.Model):
    """What was answered to a POST with an `Idempotency-Key`."""

    KEPT_FOR = timedelta(hours=24)
    LONGEST_KEY = 255  # as in the contract

    caller = models.ForeignKey(ApiKey, models.CASCADE)
    key = models.CharField(max_length=LONGEST_KEY)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField(help_text="JSON, to the letter.")
    etag = models.CharField(max_length=50)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = KeptAnswerQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="kept_answer_unique")]

    def __str__(self) -> str:
        return self.key


class KeptUptake(models.Model):
    """The quarter's figures of `activities.uptake` as they were reckoned last: one row, or none yet."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField(default=timezone.now)
    figures = models.JSONField()
    ordered_lines = ArrayField(models.BigIntegerField(), help_text="Ids of the suggested lines that were ordered.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="kept_uptake_once")]

    def __str__(self) -> str:
        return f"Figures of {self.at:%Y-%m-%d %H:%M}"


class ActivityQuerySet(models.QuerySet):
    def visible_to(self, rep: str) -> "ActivityQuerySet":
        """The rep's own, or all where none is given."""
        return self.filter(rep=rep) if rep else self

    def selected(self, selection: Selection) -> "ActivityQuerySet":
        return self.filter(selection.condition())

    def sorted_by(self, field: str, descending: bool) -> "ActivityQuerySet":
        """Missing values come last in both orders; ties go by id in the same direction."""
        column = Activity._meta.get_field(field)
        # Said only where it matters: an index without it cannot be read for an order with it.
        nulls_last = getattr(column, "output_field", column).null or None
        if descending:
            return self.order_by(F(field).desc(nulls_last=nulls_last), "-id")
        return self.order_by(F(field).asc(nulls_last=nulls_last), "id")

    def page(self, offset: int, limit: int) -> "ActivityQuerySet":
        """The documents of that part of the list, as JSON text. Ids come first: what is passed over is not read."""
        return self.documents_of(self.values("pk")[offset : offset + limit])

    def page_and_total(self, offset: int, limit: int) -> tuple[list[str], int]:
        """`page`, and how many match.

        All that match have to be found to be counted, so they are found once. And the planner knows
        that: else it may look for the first few in the order of the list, of which there may be none.
        """
        found = list(self.annotate(total=Window(Count("*"))).values_list("pk", "total")[offset : offset + limit])
        total = found[0][1] if found else self.count() if offset else 0
        return list(self.documents_of([pk for pk, _ in found])), total

    def documents_of(self, pks: "ActivityQuerySet | list[str]") -> "ActivityQuerySet":
        """In the order of this list."""
        return Activity.objects.filter(pk__in=pks).order_by(*self.query.order_by).documents()

    def documents(self) -> "ActivityQuerySet":
        """Each as JSON text."""
        return self.values_list(DocumentText(), flat=True)


class SearchText(Func):
    """Words of what people look for: client, rep, suggested products, reasons, insights and comments.

    Configuration "simple": names and ids are not words of any one language.
    """

    output_field = SearchVectorField()
    template = """(
        to_tsvector('simple', client) || to_tsvector('simple', rep)
        || jsonb_to_tsvector('simple', jsonb_path_query_array(recommendations, '$[*].product'), '"all"')
        || jsonb_to_tsvector('simple', jsonb_path_query_array(recommendations, '$[*].productName'), '"all"')
        || jsonb_to_tsvector('simple', jsonb_path_query_array(recommendations, '$[*].reason'), '"all"')
        || jsonb_to_tsvector('simple', insights, '["string"]')
        || to_tsvector('simple', coalesce(feedback ->> 'comments', ''))
    )"""


class JSONDecoder(json.JSONDecoder):
    """JSON as PostgreSQL gives it back: it writes out a large float as an integer of many digits."""

    def __init__(self) -> None:
        super().__init__(parse_int=whole_or_float)


def whole_or_float(digits: str) -> int | float:
    """An integer of 64 bits, with a sign or without; what is larger came as a float, as orjson reads it."""
    is_whole = len(digits) <= len(str(2**64)) and -(2**63) <= int(digits) < 2**64
    return int(digits) if is_whole else float(digits)


def json_section(default: type) -> models.JSONField:
    return models.JSONField(default=default, blank=True, decoder=JSONDecoder)


FAILURE = "failure"  # of the metadata: why the last generation failed; the server's own


def both_ways(field: str, name: str) -> list[models.Index]:
    """The indexes that lists sorted by a field are read from, where missing values come last up and down."""
    return [
        models.Index(F(field).asc(nulls_last=True), F("id").asc(), name=f"{name}_up"),
        models.Index(F(field).desc(nulls_last=True), F("id").desc(), name=f"{name}_down"),
    ]


def code_point_text(**options) -> models.CharField:
    """Text that sorts by code point on any server."""
    return models.CharField(db_collation="C", **options)


class Activity(models.Model):
    """What a sales tool asks for a client, and what was answered.

    The JSON sections are stored as the API shows them. `requested_model` is the aiModel asked for;
    `ai_model` is what the API shows: the one asked for until generation, then the one used.
    """

    class Type(models.TextChoices):
        RECOMMENDATION = "recommendation"
        ORDER_ANALYSIS = "order-analysis"
        DEMAND_FORECASTING = "demand-forecasting"
        CROSS_SELL = "cross-sell"
        UPSELL = "upsell"

    class Status(models.TextChoices):
        PROCESSING = "processing"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = code_point_text(max_length=ID_LENGTH, primary_key=True, default=new_activity_id, editable=False)
    client = code_point_text(max_length=EXTERNAL_ID_LENGTH)
    rep = code_point_text(max_length=EXTERNAL_ID_LENGTH)
    activity_type = code_point_text(max_length=30, choices=Type)
    status = code_point_text(max_length=20, choices=Status, default=Status.PROCESSING)
    input_data = json_section(dict)
    requested_model = json_section(dict)
    ai_model = json_section(dict)
    recommendations = json_section(list)
    insights = json_section(dict)
    accuracy = json_section(dict)
    feedback = json_section(dict)
    generated_order = json_section(dict)
    metadata = json_section(dict)
    processing_time = models.FloatField(null=True, blank=True, help_text="Seconds the last generation took.")
    model_version = models.ForeignKey(
        ModelVersion, models.SET_NULL, null=True, blank=True, related_name="activities", db_index=False
    )
    generated_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    # What the sections hold and lists are sorted and filtered by, kept by the database itself.
    confidence = models.GeneratedField(
        expression=Cast(KT("ai_model__confidence"), models.FloatField()),
        output_field=models.FloatField(null=True),
        db_persist=True,
    )
    estimated_accuracy = models.GeneratedField(
        expression=Cast(KT("accuracy__estimated"), models.FloatField()),
        output_field=models.FloatField(null=True),
        db_persist=True,
    )
    user_rating = models.GeneratedField(
        expression=Cast(KT("feedback__userRating"), models.IntegerField()),
        output_field=models.IntegerField(null=True),
        db_persist=True,
    )

    search_text = models.GeneratedField(expression=SearchText(), output_field=SearchVectorField(), db_persist=True)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "activities"
        ordering = ["-created_at", "-id"]
        permissions = [
            ("regenerate_activity", "Can generate, cancel and reopen activities"),
            ("answer_activity", "Can record feedback to activities"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(client=""), name="activity_client_given"),
            models.CheckConstraint(condition=~Q(rep=""), name="activity_rep_given"),
        ]
        triggers = TRIGGERS
        # Lists sort by any of these fields, the id last; what can be missing comes last in both directions.
        indexes = [
            # With what lists are narrowed by, so that counting the rows of a filter reads the index alone.
            models.Index(
                fields=["created_at", "id"],
                include=["activity_type", "confidence", "user_rating"],
                name="activity_created",
            ),
            models.Index(fields=["updated_at", "id"], name="activity_updated"),
            models.Index(fields=["rep", "id"], name="activity_by_rep"),
            models.Index(fields=["activity_type", "id"], name="activity_by_type"),
            models.Index(fields=["status", "id"], name="activity_by_status"),
            *both_ways("processing_time", "activity_seconds"),
            *both_ways("confidence", "activity_confidence"),
            *both_ways("estimated_accuracy", "activity_accuracy"),
            *both_ways("user_rating", "activity_rating"),
            # Those of one client, rep, type or status, by time. A client has so few that these sort by client too.
            models.Index(fields=["client", "created_at", "id"], name="activity_client"),
            models.Index(fields=["rep", "created_at", "id"], name="activity_rep"),
            models.Index(fields=["activity_type", "created_at", "id"], name="activity_type"),
            models.Index(fields=["status", "created_at", "id"], name="activity_status"),
            models.Index(fields=["model_version", "generated_at", "id"], name="activity_version"),
            GinIndex(fields=["search_text"], name="activity_search"),
            # Equality in a filter, of any path (`filter_language`).
            *(
                GinIndex(fields=[section], name=f"activity_in_{section}", opclasses=["jsonb_path_ops"])
                for section in ("recommendations", "ai_model", "input_data", "feedback", "metadata")
            ),
            # Small ones, of what reps have answered: what a bulk run writes is in them seldom.
            models.Index(fields=["created_at", "user_rating"], condition=Q(user_rating__gte=1), name="activity_rated"),
            models.Index(fields=["created_at"], condition=~Q(feedback={}), name="activity_answered"),
        ]

    def __str__(self) -> str:
        return f"{self.activity_type} for {self.client}"

    @property
    def is_cancelled(self) -> bool:
        return self.status == self.Status.CANCELLED

    def forget_results(self) -> None:
        """Empty what a generation made, because the inputs it was made from are no longer true."""
        self.ai_model = self.requested_model
        self.recommendations = []
        self.insights = {}
        self.accuracy = {}
        self.generated_order = {}
        self.forget_failure()
        self.processing_time = None
        self.model_version = None
        self.generated_at = None
        if not self.is_cancelled:
            self.status = self.Status.PROCESSING

    def forget_failure(self) -> None:
        self.metadata = {key: value for key, value in self.metadata.items() if key != FAILURE}


# What is on record of each change. Not the inputs, which may be a megabyte, nor the results: each
# generation's lines stand as SuggestedLine.
RECORDED = (
    "client", "rep", "activity_type", "status", "requested_model", "feedback", "metadata", "model_version",
    "generated_at",
)  # fmt: skip


class ActivityEvent(
    pghistory.create_event_model(
        Activity,
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(condition=pghistory.AnyChange(*RECORDED, "input_data")),
        pghistory.DeleteEvent(),
        fields=list(RECORDED),
        obj_field=pghistory.ObjForeignKey(related_name="events"),
        model_name="ActivityEvent",
    )
):
    """A change of an activity by anyone, written by triggers, so that bulk changes are on record too."""

    pgh_id = models.BigAutoField(primary_key=True)  # pghistory's own has 32 bits, and none is ever removed
