"""A number as outcome beside ridge regression, a random forest and boosting, on the same folds.

    python -m benchmarks.numbers [--folds 5] [--seeds 3] [--stays FOLDER]

Each patient is predicted once; R², RMSE and MAE are over all of them, coverage is of the 90 %
interval. The diabetes cohort is that of scikit-learn; with ``--stays`` a folder that holds
PhysioNet 2012's set A (icu_mortality…, icu_outcomes_physionet2012_a.csv), lengths of stay in days
are predicted too. "Ridge, as measured" reads the table as it is, standardised, medians for missing.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pmed_core.quiet import load_tensorflow

load_tensorflow()

from pmed_core.cohort import Cohort  # noqa: E402
from pmed_core.evaluation import Measure  # noqa: E402
from pmed_core.modalities.tabular.learner import trainable  # noqa: E402
from pmed_core.options import FitOptions  # noqa: E402
from pmed_core.progress import Silent  # noqa: E402
from pmed_core.readers.tables import read_cohort  # noqa: E402
from pmed_core.samples.catalogue import FOLDER  # noqa: E402
from pmed_core.training.fit import fit  # noqa: E402
from pmed_core.training.folds import outer_folds  # noqa: E402


def diabetes() -> Cohort:
    path = FOLDER / "diabetes_progression.csv"
    return read_cohort(path, outcome="progression", patient="patient_id")


def stays(folder: Path) -> Cohort:
    """Days in hospital of PhysioNet 2012's set A; a stay of -1 is not known."""
    inputs = pd.read_csv(folder / "icu_mortality_physionet2012_a.csv")
    outcomes = pd.read_csv(folder / "icu_outcomes_physionet2012_a.csv")
    known = outcomes[outcomes["Length_of_stay"] > 0][["RecordID", "Length_of_stay"]]
    identity = next(n for n in map(str, inputs) if n.casefold() in ("recordid", "record_id"))
    later = {"RecordID", "SAPS-I", "SOFA", "Length_of_stay", "Survival", "In-hospital_death"}
    inputs = inputs.drop(columns=[c for c in inputs if c in later - {identity}])
    table = inputs.merge(known, left_on=identity, right_on="RecordID").drop(
        columns=[] if identity == "RecordID" else ["RecordID"]
    )
    return read_cohort(table, outcome="Length_of_stay", patient=identity)


def ridge(cohort: Cohort, folds: int, seed: int) -> tuple[float, float, float]:
    """R², RMSE and MAE of ridge regression on the table as it was measured."""
    cohort = trainable(cohort, Silent())
    columns = pd.get_dummies(cohort.table[[v.name for v in cohort.inputs]], dummy_na=False)
    actual, said = cohort.target().actual[:, 0], np.empty(len(cohort))
    for training, held_out in outer_folds(cohort, folds, seed):
        model = make_pipeline(
            SimpleImputer(strategy="median"), StandardScaler(), RidgeCV(np.logspace(-2, 4, 13))
        )
        model.fit(columns.iloc[training], actual[training])
        said[held_out] = model.predict(columns.iloc[held_out])
    return (
        float(r2_score(actual, said)), float(root_mean_squared_error(actual, said)),
        float(mean_absolute_error(actual, said)),
    )  # fmt: skip


def line(name: str, found: dict[str, Measure], seconds: float = 0.0) -> str:
    r2 = found["r2"]
    text = f"  {name:24s} R² {r2.value:.3f} ({r2.low:.3f} to {r2.high:.3f})"
    text += f"  RMSE {found['rmse'].value:.4g}  MAE {found['mae'].value:.4g}"
    if np.isfinite(found["coverage"].value):
        width = found["interval_width"].value
        text += f"  coverage {found['coverage'].value:.3f}, width {width:.4g}"
    return text + (f"  {seconds:.0f} s" if seconds else "")


def run(name: str, cohort: Cohort, folds: int, seeds: int) -> None:
    for seed in range(seeds):
        started = time.time()
        predictor = fit(cohort, FitOptions(folds=folds, seed=seed))
        evaluated = predictor.evaluation
        print(f"{name}, {evaluated.n} patients, {folds} folds, seed {seed}")
        own = time.time() - started - float(predictor.card["baseline_seconds"])
        print(line("pmed", evaluated.measures, own))
        for baseline in evaluated.baselines:
            print(line(baseline.name, baseline.measures, baseline.seconds))
        r2, rmse, mae = ridge(cohort, folds, seed)
        print(f"  {'Ridge, as measured':24s} R² {r2:.3f}  RMSE {rmse:.4g}  MAE {mae:.4g}")
        print(f"  {evaluated.verdict}", flush=True)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("--folds", type=int, default=5)
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--stays", type=Path)
    given = asked.parse_args()
    run("Diabetes, progression", diabetes(), given.folds, given.seeds)
    if given.stays:
        run("PhysioNet 2012, length of stay", stays(given.stays), given.folds, 1)


if __name__ == "__main__":
    main()
