"""Every operation with every kind of key."""

import pytest

from tests.service import API

WANTED = {"client": "c", "rep": "rep-0", "activityType": "upsell"}
ON_A_ROW = ["retrieve", "put", "patch", "merge", "generate", "cancel", "delete"]
MASTER_DATA = ["clients", "products", "orders"]
OPERATIONS = ["list", "create", *ON_A_ROW, *MASTER_DATA]
BODIES = {
    "clients": {"client": "x"},
    "products": {"product": "x"},
    "orders": {"order": "x", "client": "c", "date": "2026-01-01T00:00:00Z", "items": []},
}


def call(tool, operation, row):
    match operation:
        case "list":
            return tool.get()
        case "create":
            return tool.post(WANTED | {"rep": row["rep"]})
        case "retrieve":
            return tool.get(f"{API}/{row['_id']}")
        case "put":
            return tool.put(row["_id"], WANTED | {"rep": row["rep"]})
        case "patch":
            return tool.patch(row["_id"], {"metadata": {}})
        case "merge":
            return tool.patch(row["_id"], {"metadata": {}}, content_type="application/merge-patch+json")
        case "generate" | "cancel":
            return tool.post(path=f"{API}/{row['_id']}/{operation}")
        case "delete":
            return tool.delete(row["_id"])
    return tool.post({"items": [BODIES[operation]]}, f"/{operation}")


def allowed(operation):
    return 201 if operation == "create" else 200


def expected(role, operation):
    """The status a key of this role gets."""
    reads = operation in ("list", "retrieve")
    match role:
        case "full":
            return allowed(operation)
        case "read_only":
            return 200 if reads else 403
        case "rep's own":
            return 403 if operation in MASTER_DATA else allowed(operation)
        case "rep's other":
            return {"list": 200, "create": 403}.get(operation, 403 if operation in MASTER_DATA else 404)
    return 401


ROLES = {
    "full": ("full", "rep-1"),
    "read_only": ("read_only", "rep-1"),
    "rep's own": ("of_rep_0", "rep-0"),
    "rep's other": ("of_rep_0", "rep-1"),
    "revoked": ("revoked", "rep-0"),
    "none": ("none", "rep-0"),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("role", ROLES)
def test_who_may_do_what(keys, wholesale_house, role, operation):
    who, rep = ROLES[role]
    row = keys.full.file(rep=rep)

    answer = call(getattr(keys, who), operation, row)

    assert answer.status_code == expected(role, operation)


def test_no_path_tells_a_reps_key_of_another_reps_row(keys):
    keys.full.file(rep="rep-1", client="secret", metadata={"word": "secret"})
    own = keys.full.file(rep="rep-0", client="open")

    for query in ("", "?client=secret", "?search=secret", '?filter={"metadata.word":"secret"}', "?rep=rep-1"):
        body = keys.of_rep_0.get(API + query).body
        assert "secret" not in str(body)
        assert body["total"] == len(body["data"])
    assert [row["_id"] for row in keys.of_rep_0.get().body["data"]] == [own["_id"]]
