"""What ops looks at: the rules that fill the review queue, and its items."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils import timezone


class ReviewRuleQuerySet(models.QuerySet):
    def in_force(self) -> "ReviewRuleQuerySet":
        return self.filter(enabled=True)


class ReviewRule(models.Model):
    """When an activity comes into the review queue. One rule of each kind; ops sets its numbers."""

    class Kind(models.TextChoices):
        FAILED = "failed", "Generation failed"
        LOW_RATING = "low-rating", "Rated at most"
        COMMENT = "comment", "Has a comment"
        REJECTIONS = "rejections", "Rejected lines, at least"
        CHURN = "churn", "Client may be leaving"
        UNSURE_MONEY = "unsure-money", "Confidence below, with an order of at least"
        FIRST_LISTS = "first-lists", "First lists of a model version, so many"

    kind = models.CharField(max_length=20, choices=Kind, unique=True)
    enabled = models.BooleanField(default=True)
    # The validators say beside the field what the constraints hold to.
    threshold = models.FloatField(
        default=0,
        validators=[MinValueValidator(0, "Threshold: 0 or more.")],
        help_text="The number that the rule's name speaks of; a confidence is 0..1.",
    )
    amount = models.FloatField(
        default=0,
        validators=[MinValueValidator(0, "Amount: 0 or more.")],
        help_text="Of the draft order; for the rule on confidence alone.",
    )
    weight = models.PositiveSmallIntegerField(
        default=10,
        validators=[MinValueValidator(1, "Weight: 1 to 100."), MaxValueValidator(100, "Weight: 1 to 100.")],
        help_text="Weights add up; the heaviest item comes first.",
    )

    objects = ReviewRuleQuerySet.as_manager()

    class Meta:
        ordering = ["-weight", "kind"]
        constraints = [
            models.CheckConstraint(condition=Q(threshold__gte=0, amount__gte=0), name="review_rule_not_negative"),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=100), name="review_rule_weight_in_range"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    def clean(self) -> None:
        most = MOST.get(self.kind)
        if most is not None and self.threshold > most:
            raise ValidationError({"threshold": f"Threshold: {most} at most, for this rule."})


# What a rule's threshold may be at most: beyond the scale it would find everything, and lists are counted so far.
MOST = {ReviewRule.Kind.LOW_RATING: 5, ReviewRule.Kind.UNSURE_MONEY: 1, ReviewRule.Kind.FIRST_LISTS: 1000}
# What a fresh installation begins with: kind -> (threshold, amount, weight).
FIRST_RULES = {
    ReviewRule.Kind.FAILED: (0, 0, 50),
    ReviewRule.Kind.LOW_RATING: (2, 0, 40),
    ReviewRule.Kind.COMMENT: (0, 0, 30),
    ReviewRule.Kind.REJECTIONS: (3, 0, 20),
    ReviewRule.Kind.CHURN: (0, 0, 15),
    ReviewRule.Kind.UNSURE_MONEY: (0.3, 1000, 10),
    ReviewRule.Kind.FIRST_LISTS: (20, 0, 5),
}


class ReviewItemQuerySet(models.QuerySet):
    def waiting(self) -> "ReviewItemQuerySet":
        return self.filter(state=ReviewItem.State.OPEN)

    def most_urgent_first(self) -> "ReviewItemQuerySet":
        """Open before snoozed before closed; in each the heaviest first, then the one that waits longest."""
        states = [When(state=state, then=Value(place)) for place, state in enumerate(ReviewItem.State.values)]
        return self.order_by(Case(*states), "-weight", "since", "pk")


class ReviewItem(models.Model):
    """An activity that a rule has found, and what ops decided of it.

    `findings` maps the kind of a rule to `{"says": sentence, "severity": number}`; `settled` is what
    they were when ops closed or snoozed the item: it comes back when they are worse than that.
    """

    class State(models.TextChoices):
        OPEN = "open"
        SNOOZED = "snoozed"
        CLOSED = "closed"

    class Reason(models.TextChoices):
        SOLVED = "solved", "Solved"
        NO_FAULT = "no-fault", "Nothing wrong with it"
        DATA = "data", "Wrong data, reported"
        MODEL = "model", "The model is wrong, reported"
        CLIENT = "client", "Settled with the client"
        BETTER = "better", "No rule finds it any more"

    activity = models.OneToOneField("activities.Activity", models.CASCADE, related_name="review")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    weight = models.PositiveIntegerField(default=0)
    findings = models.JSONField(default=dict)
    settled = models.JSONField(default=dict, blank=True)
    returned = models.BooleanField(default=False, help_text="It was closed or snoozed, and turned bad again.")
    since = models.DateTimeField(default=timezone.now)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="review_items"
    )
    note = models.TextField(blank=True, max_length=10_000)
    reason = models.CharField(max_length=10, choices=Reason, blank=True, help_text="Why it was closed.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = ReviewItemQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state", "-weight", "since"], name="review_item_urgency")]
        constraints = [
            models.CheckConstraint(condition=~Q(state="closed") | ~Q(reason=""), name="review_item_closed_with_reason"),
        ]

    def __str__(self) -> str:
        return f"Review of {self.activity_id}"

    @property
    def sentences(self) -> list[str]:
        return [finding["says"] for finding in self.findings.values()]
