"""Precision medicine on tables of patients: read, fit, explain. Research software.

    from pmed_core import read_cohort, fit, load

    cohort = read_cohort("icu.csv", outcome="died", patient="record_id")
    predictor = fit(cohort)
    predictor.save("icu-model")
    explanation = load("icu-model").explain(cohort.select([0]))

Importing this package is fast: what computes is loaded by the first call that needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from pmed_core.cohort import Cohort
    from pmed_core.options import FitOptions
    from pmed_core.predictor import Predictor
    from pmed_core.work import Watch

__all__ = ["Cohort", "Predictor", "fit", "load", "read_cohort"]


def read_cohort(
    source: Path | str | pd.DataFrame,
    *,
    outcome: str | None = None,
    patient: str | None = None,
    ignore: Sequence[str] = (),
    positive: Sequence[str] = (),
) -> Cohort:
    """Read a CSV, TSV, Excel or Parquet file, or a data frame; raises ``UserError``.

    Args:
        outcome: the column to predict.
        patient: the column that says whose row it is.
        ignore: columns that the model must not read.
        positive: the values of the outcome that count as the event; ``["*"]`` keeps its values
            as classes.
    """
    from pmed_core.readers.tables import read_cohort as read

    return read(source, outcome=outcome, patient=patient, ignore=ignore, positive=positive)


def fit(cohort: Cohort, options: FitOptions | None = None, watch: Watch | None = None) -> Predictor:
    """Train, calibrate and judge a model; raises ``UserError``, and ``Cancelled`` by the watch."""
    from pmed_core.quiet import load_tensorflow

    load_tensorflow()
    from pmed_core.training.fit import fit as train

    return train(cohort, options, watch)


def load(folder: Path | str) -> Predictor:
    """The model that ``save`` wrote; raises ``UserError`` where it is not whole or not ours."""
    from pmed_core.quiet import load_tensorflow

    load_tensorflow()
    from pmed_core.predictor import Predictor

    return Predictor.load(folder)


def __getattr__(name: str) -> Any:
    # Two classes by name, for annotations and isinstance; the command line answers without them.
    if name == "Cohort":
        from pmed_core.cohort import Cohort

        return Cohort
    if name == "Predictor":
        from pmed_core.predictor import Predictor

        return Predictor
    raise AttributeError(f"module 'pmed_core' has no attribute '{name}'")
