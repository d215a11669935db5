"""docs/api.md tells the truth: its requests are sent, in order, and its answers come."""

import json
import os
import re
import shutil
import subprocess

import pytest
from django.conf import settings

from activities.models import ApiKey

EXAMPLE = re.compile(r"^\$ (curl .*)\n(\d{3}) (.*)$", re.MULTILINE)


def holds(expected, answer) -> bool:
    """Whether `answer` has everything that `expected` shows."""
    if isinstance(expected, dict):
        return all(name in answer and holds(value, answer[name]) for name, value in expected.items())
    return expected == answer


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl found: the examples are curl commands")
def test_the_guides_examples_are_answered_as_it_says(served_house):
    shell = os.environ | {"KEY": ApiKey.issue("guide")[1], "API": served_house}
    examples = EXAMPLE.findall((settings.BASE_DIR / "docs/api.md").read_text())

    for command, status, shown in examples:
        result = subprocess.run(
            ["sh", "-c", f"{command} -w '\\n%{{http_code}}'"], env=shell, capture_output=True, text=True, check=True
        )
        body, code = result.stdout.rsplit("\n", 1)
        answer = json.loads(body)
        assert (code, holds(json.loads(shown), answer)) == (status, True), f"{command}\n{code} {body}"
        made = re.search(r'"_id" ?: ?"(?P<ID>[0-9a-f]{24})"', body)
        shell = (made.groupdict() if made else {}) | shell  # the first that was made stays

    assert len(examples) > 15
