"""Headless Chromium, and axe-core in it."""

import os
import shutil
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MISSING = "no Chromium found: apt-get install chromium, or set CHROMIUM=/path/to/it"
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
GRAVE = ("serious", "critical")


def chromium_path() -> str:
    """Where Chromium is. Skips the test where there is none: the two commands need nothing installed by hand."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(MISSING)
    return found


def grave_violations(page: Page) -> list[dict[str, Any]]:
    """What axe-core finds on the page as it stands that shuts people out."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run({resultTypes: ['violations']})")
    return [
        {"rule": each["id"], "impact": each["impact"], "where": [node["html"][:200] for node in each["nodes"]][:5]}
        for each in found["violations"]
        if each["impact"] in GRAVE
    ]
