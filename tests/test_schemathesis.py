"""Schemathesis reads the served contract and tries what it allows and what it does not.

A few examples of each operation run with every test; `make fuzz` runs some thousands.
"""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from activities.models import ApiKey
from activities.updates import create_activity

EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "20")


def test_the_running_server_keeps_the_contract_it_serves(served_house, tmp_path):
    _, token = ApiKey.issue("schemathesis")
    activity, another = (create_activity(client="cafe-01", rep="r", activity_type="recommendation") for _ in range(2))

    result = subprocess.run(
        [
            Path(sys.executable).parent / "st", "run", f"{served_house}/openapi.json", "--url", served_house,
            "--header", f"api-key: {token}", "--checks", "all", "--max-examples", EXAMPLES, "--seed", "1",
            "--continue-on-failure", "--suppress-health-check", "all", "--no-color",
        ],
        env=os.environ
        | {
            "ACTIVITY_ID": activity.pk,
            "ACTIVITY_TO_DELETE": another.pk,
            "PYTHONPATH": str(settings.BASE_DIR),
            "SCHEMATHESIS_HOOKS": "tests.schemathesis_hooks",
        },
        cwd=tmp_path,  # it writes down the cases that failed
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip

    print(result.stdout[-4000:])
    assert result.returncode == 0, result.stdout[-20_000:]
