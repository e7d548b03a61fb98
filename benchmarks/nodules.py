"""How well the evidence network finds simulated nodules, and whether its map points at them.

    python -m benchmarks.nodules [--epochs 100] [--size 64]

The map points at a nodule where its strongest place, with its neighbours' nearer halves, touches
one (pointing game: Zhang et al., IJCV 2018). The baseline of the same held-out patients is beside.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from pmed_core import fit_scans, read_scans
from pmed_core.cohort import Cohort
from pmed_core.options import ScanOptions
from pmed_core.samples import chest_ct
from pmed_core.scan_predictor import ScanPredictor


def pointing(predictor: ScanPredictor, cohort: Cohort) -> tuple[int, int]:
    """Hits, and scans with a nodule, those that it trained on among them."""
    from pmed_core.explanations.evidence import explain_scan

    hits, tried = 0, 0
    for row, name in enumerate(cohort.table["scan"]):
        mask = cohort.scans.mask(name) if cohort.scans is not None else None
        if mask is None:
            continue
        found = explain_scan(predictor, cohort.select(np.array([row])), "nodule").places
        place = np.unravel_index(found.argmax(), found.shape)
        side = mask.shape[0] // found.shape[0]
        top, left = (max(0, int(p) * side - side // 2) for p in place)
        hits += bool(mask[top : top + 2 * side, left : left + 2 * side].any())
        tried += 1
    return hits, tried


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--size", default="64")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ct.zip"
        chest_ct.write(path)
        cohort = read_scans(path, positive=["nodule"])
    started = time.perf_counter()
    options = ScanOptions.model_validate(
        {"epochs": given.epochs, "size": given.size, "members": 1, "augmentation": False}
    )
    predictor = fit_scans(cohort, options)
    seconds = time.perf_counter() - started
    judged = predictor.judgement
    hits, tried = pointing(predictor, cohort)
    found = judged.measures["auroc"]
    print(f"evidence network: AUROC {found.value:.3f} ({found.low:.3f} to {found.high:.3f})")
    for rival in judged.rivals:
        print(f"{rival.name}: AUROC {rival.measures['auroc'].value:.3f}")
    print(f"pointing game: {hits} of {tried}; {seconds:.0f} s")


if __name__ == "__main__":
    main()
