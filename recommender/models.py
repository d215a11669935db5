"""The order history, the models trained on it, and what became of their suggestions.

External ids are the caller's own text and unique; surrogate bigints stay inside. Text that is
sorted or compared uses the "C" collation, so that order means code point order on any server.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, TruncDay

from recommender.bounds import FIRST_MOMENT

EXTERNAL_ID_LENGTH = 64
RELIABILITY = "reliability"  # among a version's metrics
VERSION = re.compile("2\\.([1-9][0-9]{0,9})\\.0")


class ExternalIdField(models.CharField):
    """The caller's own id of a client, rep, product or order."""

    def __init__(self, **options):
        super().__init__(**{"max_length": EXTERNAL_ID_LENGTH, "unique": True, "db_collation": "C"} | options)


class ClientQuerySet(models.QuerySet):
    def busiest(self) -> "Client | None":
        """The client with the most orders."""
        return self.annotate(order_count=models.Count("orders")).order_by("-order_count", "external_id").first()


class Client(models.Model):
    external_id = ExternalIdField()
    name = models.CharField(max_length=200, blank=True)
    segment = models.CharField(max_length=100, blank=True)
    chain = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="branches",
        help_text="The parent client that shares terms and taste.",
    )
    region = models.CharField(max_length=100, blank=True)

    objects = ClientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(external_id=""), name="client_external_id_given"),
            models.CheckConstraint(condition=Q(chain__isnull=True) | ~Q(chain=F("id")), name="client_chain_is_another"),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id


class SalesRep(models.Model):
    external_id = ExternalIdField()
    name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(external_id=""), name="rep_external_id_given")]

    def __str__(self) -> str:
        return self.name or self.external_id


class Product(models.Model):
    external_id = ExternalIdField()
    name = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=100, blank=True)
    list_price = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    unit = models.CharField(max_length=30, blank=True)
    pack_size = models.PositiveIntegerField(default=1, db_default=1)
    min_order_quantity = models.PositiveIntegerField(default=1, db_default=1)
    active = models.BooleanField(default=True, db_default=True)
    replaced_by = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="replaces")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(external_id=""), name="product_external_id_given"),
            models.CheckConstraint(condition=Q(list_price__gte=0), name="product_list_price_not_negative"),
            models.CheckConstraint(condition=Q(pack_size__gte=1), name="product_pack_size_at_least_one"),
            models.CheckConstraint(condition=Q(min_order_quantity__gte=1), name="product_minimum_at_least_one"),
            models.CheckConstraint(
                condition=Q(replaced_by__isnull=True) | ~Q(replaced_by=F("id")), name="product_replaced_by_another"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id


class OrderQuerySet(models.QuerySet):
    def dated(self) -> "OrderQuerySet":
        """Without those of no real date, which are no history."""
        return self.filter(ordered_at__gte=FIRST_MOMENT)

    def placed(self) -> "OrderQuerySet":
        """Without those that nothing learns from: of a date to come (ordered ahead, a slip of the pen), or of none."""
        return self.dated().filter(ordered_at__lte=Now())

    def placed_by(self, client: str) -> dict[str, Any]:
        """Of the client with that external id: `count` of orders so far, sent back later or not, and the `last` moment.

        What is nothing but a return is no order.
        """
        orders = self.placed().filter(client__external_id=client, lines__quantity__gt=0)
        return orders.aggregate(count=models.Count("pk", distinct=True), last=models.Max("ordered_at"))

    def recent_of(self, client: str) -> "OrderQuerySet":
        """Orders so far of the client with that external id, latest first, with `line_count` and `amount`.

        The amount is None where a line has no price: what such an order came to is not known.
        """
        amount = models.Sum(F("lines__quantity") * F("lines__unit_price"))
        is_priced = models.When(line_count=models.Count("lines__unit_price"), then=amount)
        return (
            self.placed()
            .filter(client__external_id=client)
            .annotate(line_count=models.Count("lines"))
            .annotate(amount=models.Case(is_priced))
            .order_by("-ordered_at", "-external_id")
        )


class Order(models.Model):
    external_id = ExternalIdField()
    client = models.ForeignKey(Client, models.PROTECT, related_name="orders", db_index=False)
    rep = models.ForeignKey(SalesRep, models.SET_NULL, null=True, blank=True, related_name="orders")
    ordered_at = models.DateTimeField()
    source = models.CharField(max_length=30, blank=True, help_text='Where it came from: "api" or the import\'s format.')

    objects = OrderQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["client", "ordered_at"], name="order_client_time"),
            models.Index(fields=["ordered_at"], name="order_time"),
        ]
        constraints = [models.CheckConstraint(condition=~Q(external_id=""), name="order_external_id_given")]

    def __str__(self) -> str:
        return self.external_id


class OrderLine(models.Model):
    """Units of a product at a unit price. Below zero is a return; a product may stand on several lines."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="order_lines")
    quantity = models.DecimalField(max_digits=13, decimal_places=3)
    unit_price = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(unit_price__gte=0), name="line_unit_price_not_negative")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product_id}"


class ModelVersionQuerySet(models.QuerySet):
    def answering(self) -> "ModelVersionQuerySet":
        """The active ones, without the documents that no answer is made from."""
        return self.active().defer("metrics", "comparison", "row_counts")

    def active(self) -> "ModelVersionQuerySet":
        return self.filter(status=ModelVersion.Status.ACTIVE)

    def trained(self) -> "ModelVersionQuerySet":
        return self.exclude(status__in=[ModelVersion.Status.TRAINING, ModelVersion.Status.FAILED])

    def usable(self) -> "ModelVersionQuerySet":
        """Those that have an artifact to answer with."""
        return self.trained().exclude(artifact="")

    def left_behind(self) -> "ModelVersionQuerySet":
        """Those whose training was killed if none is under way, and those that failed and may still have files."""
        failed = Q(status=ModelVersion.Status.FAILED) & ~Q(artifact="")
        return self.filter(Q(status=ModelVersion.Status.TRAINING) | failed)

    def numbered(self, version: str) -> "ModelVersionQuerySet":
        """Those called "2.3.0", if that is what `version` is."""
        match = VERSION.fullmatch(version)
        return self.filter(number=match[1]) if match else self.none()


class ModelVersion(models.Model):
    """One training run and, once it succeeded, the artifact that answers with it."""

    class Status(models.TextChoices):
        TRAINING = "training"
        CANDIDATE = "candidate"
        ACTIVE = "active"
        RETIRED = "retired"
        FAILED = "failed"

    class Verdict(models.TextChoices):
        """Of the comparison, the field's key `verdict`."""

        NOT_WORSE = "not worse"
        NOT_JUDGED = "not judged"
        WORSE = "worse"
        OLDER = "older"

    REFUSALS = (Verdict.WORSE, Verdict.OLDER)

    name = models.CharField(max_length=100)
    number = models.PositiveIntegerField(help_text="The n of version 2.n.0; rises with each training.")
    status = models.CharField(max_length=20, choices=Status, default=Status.TRAINING)
    traffic_share = models.FloatField(default=0, help_text="Share of clients that this version answers, 0 to 1.")
    parameters = models.JSONField(default=dict)
    row_counts = models.JSONField(default=dict, help_text="Clients, products, orders, lines and answers trained on.")
    metrics = models.JSONField(default=dict)
    comparison = models.JSONField(
        default=dict, blank=True, help_text="With the version that answered when this one was to be promoted."
    )
    data_from = models.DateTimeField(null=True, blank=True)
    data_until = models.DateTimeField(null=True, blank=True, help_text="Exclusive: no order from then on was read.")
    artifact = models.CharField(
        max_length=200, blank=True, help_text="Folder in the models storage; empty once its files were removed."
    )
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the artifact's manifest.")
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    training_seconds = models.FloatField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        permissions = [("operate_modelversion", "Can train, promote and roll back model versions")]
        constraints = [
            models.UniqueConstraint(fields=["name", "number"], name="model_version_unique"),
            models.CheckConstraint(
                condition=Q(traffic_share__gte=0) & Q(traffic_share__lte=1), name="model_traffic_share_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def version(self) -> str:
        return f"2.{self.number}.0"

    @property
    def scores(self) -> dict[str, Any]:
        """Those of its metrics that are one number each."""
        return {name: value for name, value in self.metrics.items() if name != RELIABILITY}

    @property
    def reliability(self) -> list[dict[str, Any]]:
        """What it promised of held-out orders and what happened, by bins of confidence; trained before that: empty."""
        return self.metrics.get(RELIABILITY, [])

    @property
    def was_refused(self) -> bool:
        """Its promotion was refused, and nobody has overruled that."""
        return self.status == self.Status.CANDIDATE and self.comparison.get("verdict") in self.REFUSALS


class Outcome(models.TextChoices):
    """What the rep reported of a suggested line."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


ANSWERED = Q(outcome__in=[Outcome.ACCEPTED, Outcome.REJECTED])
# Not made anew since, or answered before that: what counts as suggested.
SHOWN = ANSWERED | Q(superseded=False)
CONVERTED_WITHIN = timedelta(days=30)  # of the answer

# Order lines of the outer line's client and product, `with_suggested_on`.
ORDERED_SINCE = Q(
    order__client__external_id=models.OuterRef("client"),
    product__external_id=models.OuterRef("product"),
    order__ordered_at__gte=models.OuterRef("suggested_on"),
    quantity__gt=0,
)


class SuggestedLineQuerySet(models.QuerySet):
    def suggested(self) -> "SuggestedLineQuerySet":
        """Without what was answered but never suggested."""
        return self.filter(rank__isnull=False)

    def answered(self) -> "SuggestedLineQuerySet":
        return self.filter(ANSWERED)

    def unanswered(self) -> "SuggestedLineQuerySet":
        return self.filter(outcome=Outcome.OPEN)

    def shown_since(self, since: datetime) -> "SuggestedLineQuerySet":
        """Those SHOWN of what was suggested since then."""
        return self.suggested().filter(SHOWN, suggested_at__gte=since)

    def of_activity(self, activity: str) -> "SuggestedLineQuerySet":
        return self.filter(activity=activity)

    def latest_of_products(self) -> "SuggestedLineQuerySet":
        """Of each activity and product the line that was written last."""
        return self.order_by("activity", "product", "-id").distinct("activity", "product")

    def most_rejected(self, since: datetime) -> "models.QuerySet":
        """Products with their counts `rejected` and `answered` since then, most rejections first."""
        counts = {"rejected": Q(outcome=Outcome.REJECTED), "answered": ANSWERED}
        return (
            self.suggested()
            .filter(ANSWERED, outcome_at__gte=since)
            .order_by()
            .values("product")
            .annotate(**{name: models.Count("product", filter=condition) for name, condition in counts.items()})
            .filter(rejected__gt=0)
            .order_by("-rejected", "product")
        )

    def with_ordered_at(self) -> "SuggestedLineQuerySet":
        """With `ordered_at`: when the client first ordered the product, from the day of the suggestion on.

        Asked of the orders as they are now, so it stays true when one is sent again, changed or
        removed. From the start of that day in UTC, because many systems date orders by the day.
        """
        first = models.Subquery(
            OrderLine.objects.filter(ORDERED_SINCE).order_by("order__ordered_at").values("order__ordered_at")[:1]
        )
        return self.with_suggested_on().annotate(ordered_at=first)

    def with_suggested_on(self) -> "SuggestedLineQuerySet":
        return self.annotate(suggested_on=TruncDay("suggested_at", tzinfo=UTC))

    def converted(self) -> "SuggestedLineQuerySet":
        """Accepted and ordered in time; found by one join: to look for each line's order costs many times that."""
        in_time = Q(order__ordered_at__lte=models.OuterRef("outcome_at") + CONVERTED_WITHIN)
        return (
            self.filter(outcome=Outcome.ACCEPTED)
            .with_suggested_on()
            .filter(models.Exists(OrderLine.objects.filter(ORDERED_SINCE, in_time)))
        )

    def figures(self) -> dict[str, int | float | None]:
        """Counts of suggested lines that were answered, accepted and converted, and two shares.

        `acceptance` is of the answered ones, `conversion` of the accepted ones; None where there are none.
        """
        counts = (
            self.suggested()
            .answered()
            .aggregate(answered=models.Count("pk"), accepted=models.Count("pk", filter=Q(outcome=Outcome.ACCEPTED)))
        )
        counts["converted"] = self.suggested().converted().count()
        return counts | {
            "acceptance": counts["accepted"] / counts["answered"] if counts["answered"] else None,
            "conversion": counts["converted"] / counts["accepted"] if counts["accepted"] else None,
        }


class SuggestedLine(models.Model):
    """One line of one generation, and what the rep answered to it.

    It outlives the activity, client and product that it names by their ids. An answer stands on the
    line that it was given to, the one of the product that the activity showed last then, and counts
    once however often the activity is generated. What was answered but never suggested stands here
    too, without a rank.
    """

    activity = models.CharField(max_length=24, db_collation="C")
    client = models.CharField(max_length=EXTERNAL_ID_LENGTH, db_collation="C")
    product = models.CharField(max_length=EXTERNAL_ID_LENGTH, db_collation="C")
    rep = models.CharField(max_length=EXTERNAL_ID_LENGTH, db_collation="C")
    model_version = models.ForeignKey(
        ModelVersion, models.SET_NULL, null=True, blank=True, related_name="suggested_lines"
    )
    rank = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="1 is first. Empty for what was answered but not suggested."
    )
    confidence = models.FloatField(null=True, blank=True)
    quantity = models.PositiveBigIntegerField(null=True, blank=True)
    price = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    suggested_at = models.DateTimeField()
    superseded = models.BooleanField(
        default=False, db_default=False, help_text="The activity has been generated or changed since."
    )
    larger_volume = models.BooleanField(
        default=False,
        db_default=False,
        help_text="More at once of what the client buys already; an answer says nothing of the product itself.",
    )
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN)
    outcome_at = models.DateTimeField(null=True, blank=True)

    objects = SuggestedLineQuerySet.as_manager()

    class Meta:
        ordering = ["-suggested_at", "activity", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["activity", "product"], condition=ANSWERED, name="line_answered_once"),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.OPEN, outcome_at__isnull=True) | ANSWERED & Q(outcome_at__isnull=False),
                name="line_outcome_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(rank__gte=1, confidence__gte=0, confidence__lte=1, quantity__gte=1)
                | ANSWERED & Q(rank__isnull=True, confidence__isnull=True, quantity__isnull=True),
                name="line_was_suggested_or_answered",
            ),
        ]
        indexes = [
            models.Index(fields=["activity"], name="line_activity"),
            # Each night leaves its lines behind: what is shown is found without reading those of all nights before.
            models.Index(fields=["activity"], condition=Q(superseded=False), name="line_shown"),
            models.Index(fields=["suggested_at"], name="line_suggested"),
            models.Index(fields=["client", "outcome_at"], condition=ANSWERED, name="line_answered"),
            # With what answers are counted by, so that counting them reads the index alone.
            models.Index(
                fields=["product", "outcome_at"],
                include=["outcome", "rank"],
                condition=ANSWERED,
                name="line_product_answered",
            ),
            models.Index(
                fields=["outcome_at"],
                include=["outcome", "rank", "rep", "model_version"],
                condition=ANSWERED,
                name="line_answered_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} for {self.client}"
