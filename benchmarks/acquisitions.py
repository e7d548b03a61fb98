"""How well a model of scans does on kinds of scans that it was never trained on.

    python -m benchmarks.acquisitions FOLDER [--epochs 9] [--members 1] [--kinds 0,3 2,0]

FOLDER holds ``train/`` and ``val/``, each with one folder for each of two labels; all count alike.
Within each label the scans are grouped into four kinds, the rarest first, by how they look and not
by what they show: brightness, contrast, sharpness, how bright their borders are. A kind of each
label is left out, the model is trained on the others and asked about those; a support vector
machine on principal components is beside. Harder than another hospital, for both labels change at
once: it is for comparing recipes, not for telling how good one is.
"""

from __future__ import annotations

import argparse
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.cluster import KMeans
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from benchmarks.stress import prepared
from pmed_core import fit, read_scans
from pmed_core.cohort import Cohort
from pmed_core.modalities.scan.baseline import scan_baseline
from pmed_core.options import ScanOptions
from pmed_core.training.folds import split

KINDS, EDGE = 4, 5
"""Of scans within each label; rows of a scan that count as its top or bottom."""


def looks(scans: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n, h, w) -> (n, 10), each of mean 0 and deviation 1."""
    mean, deviation = scans.mean(axis=(1, 2)), scans.std(axis=(1, 2))
    own = (scans - mean[:, None, None]) / deviation[:, None, None]
    sharp = np.stack([ndimage.laplace(one) for one in own])[:, 1:-1, 1:-1].var(axis=(1, 2))
    dark, bright = np.quantile(scans, [0.02, 0.98], axis=(1, 2))
    found = [
        mean, deviation, np.log(sharp), own[:, [0, -1]].mean(axis=(1, 2)),
        own[:, :, [0, -1]].mean(axis=(1, 2)), own[:, :EDGE].mean(axis=(1, 2)),
        own[:, -EDGE:].mean(axis=(1, 2)), (own**3).mean(axis=(1, 2)), dark, bright,
    ]  # fmt: skip
    return np.asarray(StandardScaler().fit_transform(np.stack(found, axis=1)))


def kinds(scans: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) which kind of its label each scan is; 0 is the rarest."""
    features, found = looks(scans), np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        rows = labels == label
        grouped = KMeans(KINDS, n_init=10, random_state=0).fit(features[rows])
        found[rows] = np.bincount(grouped.labels_).argsort().argsort()[grouped.labels_]
    return found


def together(folder: Path) -> Cohort:
    """Training and validation scans as one cohort."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "all.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for part in ("train", "val"):
                for file in sorted((folder / part).rglob("*.png")):
                    archive.write(file, f"{file.parent.name}/{part}_{file.name}")
        return read_scans(path)


def left_out(cohort: Cohort, unseen: NDArray[np.bool_], options: ScanOptions) -> list[float]:
    """AUROC on the unseen scans: ours, and the baseline's."""
    rest, others = cohort.select(np.flatnonzero(~unseen)), cohort.select(np.flatnonzero(unseen))
    training, validation = split(rest.observed(), rest.patients(), 10, options.seed)[0]
    seen = rest.select(training)
    ensemble = fit(seen, options, validation=rest.select(validation)).ensemble
    asked = prepared(ensemble, others)
    ours = ensemble.predictions(others, asked.scans)
    machine, _ = scan_baseline(prepared(ensemble, seen), asked.scans, ensemble, others)[
        "PCA and SVM"
    ]
    return [float(roc_auc_score(asked.labels, one.value[:, 0])) for one in (ours, machine)]


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=9)
    parser.add_argument("--members", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", default=["0,3", "2,0"])
    given = parser.parse_args()
    cohort = together(given.folder)
    if cohort.scans is None:
        raise SystemExit("There are no scans in this folder.")
    pixels = np.stack([cohort.scans.pixels(name) for name in cohort.table["scan"]])
    observed = cohort.observed()
    kind = kinds((pixels / 255).astype(np.float32), observed)
    options = ScanOptions(epochs=given.epochs, members=given.members, baselines=False)
    print("| left out | scans | ours | PCA and SVM |\n|---|---|---|---|")
    for pair in given.kinds:
        without, event = (int(number) for number in pair.split(","))
        unseen = kind == np.where(observed == 1, event, without)
        ours, machine = left_out(cohort, unseen, options)
        print(f"| {pair} | {unseen.sum():,} | {ours:.3f} | {machine:.3f} |", flush=True)


if __name__ == "__main__":
    main()
