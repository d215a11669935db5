"""How good the suggestions are, on orders that the model has not seen.

`evaluate` cuts the history in time, trains on what is before and judges what comes after; `report`
writes its figures as JSON and as a page with plots. docs/evaluation.md says how to read them.
"""

from recommender.evaluation.evaluate import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
