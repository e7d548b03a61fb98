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
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from pmed_core.cohort import Cohort
    from pmed_core.options import AnyOptions
    from pmed_core.outcomes import Arms, Outcome
    from pmed_core.predictor import Predictor
    from pmed_core.progress import Progress
    from pmed_core.reading import Choices

__all__ = [
    "Cohort",
    "Predictor",
    "fit",
    "load",
    "read_cohort",
    "read_scans",
    "shap_values",
]


def read_cohort(  # noqa: PLR0913 - what a caller may say about a table, each by name
    source: Path | str | pd.DataFrame,
    *,
    outcome: str | Outcome | None = None,
    patient: str | None = None,
    ignore: Sequence[str] = (),
    positive: Sequence[str] = (),
    choices: Choices | None = None,
    dictionary: Path | str | None = None,
    treatment: Arms | None = None,
) -> Cohort:
    """Read a CSV, TSV, Excel or Parquet file, or a data frame; raises ``UserError``.

    Args:
        outcome: what to predict (a noun of ``pmed_core.outcomes``), or the column of it: a number
            where it holds more than 20 different ones, else yes or no, or classes.
        patient: the column that says whose row it is.
        ignore: columns that the model must not read.
        positive: the values of the outcome's column that count as the event; ``["*"]`` keeps its
            values as classes.
        choices: decisions of the reader that are overruled, by key (see ``Cohort.reading``).
        dictionary: a table that says what the codes stand for: variable, values such as
            "0=female;1=male", unit; or variable, code, label; or REDCap's data dictionary.
        treatment: the options whose effect on the outcome is to be predicted, such as
            ``Arms("arm", randomised=True)`` of ``pmed_core.outcomes``.
    """
    from pmed_core.readers.tables import read_cohort as read

    return read(
        source, outcome=outcome, patient=patient, ignore=ignore, positive=positive,
        choices=choices or {}, dictionary=None if dictionary is None else Path(dictionary),
        treatment=treatment,
    )  # fmt: skip


def read_scans(  # noqa: PLR0913 - what a caller may say about a collection, each by name
    source: Path | str,
    *,
    labels: Path | str | None = None,
    label_column: str | None = None,
    positive: Sequence[str] = (),
    looked_at: bool = False,
    choices: Choices | None = None,
) -> Cohort:
    """Read a folder, a ZIP or one file of DICOM, PNG, JPEG, TIFF or NIfTI; raises ``UserError``.

    Args:
        labels: a table with a column of files, patients or UIDs and one of labels; else a table
            among the scans, else the folders' names are the labels.
        label_column: the column of that table with the labels, where its name does not tell.
        positive: the labels that count as the event.
        looked_at: you made sure that no name is written into the pixels; then scans of modalities
            where this is common are taken too.
        choices: decisions of the reader that are overruled: the key of one in
            ``Cohort.reading`` -> another value.
    """
    from pmed_core.modalities.scan.readers.scans import read_scans as read
    from pmed_core.settings import settings
    from pmed_core.store.keys import pseudonym_key

    key = pseudonym_key(settings().home)
    table = Path(labels) if labels else None
    chosen = {"label-column": label_column} if label_column else {}
    return read(
        Path(source), key=key, labels=table, positive=positive, looked_at=looked_at,
        choices={**(choices or {}), **chosen},
    )  # fmt: skip


def fit(
    cohort: Cohort,
    options: AnyOptions | None = None,
    progress: Progress | None = None,
    *,
    validation: Cohort | None = None,
    start: Predictor | None = None,
) -> Predictor:
    """Train, calibrate and evaluate a model; raises ``UserError``, and ``Cancelled``.

    Of scans: ``validation`` scans of other patients choose the epoch, calibrate and evaluate;
    ``start`` is a model to continue with these scans.
    """
    from pmed_core.quiet import load_tensorflow

    load_tensorflow()
    from pmed_core.training.fit import fit as train

    return train(cohort, options, progress, validation=validation, start=start)


def load(folder: Path | str) -> Predictor:
    """The model that ``save`` wrote; raises ``UserError`` where it is not whole or not ours."""
    from pmed_core.quiet import load_tensorflow

    load_tensorflow()
    from pmed_core.predictor import Predictor

    return Predictor.load(folder)


def shap_values(model: Any, rows: Any, background: Any, **options: Any) -> Any:
    """SHAP values of any model as a ``shap.Explanation``; see ``explanations.notebook``.

    A model trained here is better explained by its own ``explain(rows).to_shap()``.
    """
    from pmed_core.quiet import load_tensorflow

    load_tensorflow()
    from pmed_core.explanations.notebook import shap_values as explain

    return explain(model, rows, background, **options)


def __getattr__(name: str) -> Any:
    # Two classes by name, for annotations and isinstance; the command line answers without them.
    if name == "Cohort":
        from pmed_core.cohort import Cohort

        return Cohort
    if name == "Predictor":
        from pmed_core.predictor import Predictor

        return Predictor
    raise AttributeError(f"module 'pmed_core' has no attribute '{name}'")
