from functools import partial

import pytest

from activities.models import ActivityEvent
from recommender.registry import promote
from recommender.training import train_version
from tests.service import API
from tests.wholesale import LAST_DAY


@pytest.fixture
def merge(tool):
    return partial(tool.patch, content_type="application/merge-patch+json")


def test_one_key_of_a_section_changes_and_null_removes(tool, merge):
    activity = tool.file(metadata={"a": 1, "b": {"c": 2, "d": None}}, feedback={"userRating": 3, "comments": "ok"})

    changed = merge(activity["_id"], {"metadata": {"b": {"c": None, "e": 3}}, "feedback": {"userRating": 5}})

    assert changed.body["data"]["metadata"] == {"a": 1, "b": {"d": None, "e": 3}}
    assert changed.body["data"]["feedback"] == {"userRating": 5, "comments": "ok"}


def test_an_object_takes_the_place_of_what_is_none_without_its_nulls(tool, merge):
    activity = tool.file(metadata={"tags": ["x"], "visit": 7})

    changed = merge(activity["_id"], {"metadata": {"tags": {"a": 1, "b": None}, "visit": {}, "new": {"c": None}}})

    assert changed.body["data"]["metadata"] == {"tags": {"a": 1}, "visit": {}, "new": {}}


@pytest.mark.parametrize("written", ["application/merge-patch+json; charset=utf-8", "Application/Merge-Patch+JSON"])
def test_a_merge_patch_is_one_however_its_type_is_written(tool, written):
    activity = tool.file(metadata={"a": 1, "b": 2})

    changed = tool.patch(activity["_id"], {"metadata": {"a": None}}, content_type=written)

    assert changed.body["data"]["metadata"] == {"b": 2}


def test_one_parameter_changes_and_the_model_that_answered_is_not_asked_for_from_then_on(tool, merge, wholesale_house):
    activity = tool.generated(aiModel={"version": "9.9", "parameters": {"limit": 5, "diversity": 0.5}})

    changed = merge(activity["_id"], {"aiModel": {"parameters": {"limit": 3}}}).body["data"]

    assert changed["aiModel"] == {"version": "9.9", "parameters": {"limit": 3, "diversity": 0.5}}
    assert changed["status"] == "processing"


def test_a_patch_that_says_what_is_shown_already_leaves_the_results(tool, merge, wholesale_house):
    activity = tool.generated()

    for same in (activity["aiModel"], {"parameters": {"limit": 10}}):
        assert merge(activity["_id"], {"aiModel": same}).body["data"]["recommendations"] == activity["recommendations"]


@pytest.mark.parametrize(
    "patch", [{"aiModel": {"parameters": {"limit": None}}}, {"inputData": {"clientPreferences": {"budget": None}}}]
)
def test_to_remove_what_was_never_asked_for_leaves_the_results(tool, merge, wholesale_house, patch):
    activity = tool.generated()

    changed = merge(activity["_id"], patch).body["data"]

    assert (changed["status"], changed["recommendations"]) == ("completed", activity["recommendations"])
    assert changed["aiModel"] == activity["aiModel"]


@pytest.mark.parametrize(
    ("asked_before", "names"),
    [
        ({"parameters": {"limit": 3}}, ["version"]),
        ({"parameters": {"limit": 3}}, ["name", "version"]),
        ({"name": "sales-recommender-v2", "parameters": {"limit": 3}}, ["version"]),
        ({}, ["name", "version", "parameters"]),
    ],
)
def test_the_model_that_has_answered_can_be_asked_for_from_now_on(tool, merge, wholesale_house, asked_before, names):
    activity = tool.generated(aiModel=asked_before)
    shown = activity["aiModel"]
    patch = {name: shown[name] for name in names}

    asked, again = (merge(activity["_id"], {"aiModel": patch}).body["data"] for _ in range(2))
    promote(train_version(LAST_DAY))
    tool.generate(activity["_id"])

    assert asked["aiModel"] == again["aiModel"] == asked_before | patch
    assert tool.get(f"{API}/{activity['_id']}").body["data"]["aiModel"]["version"] == shown["version"]
    assert tool.generated()["aiModel"]["version"] != shown["version"]


def test_feedback_leaves_the_results_where_the_old_change_records_are_deleted(tool, merge, wholesale_house):
    activity = tool.generated()
    ActivityEvent.objects.all().delete()

    changed = merge(activity["_id"], {"feedback": {"userRating": 5}}).body["data"]

    assert (changed["status"], changed["recommendations"]) == ("completed", activity["recommendations"])


def test_null_empties_a_section_and_read_only_fields_are_ignored(tool, merge):
    activity = tool.file(metadata={"a": 1})

    changed = merge(activity["_id"], {"metadata": None, "status": "completed"}).body["data"]

    assert (changed["metadata"], changed["status"]) == ({}, "processing")


@pytest.mark.parametrize(
    "patch", [{"client": None}, {"colour": 1}, {"colour": None}, {"feedback": {"userRating": 9}}, [1], None]
)
def test_a_patch_that_leads_nowhere_good_changes_nothing(tool, merge, patch):
    activity = tool.file()

    assert merge(activity["_id"], patch).status_code == 400
    assert tool.get(f"{API}/{activity['_id']}").body["data"] == activity


def test_a_patch_of_the_inputs_makes_results_untrue_and_an_empty_one_does_not(tool, merge, wholesale_house):
    activity = tool.generated()

    assert merge(activity["_id"], {}).body["data"]["recommendations"] == activity["recommendations"]
    changed = merge(activity["_id"], {"inputData": {"marketData": {"prices": {"milk": 1}}}}).body["data"]
    assert (changed["status"], changed["recommendations"]) == ("processing", [])
