"""A model as a folder of files: `.npy` for arrays, `.txt` for trees, `.json` for the rest, never pickle."""

import hashlib
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from recommender.engine.demand import DemandHabits
from recommender.engine.heads import Head, TwoHeads
from recommender.engine.held_out import HeldOutShare
from recommender.engine.horizons import Horizons
from recommender.engine.knowledge import Knowledge
from recommender.engine.model import Model
from recommender.engine.neighbours import Comparing
from recommender.engine.outcomes import Acceptance
from recommender.engine.product_features import Sales
from recommender.engine.product_outlook import ProductOutlook
from recommender.engine.volumes import Volumes

FORMAT = 7  # rises whenever what a folder holds changes
MANIFEST = "manifest.json"
MODEL = "model.json"
ACCEPTANCE = "acceptance.json"
KINDS = ("repeat", "explore")
OUTLOOK = ("weekly", "recent", "kind")
VOLUMES = ("larger", "takers", "buyers")
CSR = ("data", "indices", "indptr")


class OtherFormatError(ValueError):
    """The folder was written by a program that made other models than this one."""


def save(model: Model, acceptance: Acceptance, folder: Path) -> str:
    """Write the model, and what it learned of answers, into an empty folder, its manifest of checksums last.

    Returns the manifest's SHA-256.
    """
    knowledge = model.knowledge
    for name, value in vars(knowledge).items():
        if isinstance(value, np.ndarray):
            save_array(folder, name, value)
        elif isinstance(value, sparse.csr_matrix):
            for part in CSR:
                save_array(folder, f"{name}.{part}", getattr(value, part))
    for field in fields(Sales):
        save_array(folder, f"sales.{field.name}", getattr(knowledge.sales, field.name))
    for name in OUTLOOK:
        save_array(folder, f"outlook.{name}", getattr(model.outlook, name))
    for name in VOLUMES:
        save_array(folder, f"volumes.{name}", getattr(model.volumes, name))
    described = {
        "format": FORMAT,
        "knowledge": {
            "as_of": knowledge.as_of,
            "segments": knowledge.segments,
            "chains": knowledge.chains,
            "taste": asdict(knowledge.comparing),
        },
        "within": {"days": model.horizons.days, "pace": model.horizons.pace},
        "demand": model.demand.to_json(),
        "outlook": model.outlook.to_json(),
        "larger_volume_rate": model.volumes.rate,
        "recall": asdict(model.recall),
        "coverage": asdict(model.coverage),
        "metrics": model.metrics,
        "heads": {name: head.to_json() for name, head in heads_of(model).items()},
    }
    for name, head in heads_of(model).items():
        if head.trees is not None:
            (folder / f"{name}.txt").write_text(head.trees.model_to_string())
    (folder / MODEL).write_text(json.dumps(described, sort_keys=True))
    (folder / ACCEPTANCE).write_text(json.dumps(asdict(acceptance), sort_keys=True))
    manifest = {path.name: sha256(path) for path in sorted(folder.iterdir())}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
    return sha256(folder / MANIFEST)


def save_array(folder: Path, name: str, array: np.ndarray) -> None:
    np.save(folder / f"{name}.npy", array, allow_pickle=False)


def read_array(folder: Path, name: str) -> np.ndarray:
    return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)


def heads_of(model: Model) -> dict[str, Head]:
    """By the names of their files; those for fewer days than the horizon are numbered, fewest first."""
    pairs = {"next_order": model.next_order, "within_horizon": model.horizons.heads}
    of_pairs = {f"{target}.{kind}": getattr(heads, kind) for target, heads in pairs.items() for kind in KINDS}
    return of_pairs | {f"sooner.{number}": head for number, head in enumerate(model.horizons.sooner)}


def damaged_files(folder: Path, manifest_sha256: str) -> list[str]:
    """Names of the files that are missing or not what was written; another process may be removing them."""
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        return [MANIFEST]
    if hashlib.sha256(manifest).hexdigest() != manifest_sha256:
        return [MANIFEST]
    return [name for name, digest in json.loads(manifest).items() if sha256(folder / name) != digest]


def load(folder: Path) -> Model:
    """Read a model; its arrays stay on disk and are shared by all processes that map them.

    Raises OtherFormatError.
    """
    described = json.loads((folder / MODEL).read_text())
    if described.get("format") != FORMAT:
        raise OtherFormatError(f"{folder.name} has format {described.get('format')}, not {FORMAT}.")
    heads = {
        name: Head.from_json(data, (folder / f"{name}.txt").read_text() if (folder / f"{name}.txt").exists() else None)
        for name, data in described["heads"].items()
    }

    def two(target: str) -> TwoHeads:
        return TwoHeads(*(heads[f"{target}.{kind}"] for kind in KINDS))

    days, pace = tuple(described["within"]["days"]), described["within"]["pace"]
    sooner = tuple(heads[f"sooner.{number}"] for number in range(len(days) - 1))
    return Model(
        knowledge=knowledge_of(folder, described["knowledge"]),
        next_order=two("next_order"),
        horizons=Horizons(days, sooner, two("within_horizon"), pace),
        demand=DemandHabits.from_json(described["demand"]),
        volumes=Volumes(*(read_array(folder, f"volumes.{name}") for name in VOLUMES), described["larger_volume_rate"]),
        outlook=ProductOutlook(
            **{name: read_array(folder, f"outlook.{name}") for name in OUTLOOK}, **described["outlook"]
        ),
        recall=HeldOutShare(**described["recall"]),
        coverage=HeldOutShare(**described["coverage"]),
        metrics=described["metrics"],
    )


def knowledge_of(folder: Path, described: dict[str, Any]) -> Knowledge:
    def array(name: str) -> np.ndarray:
        return read_array(folder, name)

    def matrix(name: str, rows: int, columns: int) -> sparse.csr_matrix:
        return sparse.csr_matrix(tuple(array(f"{name}.{part}") for part in CSR), shape=(rows, columns))

    arrays = {field.name: array(field.name) for field in fields(Knowledge) if field.type is np.ndarray}
    products, compared = len(arrays["products"]), len(arrays["compared"])
    return Knowledge(
        **arrays,
        as_of=described["as_of"],
        segments=described["segments"],
        chains=described["chains"],
        comparing=Comparing(**described["taste"]),
        sales=Sales(**{field.name: array(f"sales.{field.name}") for field in fields(Sales)}),
        similarity=matrix("similarity", products, products),
        companions=matrix("companions", products, products),
        tastes=matrix("tastes", compared, products),
        alike=matrix("alike", products, compared),
        segment_buyers=matrix("segment_buyers", len(described["segments"]) + 1, products),
        chain_buyers=matrix("chain_buyers", len(described["chains"]) + 1, products),
    )


def load_acceptance(folder: Path) -> Acceptance:
    """What the model in the folder learned of reps' answers."""
    return Acceptance(**json.loads((folder / ACCEPTANCE).read_text()))


def sha256(path: Path) -> str:
    """Empty where there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
