"""Where an order analysis places a client among all clients."""

from datetime import UTC, datetime, timedelta

import pytest

from recommender.loading.merge import merge_orders
from recommender.registry import promote
from recommender.requests import SuggestionRequest
from recommender.suggestions import suggest
from recommender.training import train_version

FIRST_MONDAY = datetime(2025, 6, 2, tzinfo=UTC)
MONDAY = FIRST_MONDAY + timedelta(weeks=10)
WEEKDAYS = [FIRST_MONDAY + timedelta(weeks=week, days=day) for week in range(10) for day in range(5)]


def load_daily_house(clients: int) -> None:
    """Each orders once on every day from Monday to Friday, an hour after the one before; there is a model of it."""
    merge_orders([order(f"c{client:02}", day + timedelta(hours=7 + client % 12), 2 + client)
                  for client in range(clients) for day in WEEKDAYS], "test")  # fmt: skip
    promote(train_version(MONDAY))


def order(client: str, moment: datetime, quantity: int) -> dict:
    line = {"product": "bread", "quantity": quantity, "unit_price": 1}
    return {"external_id": f"{client}-{moment}", "client": client, "ordered_at": moment, "lines": [line]}


def segments(clients: list[str], now: datetime) -> list[str]:
    """What an order analysis says of them."""
    results = suggest([SuggestionRequest(client=client, purpose="order-analysis", now=now) for client in clients])
    said = [sentence for result in results for sentence in result.insights["buyingPatterns"]]
    return [sentence for sentence in said if sentence.startswith("Segment: ")]


@pytest.mark.parametrize("later", [timedelta(hours=0), timedelta(hours=8), timedelta(days=2)])
def test_who_ordered_on_the_last_day_of_the_data_is_not_slipping_away_because_they_are_old(empty_house, later):
    load_daily_house(12)

    said = segments([f"c{client:02}" for client in range(12)], MONDAY + later)

    assert len(said) == 12
    assert [sentence for sentence in said if "recency 5" not in sentence] == []
    assert [sentence for sentence in said if f"last order {3 + later.days} days ago" not in sentence] == []


def test_who_has_ordered_since_the_training_has_ordered_lately_whatever_came_before(empty_house):
    load_daily_house(12)
    merge_orders([order("seldom", FIRST_MONDAY, 1)], "test")
    [before] = segments(["seldom"], MONDAY)
    merge_orders([order("seldom", MONDAY, 1)], "test")

    [after] = segments(["seldom"], MONDAY + timedelta(days=1))

    assert ("recency 1" in before, "recency 5" in after) == (True, True)


def test_who_orders_as_often_as_most_others_is_in_the_middle_by_frequency(empty_house):
    load_daily_house(12)

    said = segments([f"c{client:02}" for client in range(12)], MONDAY)

    assert [sentence for sentence in said if "frequency 3" not in sentence] == []


@pytest.mark.parametrize(("clients", "placed"), [(9, 0), (10, 1)])
def test_among_a_handful_of_clients_nobody_is_placed(empty_house, clients, placed):
    load_daily_house(clients)

    assert len(segments(["c00"], MONDAY)) == placed


def test_who_ordered_once_as_a_quarter_of_all_did_is_among_the_lowest_by_frequency(empty_house):
    load_daily_house(12)
    merge_orders([order(f"once{number}", MONDAY - timedelta(days=3), 1) for number in range(4)], "test")
    promote(train_version(MONDAY))

    assert [sentence for sentence in segments(["once0"], MONDAY) if "frequency 1" in sentence]


def test_yesterday_is_yesterday_whenever_the_model_was_trained(empty_house):
    """Trained at noon, with an order of that morning."""
    load_daily_house(12)
    merge_orders([order("c00", MONDAY + timedelta(hours=8), 1)], "test")
    for client, hour in {"early": 9, "late": 15}.items():
        merge_orders([order(client, MONDAY - timedelta(days=1) + timedelta(hours=hour), 1)], "test")
    promote(train_version(MONDAY + timedelta(hours=12)))

    early, late = segments(["early", "late"], MONDAY + timedelta(hours=13))

    assert early[early.index("recency") :] == late[late.index("recency") :]


def test_who_has_been_silent_for_long_is_no_top_client_because_the_model_is_old(empty_house):
    load_daily_house(12)

    assert "recency 1" in segments(["c00"], MONDAY + timedelta(days=70))[0]
