"""What feedback does to acceptance: simulated reps, on generated orders.

Round by round, four weeks apart, a model is trained on the orders so far, every client gets a list
of ten, and its rep accepts or rejects each line by a rule that the engine is not told: a taste in
products, one more of the segment, what the client really orders in the next weeks, the rep's own
strictness, and chance. Once the answers go nowhere; once those of half of the clients are reported,
so that later models learn from them, and the others show what is learned for clients whose reps
never said anything. Neither orders nor reps are real: this shows that feedback is learned from, not
how much it is worth on your orders.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.demo_orders import END, LINES_A_CLIENT, fill
from benchmarks.own_database import own_database
from benchmarks.simulated_reps import ROUND, Clientele, HiddenRule, clientele
from recommender.engine.bootstrap import Bootstrap, Estimate
from recommender.models import Outcome
from recommender.outcomes import former_outcomes, remembered_since
from recommender.registry import promote
from recommender.requests import RECOMMENDATION, FormerOutcomes, SuggestionRequest, SuggestionResult
from recommender.suggested_lines import FiledActivity, record_answers, record_generation
from recommender.suggestions import suggest
from recommender.training import train_version

VISITING_DAYS = 20  # of a round: a client a day and rep or so, as reps travel
BATCH = 200


@dataclass(frozen=True)
class Shown:
    """Of each round (R) and client (C): lines shown, accepted, and bought within the round. (R, C) int."""

    lines: np.ndarray
    accepted: np.ndarray
    bought: np.ndarray

    def share(self, of: str, clients: np.ndarray, rounds: slice) -> np.ndarray:
        """(C',) of each of the clients, over the rounds; NaN for one that was shown nothing."""
        top, bottom = (table[rounds][:, clients].sum(axis=0) for table in (getattr(self, of), self.lines))
        return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=300, help="of the generated history; default: 300")
    parser.add_argument("--rounds", type=int, default=5, help="of asking and training; default: 5")
    parser.add_argument("--seed", type=int, default=0, help="of the reps, of who reports, and of the intervals")
    arguments = parser.parse_args()
    with own_database() as database:
        fill(database, arguments.clients * LINES_A_CLIENT)
        figures = database.run_apart(measure, arguments.rounds, arguments.seed)
    show(figures)
    print(json.dumps(figures))


def measure(rounds: int, seed: int) -> dict[str, Any]:
    clients = clientele(seed)
    starts = [END - (rounds - number) * ROUND for number in range(rounds)]
    without = play(clients, starts, seed, report=False)
    with_feedback = play(clients, starts, seed, report=True)
    groups = {"answering": clients.answering, "never_answering": ~clients.answering}
    return {
        "data": "generated orders, simulated reps",
        "clients": {name: int(members.sum()) for name, members in groups.items()},
        "rounds": rounds,
        "acceptance_by_round": {
            name: {
                arm: [
                    round(float(np.nanmean(shown.share("accepted", members, slice(r, r + 1)))), 4)
                    for r in range(rounds)
                ]
                for arm, shown in (("without", without), ("with", with_feedback))
            }
            for name, members in groups.items()
        },
        "later_models": {
            name: {of: compared(without, with_feedback, of, members, seed) for of in ("accepted", "bought")}
            for name, members in groups.items()
        },
    }


def play(clients: Clientele, starts: Sequence[datetime], seed: int, report: bool) -> Shown:
    """All rounds with the same reps, whose answers are reported or not."""
    rule = HiddenRule(clients, seed)
    tables = np.zeros((3, len(starts), len(clients.names)), int)
    for number, now in enumerate(tqdm(starts, desc="Rounds", disable=None)):
        promote(train_version(now, seed))
        results = lists_for(clients, now)
        answers, bought = rule.answers(now), rule.bought(now)
        for position, result in enumerate(results):
            codes = [rule.code[line["product"]] for line in result.recommendations]
            tables[:, number, position] = len(codes), answers[position, codes].sum(), bought[position, codes].sum()
        if report:
            report_answers(clients, results, rule, answers, now)
    return Shown(*tables)


def lists_for(clients: Clientele, now: datetime) -> list[SuggestionResult]:
    known = former_outcomes(clients.names, remembered_since(now))
    requests = [
        SuggestionRequest(client=name, purpose=RECOMMENDATION, now=now, outcomes=known.get(name, FormerOutcomes()))
        for name in clients.names
    ]
    return [result for start in range(0, len(requests), BATCH) for result in suggest(requests[start : start + BATCH])]


def report_answers(
    clients: Clientele, results: Sequence[SuggestionResult], rule: HiddenRule, answers: np.ndarray, now: datetime
) -> None:
    """As the API does it: lines at once, answers at the visit."""
    for position in np.flatnonzero(clients.answering).tolist():
        result, activity = results[position], f"{now:%Y%m%d}-{position}"
        said = {
            line["product"]: Outcome.ACCEPTED if answers[position, rule.code[line["product"]]] else Outcome.REJECTED
            for line in result.recommendations
        }
        name, rep = clients.names[position], clients.reps[position]
        record_generation([(FiledActivity(activity, name, rep, RECOMMENDATION, {}), result)], now)
        visited = now + timedelta(days=position % VISITING_DAYS, hours=10)
        record_answers(FiledActivity(activity, name, rep, RECOMMENDATION, said), visited)


def compared(without: Shown, with_feedback: Shown, of: str, clients: np.ndarray, seed: int) -> dict[str, Any]:
    """Mean shares of the clients over all rounds but the first, and their paired difference."""
    later = slice(1, None)
    shares = [shown.share(of, clients, later) for shown in (without, with_feedback)]
    bootstrap = Bootstrap(int(clients.sum()), seed)
    estimates = {"without": bootstrap.mean(shares[0]), "with": bootstrap.mean(shares[1])}
    estimates["difference"] = bootstrap.mean(shares[1] - shares[0])
    return {name: rounded(estimate) for name, estimate in estimates.items()}


def rounded(estimate: Estimate) -> dict[str, float]:
    return {name: round(getattr(estimate, name), 4) for name in ("value", "low", "high")}


def show(figures: dict[str, Any]) -> None:
    print(f"Simulated reps on generated orders, {figures['rounds']} rounds; all models but the first, 95% intervals")
    print(f"{'':44}{'without feedback':>24}{'with feedback':>24}{'difference':>26}")
    for group, found in figures["later_models"].items():
        for of, columns in found.items():
            about = f"{of}, {figures['clients'][group]} clients {group.replace('_', ' ')}"
            cells = [f"{c['value']:.3f} [{c['low']:.3f}, {c['high']:.3f}]" for c in columns.values()]
            print(f"{about:44}" + "".join(f"{cell:>25}" for cell in cells))
    for group, arms in figures["acceptance_by_round"].items():
        for arm, shares in arms.items():
            print(f"accepted by round, {group}, {arm} feedback: ".ljust(58) + "  ".join(f"{s:.3f}" for s in shares))


if __name__ == "__main__":
    main()
