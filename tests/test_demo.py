"""`make demo`: from a history of orders to a server that tools and people can use."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest

from activities.models import Activity
from tests.installation import Installation, wait_for
from tests.sales_traffic import Caller
from tests.service import API, free_port

WANTED = {"client": "C0001", "rep": "demo", "activityType": "recommendation"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Installation]:
    """A history smaller than the demo's own, so that it trains in seconds."""
    installation = Installation(tmp_path)
    try:
        installation.manage("migrate", "--verbosity", "0")
        installation.manage("generate_demo_history", "--clients", "25")
        yield installation
    finally:
        installation.postgres.stop()


@contextmanager
def demo(house: Installation) -> Iterator[tuple[str, str]]:
    """(the address that it serves on, what it said before)."""
    port = str(free_port())
    process = house.start("manage.py", "demo", PORT=port)
    try:
        said = ""
        while "/ID/generate" not in said:
            said += process.stdout.readline()
            assert process.poll() is None, said
        wait_for(lambda: is_ready(f"http://127.0.0.1:{port}"))
        yield f"http://127.0.0.1:{port}", said
    finally:
        process.terminate()
        process.communicate()


def is_ready(address: str) -> bool:
    try:
        return urllib.request.urlopen(f"{address}/readyz").status == 200
    except urllib.error.URLError:
        return False


def page_after_login(address: str, name: str, password: str) -> str:
    """Where a person comes to who logs in to the admin in a browser."""
    cookies = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    login = browser.open(f"{address}/admin/login/").url
    [token] = [cookie.value for cookie in cookies if cookie.name == "csrftoken"]
    form = {"username": name, "password": password, "csrfmiddlewaretoken": token}
    return browser.open(login, urlencode(form).encode()).url


def test_it_suggests_and_serves_tools_and_people_and_keeps_what_is_there(house: Installation) -> None:
    with demo(house) as (address, said):
        name, password = re.search(r"as (\S+) with password (\S+)", said).groups()
        tool = Caller(address, re.search(r"API key: (\S+)", said)[1])
        activity = f"{API}/{tool.send(API, 'POST', WANTED)['data']['_id']}"
        suggested = tool.send(f"{activity}/generate", "POST")["data"]["recommendations"]
        page = page_after_login(address, name, password)
    with demo(house) as (later_address, again):
        kept = Caller(later_address, tool.key).send(activity)["data"]["recommendations"]

    assert [kind for kind in Activity.Type.values if f"{kind} for " not in said] == []
    assert suggested == kept != []
    assert page == f"{address}/admin/"
    assert "API key: printed when it was made" in again
    assert ("Training on it" in said, "Training on it" in again) == (True, False)
