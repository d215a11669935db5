"""What others reached on the same split, for the table of `benchmarks.quality`."""

import json
from dataclasses import dataclass
from pathlib import Path

WHOLE, EXPLORE = "peers", "peers, products new to the client only"


@dataclass(frozen=True)
class Peers:
    """`whole`, `explore`: method -> metric -> value, of lists of all products and of new ones; empty if not known."""

    whole: dict[str, dict[str, float]]
    explore: dict[str, dict[str, float]]


def peers_of(dataset: Path, file: Path | None) -> Peers:
    """From `file`, else from a baselines.json in the data set's folder or the one above, by the folder's name."""
    found = next((path for path in places(dataset, file) if path.is_file()), None)
    known = json.loads(found.read_text()).get(dataset.resolve().name, {}) if found else {}
    return Peers(known.get(WHOLE, {}), known.get(EXPLORE, {}))


def places(dataset: Path, file: Path | None) -> list[Path]:
    if file:
        return [file]
    return [folder / "baselines.json" for folder in (dataset.resolve(), dataset.resolve().parent)]


def best_peer(peers: dict[str, dict[str, float]], metric: str) -> tuple[str, float] | None:
    """(method, value) of the one that does best at the metric; None where none was measured."""
    measured = {method: values[metric] for method, values in peers.items() if metric in values}
    best = max(measured, key=measured.__getitem__, default=None)
    return None if best is None else (best, measured[best])
