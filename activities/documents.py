"""What an activity looks like on the wire: the names of its fields, and the document that they make.

A page of many is written by PostgreSQL itself, which holds the sections as they are shown; nothing
is read into objects on the way.
"""

from typing import TYPE_CHECKING, Any

from django.db.models import F, Func, TextField, Value

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


class WireTime(Func):
    """As `dates.wire_time` writes it."""

    output_field = TextField()
    template = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


class DocumentText(Func):
    """The document as JSON text."""

    output_field = TextField()
    template = "json_build_object(%(expressions)s)::text"

    def __init__(self) -> None:
        super().__init__(
            *(
                part
                for name, column in FIELDS.items()
                for part in (Value(name), WireTime(column) if column in TIMES else F(column))
            )
        )
