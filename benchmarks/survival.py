"""Prognosis beside Cox regression, random survival forests and boosting, on the same folds.

    python -m benchmarks.survival [METABRIC.csv] [--folds 5] [--seed 0]

Five folds as in Kvamme et al. (JMLR 2019); scores are means over the folds, each predicted once.
The forest needs scikit-survival (GPL), which pmed does not install: pip install scikit-survival.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from pmed_core.quiet import load_tensorflow

load_tensorflow()

from pmed_core.cohort import Cohort  # noqa: E402
from pmed_core.judging.resampling import draw  # noqa: E402
from pmed_core.modalities.tabular.learner import trainable  # noqa: E402
from pmed_core.modalities.tabular.preprocessing import fit_preprocessing  # noqa: E402
from pmed_core.options import FitOptions  # noqa: E402
from pmed_core.outcomes.time_to_event import measures  # noqa: E402
from pmed_core.predictions import Predictions  # noqa: E402
from pmed_core.readers.tables import read_cohort  # noqa: E402
from pmed_core.training.fit import fit  # noqa: E402
from pmed_core.training.folds import outer_folds  # noqa: E402
from pmed_core.work import Unwatched  # noqa: E402

METABRIC = Path(__file__).parents[2] / "shared/data/breast_cancer_survival_metabric.csv"


def by_fold(found: Predictions, folds: list[np.ndarray]) -> tuple[float, float]:
    """Mean over the folds of the C-index and the integrated Brier score, as papers have them."""
    scores = []
    for rows in folds:
        part = found.select(np.isin(np.arange(len(found)), rows))
        case, draws = measures.Case(part), draw(part.patients, part.observed, 1)
        scores.append((measures.c_index(case, draws)[0], measures.integrated_brier(case, draws)[0]))
    c, brier = np.mean(scores, axis=0)
    return float(c), float(brier)


def forest(
    cohort: Cohort, outer: list[tuple[np.ndarray, np.ndarray]], like: Predictions
) -> Predictions:
    """A random survival forest of scikit-survival, out of fold."""
    from sksurv.ensemble import RandomSurvivalForest
    from sksurv.util import Surv

    target = cohort.target()
    survival = np.empty_like(like.survival)
    for training, held_out in outer:
        part = cohort.select(training)
        coded = fit_preprocessing(part.table, cohort.inputs, part.observed()[:, None].astype(float))
        columns = coded.encode(cohort.table)
        known = Surv.from_arrays(target.observed[training] == 1, target.time[training])
        model = RandomSurvivalForest(300, min_samples_leaf=10, n_jobs=-1, random_state=0)
        model.fit(columns[training], known)
        steps = model.predict_survival_function(columns[held_out], return_array=True)
        place = np.searchsorted(model.unique_times_, like.times, side="right")
        survival[held_out] = np.concatenate([np.ones((len(steps), 1)), steps], axis=1)[:, place]
    return replace(like, survival=survival)


def timed(make: Callable[[], Predictions]) -> tuple[Predictions, float]:
    started = time.perf_counter()
    return make(), time.perf_counter() - started


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("file", nargs="?", default=METABRIC, type=Path)
    asked.add_argument("--time", default="months")
    asked.add_argument("--event", default="died")
    asked.add_argument("--patient", default=None)
    asked.add_argument("--ignore", nargs="*", default=[])
    asked.add_argument("--folds", default=5, type=int)
    asked.add_argument("--seed", default=0, type=int)
    given = asked.parse_args()
    cohort = trainable(
        read_cohort(
            given.file, outcome=given.event, time=given.time, patient=given.patient,
            ignore=given.ignore,
        ),
        Unwatched(),
    )  # fmt: skip
    options = FitOptions(folds=given.folds, seed=given.seed)
    model, seconds = fit(cohort, options), 0.0
    ours = model.out_of_fold
    assert ours is not None  # noqa: S101
    outer = outer_folds(cohort, given.folds, given.seed)
    folds = [held_out for _, held_out in outer]
    print(f"{given.file.name}: {len(cohort)} patients, {given.folds} folds")
    print(f"{'':32} C-index   IBS     seconds")
    seconds = float(model.card["seconds"])
    rows = {"pmed": (ours, seconds)} | model.baselines
    try:
        rows["Random survival forest"] = timed(lambda: forest(cohort, outer, ours))
    except ImportError:
        print("scikit-survival is not installed: no random survival forest.")
    for name, (found, spent) in rows.items():
        c, brier = by_fold(found, folds)
        print(f"{name:32} {c:.4f}    {brier:.4f}  {spent:.0f}")


if __name__ == "__main__":
    main()
