"""Simulated chest CT: are nodules found, does the map point at them, are they outlined well?

    python -m benchmarks.nodules [--members 2] [--no-outlines]

Trained on the sample (120 patients, 360 slices; about 200 of them train, the others validate or are
held out) with the default options, and evaluated on 300 new patients of another seed. The map
points at a nodule where its strongest place, with its neighbours' nearer halves, touches one
(pointing game: Zhang et al., IJCV 2018). A support vector machine on
principal components is beside.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from pmed_core import fit, read_scans
from pmed_core.cohort import Cohort
from pmed_core.evaluation import Evaluation
from pmed_core.options import ScanOptions
from pmed_core.predictor import Predictor
from pmed_core.samples import chest_ct

NEW_PATIENTS = 300
SHOWN = (
    "auroc", "balanced_accuracy", "brier", "dice", "dice_pooled", "hausdorff_95",
    "lesion_sensitivity", "false_positive_scans",
)  # fmt: skip


def simulated(patients: int, seed: int) -> Cohort:
    """A cohort of nobody."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ct.zip"
        chest_ct.write(path, patients, seed)
        return read_scans(path, positive=["nodule"])


def pointing(predictor: Predictor, cohort: Cohort) -> tuple[int, int]:
    """Hits, and scans with a nodule."""
    from pmed_core.modalities.scan.explaining import explain_scan

    hits, tried = 0, 0
    for row, name in enumerate(cohort.table["scan"]):
        mask = cohort.scans.mask(name) if cohort.scans is not None else None
        if mask is None:
            continue
        found = explain_scan(predictor.ensemble, cohort.select(np.array([row])), "nodule").places
        place = np.unravel_index(found.argmax(), found.shape)
        side = mask.shape[0] // found.shape[0]
        top, left = (max(0, int(p) * side - side // 2) for p in place)
        hits += bool(mask[top : top + 2 * side, left : left + 2 * side].any())
        tried += 1
    return hits, tried


def show(name: str, evaluation: Evaluation) -> None:
    """Each measure with its interval."""
    print(f"{name} ({evaluation.n} scans)")
    for measure in SHOWN:
        if measure in evaluation.measures:
            m = evaluation.measures[measure]
            print(f"  {measure:<20} {m.value:.3f} ({m.low:.3f} to {m.high:.3f})")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=ScanOptions().members)
    parser.add_argument("--no-outlines", action="store_true")
    given = parser.parse_args()
    sample, others = simulated(chest_ct.PATIENTS, 0), simulated(NEW_PATIENTS, 1)
    started = time.perf_counter()
    options = ScanOptions(members=given.members, outlines=not given.no_outlines)
    predictor = fit(sample, options)
    seconds = time.perf_counter() - started
    show("held-out patients of the sample", predictor.evaluation)
    for baseline in predictor.evaluation.baselines:
        print(f"  {baseline.name}: AUROC {baseline.measures['auroc'].value:.3f}")
    show("new patients", predictor.evaluate(others))
    print(f"  {'false alarms':<20} {predictor.predict(others).outside.mean():.3f}")
    hits, tried = pointing(predictor, others)
    print(f"  pointing game        {hits / tried:.3f} ({hits} of {tried})")
    print(f"trained in {seconds:.0f} s")


if __name__ == "__main__":
    main()
