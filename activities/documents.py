"""What an activity looks like on the wire: the names of its fields, and the document that they make.

A page of many is written by PostgreSQL itself, which holds the sections as they are shown; nothing
is read into objects on the way.
"""

from typing import TYPE_CHECKING, Any

from django.db.models import Func, TextField

from activities.dates import wire_time

if TYPE_CHECKING:
    from activities.models import Activity

FIELDS = {
    "_id": "id",
    "client": "client",
    "rep": "rep",
    "activityType": "activity_type",
    "inputData": "input_data",
    "aiModel": "ai_model",
    "recommendations": "recommendations",
    "insights": "insights",
    "status": "status",
    "processingTime": "processing_time",
    "accuracy": "accuracy",
    "feedback": "feedback",
    "generatedOrder": "generated_order",
    "metadata": "metadata",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
}
TIMES = ("created_at", "updated_at")


def document_of(activity: "Activity") -> dict[str, Any]:
    return {
        name: wire_time(getattr(activity, column)) if column in TIMES else getattr(activity, column)
        for name, column in FIELDS.items()
    }


WIRE_TIME = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""  # as `dates.wire_time` has it


class DocumentText(Func):
    """The document as JSON text, of a row of the activities table; one expression, so that Django has little to do."""

    output_field = TextField()
    template = "json_build_object({})::text".format(
        ", ".join(
            f"'{name}', {WIRE_TIME.format(column) if column in TIMES else column}" for name, column in FIELDS.items()
        )
    )
