"""Schemathesis reads the served contract and tries what it allows and what it does not.

A few examples of each operation run with every test; `make fuzz` runs some thousands.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from activities.models import ApiKey
from activities.updates import create_activity
from recommender.models import ModelVersion
from recommender.registry import promote
from recommender.training import train_version
from tests.wholesale import LAST_DAY, load_wholesale_house

EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "8")


@pytest.mark.django_db(transaction=True)
def test_the_running_server_keeps_the_contract_it_serves(live_server, own_models_folder, tmp_path):
    if not ModelVersion.objects.active().exists():
        load_wholesale_house()
        promote(train_version(LAST_DAY))
    _, token = ApiKey.issue("schemathesis")
    activity = create_activity(client="cafe-01", rep="r", activity_type="recommendation")

    result = subprocess.run(
        [
            Path(sys.executable).parent / "st", "run", f"{live_server.url}/openapi.json", "--url", live_server.url,
            "--header", f"api-key: {token}", "--checks", "all", "--max-examples", EXAMPLES, "--seed", "1",
            "--continue-on-failure", "--suppress-health-check", "all", "--no-color",
        ],
        env=os.environ
        | {
            "ACTIVITY_ID": activity.pk,
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
