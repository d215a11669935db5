"""The promotion gate: a newly trained version answers unless it is shown to be worse than the one that does."""

from typing import Any

from recommender import registry
from recommender.comparison import compare, not_judged
from recommender.errors import OthersAnswerError, PromotionError
from recommender.models import ModelVersion


def promote_unless_worse(candidate: ModelVersion, seed: int = 0) -> None:
    """Compare the candidate with the version that answers, keep the figures, and let it answer.

    While an A/B test is under way it stays a candidate, because a promotion would end the test.

    Raises:
        PromotionError: the candidate is refused; it stays a candidate.
        DamagedArtifactError: the candidate's files are not what was published.
    """
    active = list(ModelVersion.objects.active())
    candidate.comparison = comparison_with(active, candidate, seed)
    candidate.save(update_fields=["comparison"])
    if candidate.was_refused:
        raise PromotionError(f"{candidate} stays a candidate. {candidate.comparison['reason']}")
    if len(active) > 1:
        return
    try:
        registry.promote(candidate, instead_of=active)
    except OthersAnswerError:  # somebody has promoted meanwhile, which takes people long
        promote_unless_worse(candidate, seed)


def comparison_with(active: list[ModelVersion], candidate: ModelVersion, seed: int) -> dict[str, Any]:
    if not active:
        return not_judged("No version was active.")
    if len(active) > 1:
        tested = " and ".join(row.version for row in active)
        return not_judged(f"{tested} were being tested against each other, which a promotion would have ended.")
    return compare(candidate, active[0], seed)
