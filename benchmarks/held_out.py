"""A third party's view: quarters of a table held out in turn, our whole ensemble beside CatBoost.

    python -m benchmarks.held_out FOLDER [--only NAME] [--splits 3]

Tables and CatBoost's settings are those of ``tabular.py``. Prints the mean over the splits.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from catboost import CatBoostClassifier
from numpy.typing import NDArray

from benchmarks.tabular import TABLES
from pmed_core.cohort import Cohort
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.options import FitOptions
from pmed_core.predictions import Predictions
from pmed_core.readers.tables import read_cohort
from pmed_core.training.fit import fit
from pmed_core.variable import Kind

SHOWN = ("auroc", "average_precision", "brier", "log_loss", "calibration_slope")


def ours(training: Cohort, held_out: Cohort, seed: int) -> NDArray[np.float64]:
    predictor = fit(training, FitOptions(baselines=False, seed=seed))
    return np.asarray(predictor.predict(held_out).value)


def catboost(training: Cohort, held_out: Cohort, seed: int) -> NDArray[np.float64]:
    words = [v.name for v in training.inputs if v.kind not in (Kind.NUMBER, Kind.DATE)]
    model = CatBoostClassifier(
        verbose=False, allow_writing_files=False, thread_count=2, random_seed=seed,
        cat_features=words,
    )  # fmt: skip
    tables = []
    for cohort in (training, held_out):
        table = cohort.table[[v.name for v in cohort.inputs]].copy()
        table[words] = table[words].astype(object).where(table[words].notna(), "missing")
        tables.append(table)
    model.fit(tables[0], training.observed())
    return np.asarray(model.predict_proba(tables[1])[:, 1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="icu_mortality_physionet2012_a")
    parser.add_argument("--splits", type=int, default=3)
    given = parser.parse_args()
    table = next(table for table in TABLES if Path(table.file).stem == given.only)
    cohort = read_cohort(
        given.folder / table.file, outcome=table.outcome, patient=table.patient,
        ignore=table.ignore, positive=table.positive,
    ).labelled()  # fmt: skip
    for name, train in (("pmed", ours), ("CatBoost", catboost)):
        found, started = [], time.perf_counter()
        for split in range(given.splits):
            order = np.random.default_rng(split).permutation(len(cohort))
            held_out, training = np.split(order, [len(cohort) // 4])
            rest = cohort.select(held_out)
            risk, nobody = train(cohort.select(training), rest, split), np.zeros(len(rest), bool)
            predictions = Predictions(
                tuple(rest.patients()), ("event",), risk, risk, risk, rest.observed(), nobody
            )
            evaluated = evaluate(predictions, rest.chosen_outcome(), 0.5, "held out").measures
            found.append([evaluated[measure].value for measure in SHOWN])
        values = ", ".join(
            f"{measure} {value:.4f}"
            for measure, value in zip(SHOWN, np.mean(found, axis=0), strict=True)
        )
        seconds = (time.perf_counter() - started) / given.splits
        print(f"{name:9} {values}, {seconds:.0f} s a split", flush=True)


if __name__ == "__main__":
    main()
