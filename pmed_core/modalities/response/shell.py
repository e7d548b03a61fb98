"""What the commands of the shell do with drug response; see ``contracts.Shell``."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.modalities.response.drug import order
from pmed_core.modalities.tabular import shell as tables
from pmed_core.modalities.tabular.shell import cohorts
from pmed_core.shell import terminal

if TYPE_CHECKING:
    from pmed_core.modalities.response.ensemble import ResponseEnsemble
    from pmed_core.predictor import Predictor

__all__ = ["cohorts", "explain"]


def asked_of(predictor: Predictor, one: Cohort, held_out: bool) -> ResponseEnsemble:
    """The folds that speak: with ``held_out`` those that never saw the line."""
    ensemble: ResponseEnsemble = predictor.ensemble
    if not held_out:
        return ensemble
    from pmed_core.modalities.response.computing import held_out_folds

    folds = held_out_folds(predictor, predictor.as_cohort(one))
    return ensemble.of_fold(folds[0]) if folds and folds[0] >= 0 else ensemble


def explain(given: Namespace, predictor: Predictor, cohort: Cohort) -> None:
    """The drugs for one profile, those it should respond to most first; with ``--label DRUG`` what
    moved the prediction for that drug."""
    if given.label:
        tables.explain(given, predictor, cohort)
        return
    from pmed_core.modalities.response.ranking import ranked

    one = tables.asked_for(given, cohort, "each drug is predicted once")
    found = ranked(asked_of(predictor, one, given.held_out), one)
    table = pd.DataFrame(
        {
            "drug": [one.drug for one in found], "value": [one.value for one in found],
            "low": [one.low for one in found], "high": [one.high for one in found],
            "position": np.round([one.position for one in found], 3),
            "note": [one.note for one in found],
        }
    )  # fmt: skip
    terminal.write(table, given.to)
    terminal.say(
        f"{order(predictor.outcome.columns[0])} position: share of the other cell lines of which "
        "less is predicted for that drug. Add --label DRUG to see which genes moved the prediction."
    )
