from activities.models import ApiKey
from tests.conftest import Tool


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


def test_what_a_key_may_not_do_is_refused_with_a_code(keys):
    assert keys.read_only.post({}).body["code"] == "permission_denied"


def test_a_key_of_one_rep_hands_no_activity_to_another(keys):
    own = keys.of_rep_0.file(rep="rep-0")

    assert keys.of_rep_0.patch(own["_id"], {"rep": "rep-1"}).status_code == 403


def test_only_the_digest_of_a_key_is_kept_and_its_use_is_noted(db):
    key, token = ApiKey.issue("counted")

    Tool(token).get()

    key.refresh_from_db()
    assert key.last_used_at is not None
    assert token not in {str(value) for value in ApiKey.objects.values().get(pk=key.pk).values()}
