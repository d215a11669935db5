"""A model as a folder of .npy and .json files, read by memory map; never pickle."""

import hashlib
import json
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
from scipy import sparse

from recommender.engine.heads import Head, TwoHeads
from recommender.engine.knowledge import Knowledge
from recommender.engine.outcomes import NOTHING_LEARNED, Acceptance
from recommender.engine.training import Model

MANIFEST = "manifest.json"
MODEL = "model.json"
ACCEPTANCE = "acceptance.json"
ARRAYS = [field.name for field in fields(Knowledge) if field.name != "similarity"]


def save(model: Model, acceptance: Acceptance, folder: Path) -> str:
    """Write the model, and what it learned of answers, into an empty folder, its manifest of checksums last.

    Returns the manifest's SHA-256.
    """
    arrays = {name: getattr(model.knowledge, name) for name in ARRAYS}
    similarity = model.knowledge.similarity
    arrays |= {f"similarity_{part}": getattr(similarity, part) for part in ("data", "indices", "indptr")}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    described = {
        "as_of": model.as_of,
        "horizon_days": model.horizon_days,
        "segments": model.segments,
        "recall": model.recall,
        "metrics": model.metrics,
        "heads": {
            name: {"repeat": heads.repeat.to_json(), "explore": heads.explore.to_json()}
            for name, heads in (("next_order", model.next_order), ("within_horizon", model.within_horizon))
        },
    }
    (folder / MODEL).write_text(json.dumps(described, sort_keys=True))
    (folder / ACCEPTANCE).write_text(json.dumps(asdict(acceptance), sort_keys=True))
    manifest = {path.name: sha256(path) for path in sorted(folder.iterdir())}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
    return sha256(folder / MANIFEST)


def damaged_files(folder: Path, manifest_sha256: str) -> list[str]:
    """Names of the files that are missing or not what was written."""
    if not (folder / MANIFEST).is_file() or sha256(folder / MANIFEST) != manifest_sha256:
        return [MANIFEST]
    manifest = json.loads((folder / MANIFEST).read_text())
    return [
        name for name, digest in manifest.items() if not (folder / name).is_file() or sha256(folder / name) != digest
    ]


def load(folder: Path) -> Model:
    """Read a model; its arrays stay on disk and are shared by all processes that map them."""

    def array(name: str) -> np.ndarray:
        return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)

    described = json.loads((folder / MODEL).read_text())
    products = array("products")
    parts = tuple(array(f"similarity_{part}") for part in ("data", "indices", "indptr"))
    similarity = sparse.csr_matrix(parts, shape=(len(products), len(products)))
    heads = {
        name: TwoHeads(Head.from_json(both["repeat"]), Head.from_json(both["explore"]))
        for name, both in described["heads"].items()
    }
    return Model(
        as_of=described["as_of"],
        knowledge=Knowledge(similarity=similarity, **{name: array(name) for name in ARRAYS}),
        horizon_days=described["horizon_days"],
        segments=described["segments"],
        recall=described["recall"],
        metrics=described["metrics"],
        **heads,
    )


def load_acceptance(folder: Path) -> Acceptance:
    """Versions trained before answers were learned from have none."""
    path = folder / ACCEPTANCE
    return Acceptance(**json.loads(path.read_text())) if path.exists() else NOTHING_LEARNED


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
