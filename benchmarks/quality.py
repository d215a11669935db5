"""Quality of suggestions beside peers: the last order of each client with three or more is to be found.

Each data set is a folder of orders.parquet (order_id, client_id, ordered_at), lines.parquet
(order_id, product_id, and quantity and unit_price if there are any) and perhaps products.parquet.
The other orders are imported into a database of the benchmark's own, trained on, and suggestions are
asked for: at the time of the order to be found, and, "without date", at the client's last order
before it plus its median interval (a day or more). Leave-last-out compares with peers; the history
of other clients goes on after the order to be found. For honest figures use
`manage.py evaluate_recommender`.
"""

import argparse
import json
import tempfile
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.leave_last_out import split, write_history
from benchmarks.measure import Measured, peak_megabytes
from benchmarks.own_database import own_database
from benchmarks.peers import best_peer, peers_of
from benchmarks.scoring import Judge
from benchmarks.served_lists import as_text, explore_lists, load, moments, utc, whole_lists
from recommender.order_rows import read_order_rows
from recommender.registry import promote
from recommender.training import train_version

WHOLE_METRICS = ("recall@10", "ndcg@10", "hit@10", "repeat@10", "explore@10", "recall@20", "ndcg@20")
EXPLORE_METRICS = ("explore@10", "explore@20", "recall@10", "ndcg@10")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", nargs="+", type=Path, metavar="DATASET_DIR")
    parser.add_argument(
        "--predictions", type=Path, metavar="OUT_DIR", help="write the lists there, a folder a data set"
    )
    parser.add_argument(
        "--baselines", type=Path, metavar="FILE", help="figures of peers; default: a baselines.json beside the data set"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the training and of the intervals")
    arguments = parser.parse_args()
    figures = {}
    for dataset in arguments.datasets:
        predictions = arguments.predictions and arguments.predictions / dataset.resolve().name
        with own_database() as database:
            found = database.run_apart(measure, dataset, predictions, arguments.seed)
        figures[dataset.resolve().name] = found | show(dataset, found, arguments.baselines)
    print(json.dumps(figures))


def measure(dataset: Path, predictions: Path | None, seed: int) -> dict[str, Any]:
    """Everything about one data set, in the database that this process is attached to."""
    found = split(dataset)
    with tempfile.TemporaryDirectory() as folder:
        write_history(found, dataset, Path(folder))
        refused = load(Path(folder))
    until = max(utc(found.orders["ordered_at"].max()), utc(found.held_out["ordered_at"].max())) + timedelta(days=1)
    with Measured() as training:
        version = train_version(until, seed)
        promote(version)
    history = read_order_rows(until).baskets()
    clients = as_text(found.held_out["client_id"]).to_list()
    placed, expected = moments(found)
    whole, suggesting = whole_lists(clients, placed, "Suggestions")
    undated, _ = whole_lists(clients, expected, "Suggestions without date")
    lists = {
        "whole": whole,
        "explore": explore_lists(version, history.products, clients, placed),
        "whole-without-date": undated,
    }
    peak = peak_megabytes()
    products = found.lines["product_id"].unique()
    ids = pl.DataFrame({"text": as_text(products), "product_id": products}).unique("text", keep="first")
    frames = {name: each.frame(found.held_out["client_id"], ids) for name, each in lists.items()}
    if predictions:
        predictions.mkdir(parents=True, exist_ok=True)
        for name, frame in frames.items():
            frame.write_parquet(predictions / f"{name}.parquet")
    judge = Judge(found, seed)
    return {
        "clients": len(clients),
        "rows_refused": refused,
        "lists": {
            name: {metric: asdict(estimate) for metric, estimate in judge.lists(frame).items()}
            for name, frame in frames.items()
        },
        "confidences": {name: judge.confidences(frames[name]) for name in ("whole", "whole-without-date")},
        "isotonic GP-TopFreq": judge.calibrated_counting(history, frames["whole"]),
        "training_wall_seconds": round(training.wall, 2),
        "training_cpu_seconds": round(training.cpu, 2),
        "peak_megabytes": round(peak),
        "suggest_cpu_ms_per_client": round(suggesting.cpu * 1000 / len(clients), 2),
    }


def show(dataset: Path, figures: dict[str, Any], baselines: Path | None) -> dict[str, Any]:
    """Print the table of one data set; returns the best peers and our lifts over them."""
    peers = peers_of(dataset, baselines)
    print(f"\n{dataset.resolve().name}: {figures['clients']:,} clients, 95% bootstrap intervals over them")
    print(f"{'':20} {'Sales AI':>24} {'without date':>24}   best peer")
    beside = {}
    for name, metrics, others in (("whole", WHOLE_METRICS, peers.whole), ("explore", EXPLORE_METRICS, peers.explore)):
        for metric in metrics:
            ours = figures["lists"][name][metric]
            without = figures["lists"]["whole-without-date"][metric] if name == "whole" else None
            peer = best_peer(others, metric)
            lift = ours["value"] / peer[1] - 1 if peer and peer[1] else None
            if peer:
                beside[f"{name} {metric}"] = {"peer": peer[0], "value": peer[1], "lift": lift}
            about = f"{peer[1]:.4f} {peer[0]}" + ("" if lift is None else f" ({lift:+.1%})") if peer else "-"
            print(
                f"{name + ' ' + metric:20} {interval(ours):>24} {interval(without) if without else '-':>24}   {about}"
            )
    for name, found in figures["confidences"].items():
        print(f"{name}: ECE {found['ece']:.4f}, Brier {found['brier']:.4f}, log loss {found['log_loss']:.4f}")
    for pairs, found in figures["isotonic GP-TopFreq"].items():
        print(f"isotonic GP-TopFreq on {pairs}: Brier {found['brier']:.4f}, log loss {found['log_loss']:.4f}")
    print(
        f"training {figures['training_wall_seconds']} s ({figures['training_cpu_seconds']} s CPU), peak memory "
        f"{figures['peak_megabytes']} MB, {figures['suggest_cpu_ms_per_client']} ms CPU a client"
        + (f"; {figures['rows_refused']:,} rows were refused by the import" if figures["rows_refused"] else "")
    )
    return {"beside_best_peer": beside}


def interval(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:.4f} [{estimate['low']:.4f}, {estimate['high']:.4f}]"


if __name__ == "__main__":
    main()
