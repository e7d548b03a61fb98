"""Tables: our model beside the baselines and CatBoost, on the same folds, out-of-fold.

    python -m benchmarks.tabular FOLDER [--network tabm] [--only NAME ...]

FOLDER holds the CSV files named in ``TABLES``; those that are missing are skipped. CatBoost is
needed by this script alone (``pip install catboost``). Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier

from pmed_core.cohort import Cohort
from pmed_core.evaluation import Evaluation, Measure
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.modalities.options import titles
from pmed_core.modalities.tabular.options import NETWORKS
from pmed_core.options import FitOptions
from pmed_core.predictions import Predictions
from pmed_core.readers.tables import read_cohort
from pmed_core.training.fit import fit
from pmed_core.training.folds import outer_folds
from pmed_core.variable import Kind


@dataclass(frozen=True)
class Table:
    """A yes/no table: which column is the outcome, and which columns leak it."""

    file: str
    outcome: str
    positive: tuple[str, ...] = ()
    patient: str | None = None
    ignore: tuple[str, ...] = ()


TABLES = (
    Table("breast_cancer_wisconsin.csv", "diagnosis", ("malignant",), "sample_id"),
    Table("heart_disease_cleveland.csv", "num", ("1", "2", "3", "4")),
    Table("heart_failure_records.csv", "DEATH_EVENT", ignore=("time",)),
    Table("kidney_disease_ckd.csv", "Class"),
    Table(
        "breast_cancer_survival_metabric.csv", "died", patient="patient", ignore=("months",)
    ),
    Table(
        "icu_mortality_physionet2012_a.csv", "In-hospital_death", patient="recordid",
        ignore=("Length_of_stay", "Survival", "SAPS-I", "SOFA"),
    ),
)  # fmt: skip


def catboost(cohort: Cohort, options: FitOptions) -> tuple[Predictions, float]:
    """CatBoost with its defaults on the same outer folds, and its seconds."""
    started = time.perf_counter()
    names = [variable.name for variable in cohort.inputs]
    textual = [v.name for v in cohort.inputs if v.kind not in (Kind.NUMBER, Kind.DATE)]
    table = cohort.table[names].copy()
    table[textual] = table[textual].astype(object).where(table[textual].notna(), "missing")
    observed = cohort.observed()
    probability = np.zeros((len(cohort), 1))
    for training, held_out in outer_folds(cohort, options.folds, options.seed):
        model = CatBoostClassifier(
            verbose=False,
            allow_writing_files=False,
            thread_count=2,
            random_seed=options.seed,
            cat_features=textual,
        )
        model.fit(table.iloc[training], observed[training])
        probability[held_out, 0] = model.predict_proba(table.iloc[held_out])[:, 1]
    nothing = np.zeros(len(cohort), dtype=bool)
    predictions = Predictions(
        tuple(cohort.patients()), ("event",), probability, probability, probability,
        observed, nothing,
    )  # fmt: skip
    return predictions, time.perf_counter() - started


def shown(measure: Measure) -> str:
    return f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})"


def row(name: str, evaluation: Evaluation, cohort: Cohort, seconds: float) -> list[str]:
    cells = [name, f"{len(cohort):,} × {len(cohort.inputs)}"]
    cells += [f"{sum(evaluation.events) / evaluation.n:.1%}"]
    cells += [shown(evaluation.measures["auroc"]), shown(evaluation.measures["brier"])]
    baselines = {baseline.name: baseline.measures for baseline in evaluation.baselines}
    for baseline in sorted(baselines):
        measures = baselines[baseline]
        cells.append(f"{measures['auroc'].value:.3f} / {measures['brier'].value:.4f}")
    return [*cells, f"{seconds:.0f}"]


def measured(table: Table, path: Path, options: FitOptions) -> tuple[Evaluation, Cohort, float]:
    cohort = read_cohort(
        path, outcome=table.outcome, patient=table.patient, ignore=table.ignore,
        positive=table.positive,
    ).labelled()  # fmt: skip
    started = time.perf_counter()
    predictor = fit(cohort, options)
    seconds = time.perf_counter() - started
    if predictor.out_of_fold is None:
        raise RuntimeError("a fresh model has out-of-fold predictions")
    baselines = dict(predictor.baselines)
    baselines["CatBoost"] = catboost(cohort, options)
    evaluation = evaluate(
        predictor.out_of_fold, predictor.outcome, predictor.threshold, "out-of-fold", baselines
    )
    of_baselines = sum(spent for name, (_, spent) in baselines.items() if name != "CatBoost")
    return evaluation, cohort, seconds - of_baselines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--network", default="tabm", choices=list(titles(NETWORKS)))
    parser.add_argument("--only", nargs="*", default=[])
    arguments = parser.parse_args()
    options = FitOptions.model_validate({"network": {"name": arguments.network}})
    header: list[str] = []
    for table in TABLES:
        path = arguments.folder / table.file
        if not path.exists() or (arguments.only and path.stem not in arguments.only):
            continue
        evaluation, cohort, seconds = measured(table, path, options)
        if not header:
            baselines = sorted(baseline.name for baseline in evaluation.baselines)
            header = ["table", "patients × inputs", "outcome", "AUROC", "Brier", *baselines, "s"]
            print("|" + "|".join(header) + "|\n|" + "---|" * len(header))
        print("| " + " | ".join(row(path.stem, evaluation, cohort, seconds)) + " |", flush=True)


if __name__ == "__main__":
    pd.set_option("display.width", 160)
    main()
