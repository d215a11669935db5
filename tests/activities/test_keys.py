from activities.models import ApiKey
from tests.conftest import API, Tool


def test_without_a_valid_key_nothing_is_told(keys):
    assert keys.none.get().body["code"] == "not_authenticated"
    assert keys.revoked.get().status_code == 401
    assert Tool("wrong").get().headers["WWW-Authenticate"] == "Bearer"


def test_a_key_may_come_as_a_bearer_token(db):
    _, token = ApiKey.issue("bearer")

    assert Tool(None).get(authorization=f"Bearer {token}").status_code == 200


def test_the_log_tells_by_its_prefix_whose_key_a_request_came_with(db, caplog):
    key, token = ApiKey.issue("CRM")

    Tool(token).get()

    [line] = [record.msg for record in caplog.records if record.msg["event"] == "request_finished"]
    assert line["key"] == key.prefix == token[:9]


def test_a_read_only_key_reads_and_does_not_write(keys):
    activity = keys.full.file()

    assert keys.read_only.get(f"{API}/{activity['_id']}").status_code == 200
    assert keys.read_only.post({}).body["code"] == "permission_denied"
    assert keys.read_only.generate(activity["_id"]).status_code == 403


def test_for_a_key_of_one_rep_the_rows_of_others_do_not_exist(keys):
    own, other = keys.full.file(rep="rep-0"), keys.full.file(rep="rep-1")

    assert [row["_id"] for row in keys.of_rep_0.get().body["data"]] == [own["_id"]]
    assert keys.of_rep_0.get(f"{API}?rep=rep-1").body["total"] == 0
    assert keys.of_rep_0.get(f"{API}/{other['_id']}").status_code == 404
    assert keys.of_rep_0.generate(other["_id"]).status_code == 404
    assert keys.of_rep_0.delete(other["_id"]).status_code == 404


def test_a_key_of_one_rep_files_for_no_other_and_pushes_no_master_data(keys):
    own = keys.of_rep_0.file(rep="rep-0")

    assert keys.of_rep_0.post({"client": "c", "rep": "rep-1", "activityType": "upsell"}).status_code == 403
    assert keys.of_rep_0.patch(own["_id"], {"rep": "rep-1"}).status_code == 403
    assert keys.of_rep_0.post({"items": [{"client": "c"}]}, "/clients").status_code == 403


def test_only_the_digest_of_a_key_is_kept_and_its_use_is_noted(db):
    key, token = ApiKey.issue("counted")

    Tool(token).get()

    key.refresh_from_db()
    assert key.last_used_at is not None
    assert token not in {str(value) for value in ApiKey.objects.values().get(pk=key.pk).values()}
