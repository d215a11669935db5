"""From the wire to the tables; the other way is `documents`, which has the names of all fields.

Bodies are checked against the contract itself (`activities.contract`); a serializer only maps.
"""

from typing import Any

from rest_framework import serializers

from activities import contract
from activities.asked_model import asked_for, names_model, writable
from activities.documents import FIELDS, document_of
from activities.merge_patch import merge_patch
from activities.models import Activity

SECTIONS = {"inputData": "input_data", "aiModel": "requested_model", "feedback": "feedback", "metadata": "metadata"}
PLAIN = {name: FIELDS[name] for name in ("client", "rep", "activityType")}


class ActivitySerializer(serializers.BaseSerializer):
    """An activity as the contract shows it, and its writable fields as the model has them.

    With `partial` no field is required. What is validated holds only the fields that were given. `instance` is the
    activity that they are to change: a document of it that was read, however long ago, asks for no model by that.
    """

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Raises a DRF ValidationError for what the contract does not allow."""
        given = {name: value if name == "metadata" else without_nulls(value) for name, value in data.items()}
        schema = "ActivityPatch" if self.partial else "ActivityInput"
        contract.check(contract.validator(f"#/components/schemas/{schema}"), given)
        fields = {field: given[name] for name, field in PLAIN.items() if name in given}
        sections = {field: section(name, given[name]) for name, field in SECTIONS.items() if name in given}
        if self.instance is not None and given.get("aiModel"):
            inputs = sections.get("input_data", self.instance.input_data)
            sections["requested_model"] = asked_for(given["aiModel"], self.instance, inputs)
        return fields | sections

    def to_representation(self, activity: Activity) -> dict[str, Any]:
        return document_of(activity)


def patched(activity: Activity, patch: dict[str, Any]) -> dict[str, Any]:
    """The writable fields of an activity with a merge patch applied; what it empties is null.

    A model that answered and is shown has not been asked for: changing one parameter does not ask for it; naming it
    does.
    """
    shown = ActivitySerializer(activity).data
    writable = {name: shown[name] for name in (*PLAIN, *SECTIONS)}
    unknown = dict.fromkeys(patch.keys() - shown.keys())  # to be refused, though with null they would change nothing
    merged = dict.fromkeys(SECTIONS) | unknown | merge_patch(writable, patch)
    if merged["aiModel"] is not None and (merged["aiModel"] != shown["aiModel"] or names_model(patch.get("aiModel"))):
        merged["aiModel"] = merge_patch(activity.requested_model, patch["aiModel"])
    return merged


def without_nulls(value: Any) -> Any:
    """A null for an optional field is as if it were left out."""
    match value:
        case dict():
            return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
        case list():
            return [without_nulls(inner) for inner in value]
    return value


def section(name: str, value: dict[str, Any] | None) -> dict[str, Any]:
    """A section as it is stored; null empties it."""
    stored = value or {}
    if name == "aiModel":
        return writable(stored)
    if name == "feedback" and "userRating" in stored:
        return stored | {"userRating": int(stored["userRating"])}  # 3.0 is the integer 3
    return stored
