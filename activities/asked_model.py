"""The aiModel of a document that was read and is sent back: what it asks for, and what it only showed."""

from typing import Any

from django.db.models import Q

from activities.models import Activity, ActivityEvent
from recommender.models import ModelVersion
from recommender.requests import most_lines

Model = dict[str, Any]

READ_ONLY = ("confidence", "requested")


def writable(model: Model) -> Model:
    return {name: value for name, value in model.items() if name not in READ_ONLY}


def was_read(sent: Model) -> bool:
    """A confidence is shown, and never asked for."""
    return "confidence" in sent


def names_model(patch: Any) -> bool:
    """Whether a merge patch of an aiModel asks for one by name or version, though it be the one that has answered."""
    return isinstance(patch, dict) and not was_read(patch) and not patch.keys().isdisjoint(("name", "version"))


def asked_for(sent: Model, activity: Activity, inputs: dict[str, Any]) -> Model:
    """What an aiModel sent for the activity asks for. One that shows what was used, as read, asks for nothing new.

    Args:
        inputs: that are to be stored with it.
    """
    asked = writable(sent)
    if asked == writable(activity.ai_model):
        return activity.requested_model
    return asked_again(asked, activity, inputs) if was_read(sent) else asked


def asked_again(sent: Model, activity: Activity, inputs: dict[str, Any]) -> Model:
    """What was asked before, but for what was changed in a document that was read.

    The document may be older than the results of now. The name and version of a model that has ever made results
    of the activity were shown and not asked for; and so was a limit that is what the inputs allow.
    """
    former, parameters = activity.requested_model, dict(sent.get("parameters", {}))
    named = former if has_answered(sent, activity) else sent
    asked = {name: named[name] for name in ("name", "version") if name in named}
    if "limit" in parameters and is_only_shown(parameters["limit"], activity, inputs):
        del parameters["limit"]
        parameters |= {name: value for name, value in former.get("parameters", {}).items() if name == "limit"}
    return asked | ({"parameters": parameters} if parameters or "parameters" in former else {})


def has_answered(sent: Model, activity: Activity) -> bool:
    """Whether the model of that name and version made the results of now, or former ones that are on record."""
    made = ActivityEvent.objects.filter(pgh_obj=activity.pk).values("model_version")
    versions = ModelVersion.objects.numbered(sent.get("version", "")).filter(name=sent.get("name", ""))
    return versions.filter(Q(pk=activity.model_version_id) | Q(pk__in=made)).exists()


def is_only_shown(limit: float, activity: Activity, inputs: dict[str, Any]) -> bool:
    """Whether a limit is what results showed that were made before, or makes no difference with the inputs of now."""
    asked = activity.requested_model.get("parameters", {})
    if lines_with({"limit": limit}, inputs) == lines_with(asked, inputs):
        return True
    return limit in (lines_with(asked, activity.input_data), lines_with(asked, {}))


def lines_with(parameters: dict[str, Any], inputs: dict[str, Any]) -> int:
    return most_lines(parameters, inputs.get("clientPreferences", {}))
