"""What the contract says in words and JSON Schema cannot say, for the cases Schemathesis holds valid.

It also gives them the id of an activity that is there, so that they reach more than a 404; a DELETE gets another's.
"""

import os

import schemathesis
from schemathesis import GenerationMode

ID_OF = {"/clients": "client", "/products": "product", "/orders": "order"}
NAMES_ANOTHER = ("chain", "replacedBy")
OPEN_SECTIONS = (
    ("inputData", "clientPreferences"),
    ("inputData", "marketData"),
    ("inputData", "inventoryLevels"),
    ("aiModel", "parameters"),
)
FILTERS = (
    "{}",
    '{"status": "completed", "feedback.userRating": {"$gte": 4}}',
    '{"$or": [{"recommendations.product": {"$in": ["a", "b"]}}, {"$not": {"metadata.x": null}}]}',
)


@schemathesis.hook
def before_call(context, case, kwargs):
    path, activity = case.path_parameters or {}, os.environ["ACTIVITY_ID"]
    if case.method == "DELETE" and path.get("id") == activity:
        path["id"] = os.environ["ACTIVITY_TO_DELETE"]
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    if "filter" in (case.query or {}):
        case.query["filter"] = FILTERS[len(case.query["filter"]) % len(FILTERS)]
    if "id" in path and case.method != "DELETE":
        path["id"] = activity
    for conditional in ("If-Match", "Idempotency-Key"):  # a made-up one is rightly refused
        (case.headers or {}).pop(conditional, None)
    case.body = without_nul(case.body)
    if isinstance(case.body, dict):
        # The contract leaves these open and says that the design's keys in them are checked.
        for section, name in OPEN_SECTIONS:
            if isinstance(case.body.get(section), dict):
                case.body[section].pop(name, None)
    if case.path in ID_OF and isinstance(case.body, dict):
        case.body["items"] = acceptable(case.body["items"], ID_OF[case.path])


def without_nul(value):
    match value:
        case str():
            return value.replace("\0", "")
        case list():
            return [without_nul(item) for item in value]
        case dict():
            return {without_nul(key): without_nul(item) for key, item in value.items()}
    return value


def acceptable(items, id_field):
    """Each id once, and no row that names itself."""
    once = {item[id_field]: item for item in items}.values()
    return [
        {name: value for name, value in item.items() if not (name in NAMES_ANOTHER and value == item[id_field])}
        for item in once
    ]
