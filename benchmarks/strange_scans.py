"""How many scans of other kinds a model of scans refuses, and how many false alarms it raises.

    python -m benchmarks.strange_scans FOLDER [--epochs 5]

FOLDER holds ``train/`` and ``val/``, each with one folder for each of two labels. The validation
scans are then turned, inverted, made noisy and so on; photographs come with scikit-image. Beside is
what is usual: to refuse where the highest probability is low (Hendrycks & Gimpel, ICLR 2017), at
the limit that refuses one in a hundred validation scans.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage import data

from benchmarks.acquisitions import kinds
from benchmarks.stress import Scans, prepared, stressed
from pmed_core import fit, read_scans
from pmed_core.modalities.scan.ensemble import ScanEnsemble
from pmed_core.modalities.scan.novelty import learn_novelty
from pmed_core.options import ScanOptions

PHOTOGRAPHS = ("astronaut", "camera", "cat", "coffee", "coins", "brick", "grass", "moon", "page")
PARTS, FALSE_ALARMS = 6, 0.01


def photographs(side: int) -> Scans:
    """(n, side, side, 1) of parts of photographs."""
    generator, found = np.random.default_rng(0), []
    for name in PHOTOGRAPHS:
        whole = Image.fromarray(getattr(data, name)()).convert("L")
        for _ in range(PARTS):
            width = int(min(whole.size) * generator.uniform(0.4, 1))
            left, top = (int(generator.integers(0, end - width + 1)) for end in whole.size)
            part = whole.crop((left, top, left + width, top + width))
            small = part.resize((side, side), Image.Resampling.BOX)
            found.append(np.asarray(small, dtype=np.float32) / 255)
    return np.asarray(np.stack(found)[..., None], dtype=np.float32)


def strange(scans: Scans) -> dict[str, Scans]:
    """Scans (n, s, s, 1) that no radiologist would read."""
    noise = np.random.default_rng(0).random(scans.shape).astype(np.float32)
    return {
        "photographs": photographs(scans.shape[1]),
        "noise": noise,
        "clouds": np.asarray(ndimage.gaussian_filter(noise, (0, 2, 2, 0))),
        "all of one grey": np.full_like(scans, 0.5),
        "inverted": 1 - scans,
        "turned by a quarter": np.rot90(scans, axes=(1, 2)),
        "upside down": scans[:, ::-1],
        "left for right": scans[:, :, ::-1],
    }


def refused_by_probability(
    ensemble: ScanEnsemble, held_back: Scans
) -> Callable[[Scans], NDArray[np.bool_]]:
    """Refuses where no label is likely enough."""

    def highest(scans: Scans) -> NDArray[np.float64]:
        risk = ensemble.risks(scans)[0][:, 0]
        return np.asarray(np.maximum(risk, 1 - risk))

    limit = np.quantile(highest(held_back), FALSE_ALARMS)
    return lambda scans: highest(scans) < limit


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=5)
    given = parser.parse_args()
    training, validation = (read_scans(given.folder / part) for part in ("train", "val"))
    options = ScanOptions(epochs=given.epochs, members=1, baselines=False)
    ensemble = fit(training, options, validation=validation).ensemble
    seen, held_back = prepared(ensemble, training), prepared(ensemble, validation).scans
    theirs = refused_by_probability(ensemble, held_back)
    print("| refused | ours | by its probability |\n|---|---|---|")
    for name, scans in strange(held_back).items():
        print(f"| {name} | {ensemble.unlike(scans).mean():.2f} | {theirs(scans).mean():.2f} |")
    ours, other = ensemble.unlike(held_back).mean(), theirs(held_back).mean()
    print(f"| *false alarms:* validation | {ours:.3f} | {other:.3f} |")
    for name, steps in stressed(held_back).items():
        ours, other = (
            [float(refuse(one).mean()) for one in steps] for refuse in (ensemble.unlike, theirs)
        )
        print(f"| {name}, more | {ours[0]:.3f}, {ours[1]:.3f} | {other[0]:.3f}, {other[1]:.3f} |")
    kind = kinds(seen.scans[..., 0], seen.labels)
    for number in np.unique(kind):
        rest, others = (seen.scans[rows] for rows in (kind != number, kind == number))
        known = learn_novelty(rest, np.arange(len(rest)).astype(str), augmented=True)
        print(f"| kind {number}, not trained on | {known.unlike(others).mean():.3f} | |")


if __name__ == "__main__":
    main()
