"""What the evaluation says about habits that were put in, and how its report reads."""

import json
import re
from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from recommender.engine.bootstrap import Bootstrap
from recommender.engine.calibrated_counting import CalibratedCounting
from recommender.evaluation import evaluate
from recommender.evaluation.judged import first_orders, judge_on
from recommender.loading.merge import merge_orders
from tests.recommender.histories import basket
from tests.wholesale import FIRST_DAY, LAST_DAY

pytestmark = pytest.mark.django_db
CUT = LAST_DAY - timedelta(days=30)


@pytest.fixture(scope="module")
def evaluation(wholesale_house, django_db_blocker):
    with django_db_blocker.unblock():
        return evaluate(CUT, LAST_DAY)


@pytest.fixture(scope="module")
def report(wholesale_house, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    out = StringIO()
    with django_db_blocker.unblock():
        call_command("evaluate_recommender", cut=CUT, until=LAST_DAY, output=folder, stdout=out)
    return folder, out.getvalue()


@pytest.mark.parametrize("occasion", ["at_order", "between_orders"])
def test_the_habits_that_were_put_in_are_found_and_popularity_is_beaten(evaluation, occasion):
    whole = getattr(evaluation, occasion).whole
    recall = {method: values["recall@10"].value for method, values in whole.methods.items()}

    assert evaluation.judged_clients == 40
    assert recall["Sales AI"] >= recall["GP-TopFreq"] - 0.03
    assert whole.methods["Sales AI"]["ndcg@10"].value > whole.methods["G-TopFreq"]["ndcg@10"].value + 0.05


@pytest.mark.parametrize("method", ["Sales AI", "GP-TopFreq, calibrated"])
def test_confidences_of_habits_are_kept(evaluation, method):
    assert evaluation.at_order.calibration.methods[method].ece < 0.1


def test_quantities_and_prices_bought_again_are_judged(evaluation):
    assert evaluation.quantity.methods["median"].value < evaluation.quantity.methods["last"].value
    assert evaluation.price.methods["last"].value == pytest.approx(0)


def test_clients_without_a_past_are_judged_apart(wholesale_house):
    merge_orders(
        [{"external_id": "first", "client": "cafe-new", "ordered_at": LAST_DAY - timedelta(days=2),
          "lines": [{"product": "milk", "quantity": 6}]}],
        source="test",
    )  # fmt: skip

    evaluation = evaluate(CUT, LAST_DAY)

    assert (evaluation.judged_clients, evaluation.judged_new_clients) == (40, 1)
    assert evaluation.new_clients.methods["G-TopFreq"]["recall@10"].value == 1
    assert "GP-TopFreq" not in evaluation.new_clients.methods


def test_a_history_of_one_order_a_client_with_no_prices_is_evaluated(empty_house, tmp_path):
    merge_orders(
        [{"external_id": f"o{n}", "client": f"c{n % 4}", "ordered_at": FIRST_DAY + timedelta(days=n),
          "lines": [{"product": f"p{n % 3}", "quantity": 1}]}
         for n in range(8)],
        source="test",
    )  # fmt: skip
    call_command("evaluate_recommender", cut=FIRST_DAY + timedelta(days=4), output=tmp_path, stdout=StringIO())

    figures = json.loads((tmp_path / "report.json").read_text())
    assert figures["judged_clients"] == 4
    assert figures["price"] is None


def test_weeks_without_orders_before_the_cut_are_not_learned_as_weeks_in_which_nobody_buys(empty_house):
    """Orders of every week but six, before the last of which the cut is: the age of an export, say."""
    merge_orders(
        [{"external_id": f"{client}-{week}", "client": f"c{client}",
          "ordered_at": FIRST_DAY + timedelta(weeks=week, days=client % 5),
          "lines": [{"product": f"p{(client + n) % 8}", "quantity": 6} for n in range(3)]}
         for client in range(30) for week in (*range(30), *range(36, 44))],
        source="test",
    )  # fmt: skip

    month, _ = evaluate(FIRST_DAY + timedelta(weeks=36), FIRST_DAY + timedelta(weeks=44)).after_cut.demand

    assert month.groups[0].bought.value == 1
    assert month.groups[0].promised.value > 0.9


def test_against_a_method_that_finds_nothing_the_difference_is_told_in_points(empty_house, tmp_path):
    merge_orders(
        [{"external_id": f"{client}-{week}", "client": f"c{client}", "ordered_at": FIRST_DAY + timedelta(weeks=week),
          "lines": [{"product": "bread" if week < 12 else "novelty", "quantity": 1}]}
         for client in range(4) for week in range(13)],
        source="test",
    )  # fmt: skip
    printed = StringIO()

    call_command("evaluate_recommender", cut=FIRST_DAY + timedelta(weeks=12), output=tmp_path, stdout=printed)

    assert "of what a client orders next, +0.0 points against the best simple method, " in printed.getvalue()
    assert not re.search(r"\bnan\b", printed.getvalue() + (tmp_path / "report.html").read_text())


def test_a_cut_with_nothing_after_it_is_refused(wholesale_house):
    with pytest.raises(CommandError, match="choose another cut"):
        call_command("evaluate_recommender", cut=LAST_DAY + timedelta(days=1))


def test_the_command_writes_figures_for_programs(report):
    folder, printed = report
    figures = json.loads((folder / "report.json").read_text())

    recall = figures["at_order"]["whole"]["methods"]["Sales AI"]["recall@10"]
    assert recall["low"] <= recall["value"] <= recall["high"]
    assert len(figures["at_order"]["whole"]["curve"]["G-TopFreq"]) == 20
    assert str(folder / "report.html") in printed


def test_the_page_is_complete_in_itself_with_a_table_for_each_plot(report):
    page = (report[0] / "report.html").read_text()

    assert page.count("<svg") == 4
    assert page.count("<svg") < page.count("<table>")
    assert not re.search(r"https?://|<script|@import|<link", page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', page)) <= set(ids)


def test_only_what_stood_before_the_cut_is_known_of_a_judged_order():
    after = basket([(0, 1, {0: 1}), (0, 9, {1: 2, 3: 1}), (0, 12, {2: 1}), (1, 8, {3: 1})])
    before = basket([(0, 1, {0: 1})])

    judged = judge_on(before, after, first_orders(after, 5))

    assert judged.clients.tolist() == ["c0", "c1"]
    assert judged.ordered.tolist() == [9, 8]
    assert [products.tolist() for products in judged.baskets] == [[1, 3], [3]]
    assert [products.tolist() for products in judged.bought] == [[0], []]


def test_counting_is_calibrated_on_last_orders_before_the_cut():
    history = basket([
        (0, 1, {0: 1}), (0, 2, {0: 1}),
        (1, 1, {0: 1}), (1, 2, {0: 1, 1: 1}),
        (2, 1, {0: 1, 1: 1}), (2, 2, {1: 1}),
        (3, 5, {0: 1}),
    ])  # fmt: skip

    counting = CalibratedCounting(history)

    # Of four pairs bought in every order before, three came again.
    assert counting.probability(np.array([0]), np.array([0])).tolist() == [0.75]
    # Of two clients that never had the product, one took it.
    assert counting.probability(np.array([3]), np.array([1])).tolist() == [0.5]
    assert counting.probability(np.array([3]), np.array([9])).tolist() == [0]


def test_intervals_hold_the_figure_and_narrow_with_more_clients():
    values = np.arange(10.0)

    few, many = Bootstrap(10).mean(values), Bootstrap(1000).mean(np.tile(values, 100))

    assert few.low < few.value == many.value == 4.5 < few.high
    assert many.high - many.low < (few.high - few.low) / 5


def test_a_client_without_a_value_does_not_count():
    assert Bootstrap(3).mean(np.array([np.nan, 2.0, 2.0])).value == 2
