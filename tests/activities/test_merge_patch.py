from functools import partial

import pytest

from tests.conftest import API


@pytest.fixture
def merge(tool):
    return partial(tool.patch, content_type="application/merge-patch+json")


def test_one_key_of_a_section_changes_and_null_removes(tool, merge):
    activity = tool.file(metadata={"a": 1, "b": {"c": 2, "d": None}}, feedback={"userRating": 3, "comments": "ok"})

    changed = merge(activity["_id"], {"metadata": {"b": {"c": None, "e": 3}}, "feedback": {"userRating": 5}})

    assert changed.body["data"]["metadata"] == {"a": 1, "b": {"d": None, "e": 3}}
    assert changed.body["data"]["feedback"] == {"userRating": 5, "comments": "ok"}


def test_null_empties_a_section_and_read_only_fields_are_ignored(tool, merge):
    activity = tool.file(metadata={"a": 1})

    changed = merge(activity["_id"], {"metadata": None, "status": "completed"}).body["data"]

    assert (changed["metadata"], changed["status"]) == ({}, "processing")


@pytest.mark.parametrize("patch", [{"client": None}, {"colour": 1}, {"feedback": {"userRating": 9}}, [1], None])
def test_a_patch_that_leads_nowhere_good_changes_nothing(tool, merge, patch):
    activity = tool.file()

    assert merge(activity["_id"], patch).status_code == 400
    assert tool.get(f"{API}/{activity['_id']}").body["data"] == activity


def test_a_patch_of_the_inputs_makes_results_untrue_and_an_empty_one_does_not(tool, merge, wholesale_house):
    activity = tool.generated()

    assert merge(activity["_id"], {}).body["data"]["recommendations"] == activity["recommendations"]
    changed = merge(activity["_id"], {"inputData": {"marketData": {"prices": {"milk": 1}}}}).body["data"]
    assert (changed["status"], changed["recommendations"]) == ("processing", [])
