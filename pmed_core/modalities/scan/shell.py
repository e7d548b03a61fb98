"""What the commands of the shell do with scans; see ``contracts.Shell``."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.files import written_whole
from pmed_core.modalities.scan.labels import labelled_alike
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.scans import Scans
from pmed_core.settings import settings
from pmed_core.shell import flags, terminal
from pmed_core.store.keys import pseudonym_key

if TYPE_CHECKING:
    from pmed_core.modalities.scan.ensemble import ScanEnsemble
    from pmed_core.predictor import Predictor


def cohorts(given: Namespace) -> tuple[Cohort, Cohort | None]:
    """The scans to train on, and validation scans where there are some."""
    key, chosen = pseudonym_key(settings().home), flags.choices(given)
    if given.label_column:
        chosen["label-column"] = given.label_column
    cohort = read_scans(
        Path(given.file), key=key, labels=Path(given.labels) if given.labels else None,
        positive=given.positive, looked_at=given.looked_at, choices=chosen,
    )  # fmt: skip
    terminal.account(cohort)
    for note in cohort.notes:
        terminal.say(note)
    if not given.validation:
        return cohort, None
    outcome = cohort.chosen_outcome()
    known = set(cohort.table[outcome.column].dropna())
    validation = read_scans(
        Path(given.validation), key=key, looked_at=given.looked_at, choices=chosen
    )
    return cohort, labelled_alike(validation, outcome, known)


def explain(given: Namespace, predictor: Predictor[ScanEnsemble], cohort: Cohort) -> None:
    """The map over the scan as PNG, or the outline of its series as DICOM segmentation; the regions
    and the sum on stdout."""
    suffix = Path(given.to or "").suffix.lower()
    if suffix not in (".png", ".dcm"):
        raise UserError(
            "No picture is named", "explain",
            "Add --to NAME.png, or --to NAME.dcm for the outline as DICOM segmentation.",
        )  # fmt: skip
    if cohort.scans is None:
        raise UserError("There are no scans in it", cohort.name, "Give scans, not a table.")
    if suffix == ".dcm":
        _segment(given, predictor, cohort, cohort.scans)
    else:
        _picture(given, predictor, cohort.select(np.array([0])), cohort.scans)


def _segment(
    given: Namespace, predictor: Predictor[ScanEnsemble], cohort: Cohort, scans: Scans
) -> None:
    from pmed_core.modalities.scan.lesions import whole_series
    from pmed_core.reports.dicom import segmentation_of_files

    ensemble = predictor.ensemble
    segmenter = ensemble.segmenter
    if segmenter is None:
        raise UserError(
            "This model outlines nothing", predictor.name, "Train one on outlined scans."
        )
    found = whole_series(segmenter, scans, str(cohort.table[cohort.scan].iloc[0]))
    strange = int(ensemble.unlike(ensemble.preparation.prepare(scans, found.scans)).sum())
    if strange:
        terminal.say(
            f"{strange} of {len(found.scans)} slices are outside what the model has seen; do not "
            "rely on their outlines."
        )
    source = Path(given.file)
    files = [source if source.is_file() else source / name for name in found.scans]
    made = segmentation_of_files(files, found.outline, predictor.name)
    with written_whole(Path(given.to)) as beside:
        beside.write_bytes(made)
    pixels = f"{int(found.outline.sum()):,} pixels"
    sys.stdout.write(f"Outlined on {len(files)} slices: {pixels}.\n")


def _picture(
    given: Namespace, predictor: Predictor[ScanEnsemble], one: Cohort, scans: Scans
) -> None:
    from pmed_core.modalities.scan.explaining import explain_scan
    from pmed_core.reports.overlay import overlay_png

    found = explain_scan(predictor.ensemble, one, given.label or "")
    if found.outside:
        raise UserError(
            "The map is not written: the scan is outside what the model has seen", found.scan,
            "Give a scan like those of training.",
        )  # fmt: skip
    if not found.telling:
        raise UserError(
            "The map is not written: it stays the same when the network's weights are shuffled",
            found.scan, "It shows the scan and not what the model learnt from it.",
        )  # fmt: skip
    with written_whole(Path(given.to)) as beside:
        window = scans.frames[found.scan].window
        beside.write_bytes(overlay_png(scans.pixels(found.scan), found, window))
    rows = [["region (rows x columns)", "pixels", "log-odds"]] + [
        [f"{r.top}-{r.bottom} x {r.left}-{r.right}", str(r.pixels), f"{r.contribution:+.3f}"]
        for r in found.regions
    ]
    sys.stdout.write(terminal.aligned(rows) + "\n")
    base, prediction = found.explanation.base[0], found.explanation.prediction[0]
    sys.stdout.write(
        f"{found.label}: base {base:+.3f} and all places {found.places.sum():+.3f} give "
        f"log-odds {prediction:+.3f}.\n"
    )
