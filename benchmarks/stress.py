"""How much a model of scans loses when scans come from another machine than those of training.

    python -m benchmarks.stress FOLDER [--epochs 0] [--members 2]

FOLDER holds ``train/`` and ``val/``, each with one folder for each label. The model is trained with
the default options; the validation scans are then made brighter, darker, flatter, blurred, noisy,
and cut, in two steps each, and predicted once more; a support vector machine on principal
components is beside. Recipes are compared by the mean of the changed scans, not by the plain ones.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from pmed_core import fit, read_scans
from pmed_core.cohort import Cohort
from pmed_core.modalities.scan.baseline import scan_baseline
from pmed_core.modalities.scan.ensemble import Data, ScanEnsemble
from pmed_core.options import ScanOptions

Scans = NDArray[np.float32]


def blurred(scans: Scans, by: float) -> Scans:
    """By a Gaussian of so many 28ths of the side."""
    size = by * scans.shape[1] / 28
    return np.asarray(ndimage.gaussian_filter(scans, (0, size, size, 0)))


def noisy(scans: Scans, by: float) -> Scans:
    """With independent noise of this deviation."""
    grain = np.random.default_rng(0).normal(0, by, scans.shape)
    return np.asarray(scans + grain, dtype=np.float32)


def cut(scans: Scans, by: float) -> Scans:
    """Without this share of each edge, enlarged to the old size."""
    side = scans.shape[1]
    edge = max(1, round(by * side))
    found = np.empty_like(scans)
    for row, scan in enumerate(scans[..., 0]):
        inner = Image.fromarray(scan[edge : side - edge, edge : side - edge])
        found[row, ..., 0] = np.asarray(inner.resize((side, side), Image.Resampling.BILINEAR))
    return found


STRESSES: dict[str, tuple[Callable[[Scans, float], Scans], tuple[float, float]]] = {
    "brighter": (lambda scans, by: scans + np.float32(by), (0.15, 0.3)),
    "darker": (lambda scans, by: scans - np.float32(by), (0.15, 0.3)),
    "less contrast": (lambda scans, by: 0.5 + (scans - 0.5) * np.float32(by), (0.6, 0.35)),
    "gamma": (lambda scans, by: np.clip(scans, 1e-3, 1) ** np.float32(by), (1.6, 0.6)),
    "blur": (blurred, (0.7, 1.2)),
    "noise": (noisy, (0.05, 0.1)),
    "cut": (cut, (0.05, 0.1)),
}


def stressed(scans: Scans) -> dict[str, list[Scans]]:
    """Name -> the scans, changed a little and much."""
    return {
        name: [np.clip(change(scans, by), 0, 1).astype(np.float32) for by in steps]
        for name, (change, steps) in STRESSES.items()
    }


def prepared(networks: ScanEnsemble, cohort: Cohort) -> Data:
    """As the networks read them."""
    return Data(networks.prepared(cohort), cohort.observed())


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--members", type=int, default=ScanOptions().members)
    given = parser.parse_args()
    training, validation = (read_scans(given.folder / part) for part in ("train", "val"))
    options = ScanOptions(epochs=given.epochs, members=given.members, baselines=False)
    started = time.perf_counter()
    networks = fit(training, options, validation=validation).ensemble
    seconds = time.perf_counter() - started
    seen, held_back = prepared(networks, training), prepared(networks, validation)
    changed = {"none": [held_back.scans]} | stressed(held_back.scans)
    every = np.concatenate([one for steps in changed.values() for one in steps])
    times = len(every) // len(held_back.labels)
    together = validation.select(np.tile(np.arange(len(validation)), times))
    machine, _ = scan_baseline(seen, every, networks, together)["PCA and SVM"]
    ours = np.split(networks.risks(every)[0][:, 0], times)
    theirs = np.split(machine.value[:, 0], times)
    print("| change | ours | PCA and SVM |\n|---|---|---|")
    rows: list[list[float]] = []
    names = [f"{name} {k + 1}" for name, steps in changed.items() for k in range(len(steps))]
    for name, risk, other in zip(names, ours, theirs, strict=True):
        rows.append([float(roc_auc_score(held_back.labels, one)) for one in (risk, other)])
        print(f"| {name} | {rows[-1][0]:.4f} | {rows[-1][1]:.4f} |")
    means = np.mean(rows[1:], axis=0)
    print(f"| mean of the changed | {means[0]:.4f} | {means[1]:.4f} |")
    print(f"\ntrained in {seconds:.0f} s")


if __name__ == "__main__":
    main()
