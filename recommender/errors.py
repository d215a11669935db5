"""What can go wrong in the recommender, in words that a caller can act on."""


class RecommenderError(Exception):
    """Base of the errors below."""


class NoModelError(RecommenderError):
    """No model has been trained yet."""

    def __init__(self) -> None:
        super().__init__("No model has been trained yet. Run `manage.py train_recommender`, then try again.")


class NotEnoughHistoryError(RecommenderError):
    """The order history is too small for what was asked; the message says what is missing."""


class NoOrdersError(NotEnoughHistoryError):
    """There is no order at all."""

    def __init__(self) -> None:
        super().__init__("There are no orders. Load some with `manage.py import_orders`.")


class DamagedArtifactError(RecommenderError):
    """A file of a model's artifact is missing, cannot be had or is not what its manifest says."""


class UnwritableArtifactError(RecommenderError):
    """The files of a model cannot be kept, or removed; the message says where and why."""


class TrainingRunsError(RecommenderError):
    """One training at a time."""

    def __init__(self) -> None:
        super().__init__("Another training is under way; wait until it has ended.")


class TrainingEndedError(RecommenderError):
    """A training that was begun in a process of its own ended at once."""


class PromotionError(RecommenderError):
    """A version cannot answer as was asked; the message says why and what can be done."""


class OthersAnswerError(PromotionError):
    """Others answer by now than those that a version was to take the place of."""


class ClusterError(RecommenderError):
    """Work that was spread over processes or machines could not be done there; the message says why."""
