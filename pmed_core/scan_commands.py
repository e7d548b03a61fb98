"""What the commands of the shell do with scans."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import pmed_core
from pmed_core import cli, terminal
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.files import written_whole
from pmed_core.predictions import Predictions
from pmed_core.settings import RESEARCH_ONLY

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from pmed_core.predictor import Predictor
    from pmed_core.scan_predictor import ScanPredictor


def reads_scans(predictor: Predictor | ScanPredictor) -> TypeIs[ScanPredictor]:
    """Whether it is a model of scans."""
    from pmed_core.scan_predictor import ScanPredictor

    return isinstance(predictor, ScanPredictor)


def fit(given: Namespace) -> ScanPredictor:
    """Train on scans, and judge on validation scans where there are some."""
    options = cli.scan_options(given)
    cohort = pmed_core.read_scans(given.file, labels=given.labels, positive=given.positive)
    validation = None
    if given.validation:
        validation = _like(pmed_core.read_scans(given.validation), cohort)
    for note in cohort.notes:
        terminal.say(note)
    with terminal.watched() as watch:
        return pmed_core.fit_scans(cohort, options, watch, validation)


def _like(scans: Cohort, model: Cohort) -> Cohort:
    """The same outcome as another cohort of scans; raises ``UserError`` on an unknown label."""
    outcome = model.chosen_outcome()
    if outcome.column not in scans.table.columns:
        raise UserError(
            "Its scans have no label", scans.name, "Use the folders of the training scans."
        )
    known = set(model.table[outcome.column].dropna())
    strange = sorted(set(scans.table[outcome.column].dropna()) - known)
    if strange:
        raise UserError(
            f"The training scans have no label '{strange[0]}'", scans.name,
            f"Their labels are: {', '.join(sorted(known))}.",
        )  # fmt: skip
    return replace(scans, outcome=outcome)


def prediction_table(
    predictions: Predictions, predictor: ScanPredictor, cohort: Cohort
) -> pd.DataFrame:
    """file, patient, one probability for each class."""
    columns: dict[str, Any] = {
        "file": list(cohort.table[cohort.scan]),
        "patient": list(predictions.patients) if cohort.patient else "",
    }
    risk = predictions.probability
    if risk.shape[1] == 1:
        risk = np.concatenate([1 - risk, risk], axis=1)
    for position, label in enumerate(predictor.bag.classes):
        columns[f"probability_{label}"] = risk[:, position]
    return pd.DataFrame(columns)


def explain(given: Namespace, predictor: ScanPredictor, cohort: Cohort, label: str) -> None:
    """The map over the scan as PNG; the regions and the sum on stdout."""
    from pmed_core.explanations.evidence import explain_scan
    from pmed_core.reports.overlay import overlay_png

    if given.to is None or Path(given.to).suffix.lower() != ".png":
        raise UserError("No picture is named", "explain", "Add --to NAME.png.")
    one = cohort.select(np.array([0]))
    if one.scans is None:
        raise UserError("There are no scans in it", cohort.name, "Give scans, not a table.")
    found = explain_scan(predictor, one, label)
    if not found.telling:
        raise UserError(
            "The map is not written: it stays the same when the network's weights are shuffled",
            found.scan, "It shows the scan and not what the model learnt from it.",
        )  # fmt: skip
    with written_whole(Path(given.to)) as beside:
        beside.write_bytes(overlay_png(one.scans.pixels(found.scan), found))
    rows = [["region (rows x columns)", "pixels", "log-odds"]] + [
        [f"{r.top}-{r.bottom} x {r.left}-{r.right}", str(r.pixels), f"{r.contribution:+.3f}"]
        for r in found.regions
    ]
    sys.stdout.write(terminal.aligned(rows) + "\n")
    sys.stdout.write(
        f"{label}: base {found.base:+.3f} and all places {found.places.sum():+.3f} give log-odds "
        f"{found.prediction:+.3f}.\n"
    )
    terminal.say(RESEARCH_ONLY)
