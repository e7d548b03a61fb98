"""Prognosis beside Cox regression, random survival forests and boosting, on the same folds.

    python -m benchmarks.survival [METABRIC.csv] [--folds 5] [--seed 0]

Five folds as in Kvamme et al. (JMLR 2019); scores are means over the folds, each predicted once.
An integrated Brier score is a mean over times, and which times changes it more than the model
does, so three are printed; compare within a column only:
  2-95 %   from the 2nd to the 95th percentile of follow-up, which pmed shows on its screens
  0-95 %   from the shortest follow-up to the 95th percentile
  pycox    100 times from the shortest to the longest follow-up of the test fold, weights summing
           to one at each (EvalSurv.integrated_brier_score of pycox, as its notebooks call it).
Kvamme's table (Cox .628/.183, RSF .651/.175, DeepHit .675/.184, Cox-Time .662/.172) is on none of
them to the third digit: Cox regression on the same patients tells how far apart the grids are.
The forest needs scikit-survival (GPL), which pmed does not install: pip install scikit-survival.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.integrate import simpson

from pmed_core.quiet import load_tensorflow

load_tensorflow()

from pmed_core.cohort import Cohort  # noqa: E402
from pmed_core.evaluations.resampling import draw  # noqa: E402
from pmed_core.modalities.tabular.learner import trainable  # noqa: E402
from pmed_core.modalities.tabular.preprocessing import fit_preprocessing  # noqa: E402
from pmed_core.options import FitOptions  # noqa: E402
from pmed_core.outcomes import TimeToEvent  # noqa: E402
from pmed_core.outcomes.time_to_event import grid, measures  # noqa: E402
from pmed_core.predictions import Predictions  # noqa: E402
from pmed_core.progress import Silent  # noqa: E402
from pmed_core.readers.tables import read_cohort  # noqa: E402
from pmed_core.training.fit import fit  # noqa: E402
from pmed_core.training.folds import outer_folds  # noqa: E402

METABRIC = Path(__file__).parents[2] / "shared/data/breast_cancer_survival_metabric.csv"


GRIDS = ("2-95 %", "0-95 %", "pycox")


def by_fold(found: Predictions, folds: list[np.ndarray]) -> np.ndarray:
    """Means over the folds, as papers have them: the C-index, then an integrated Brier score for
    each of ``GRIDS``."""
    scores = []
    for rows in folds:
        part = found.select(np.isin(np.arange(len(found)), rows))
        case, draws = measures.Case(part), draw(part.patients, part.observed, 1)
        scores.append(
            (
                measures.c_index(case, draws)[0], measures.integrated_brier(case, draws)[0],
                measures.integrated_brier(case, draws, (0.0, 0.95))[0], as_pycox(case),
            )
        )  # fmt: skip
    return np.asarray(np.mean(scores, axis=0))


def as_pycox(case: measures.Case) -> float:
    """The integrated Brier score from the shortest to the longest follow-up."""
    at = np.linspace(case.time.min(), case.time.max(), measures.TIMES)
    said, followed = case.at(at), case.followed
    own = grid.steps(*followed, case.time)
    errors = np.empty(len(at))
    for k, time_ in enumerate(at):
        had, then = case.event & (case.time <= time_), grid.steps(*followed, at[k : k + 1])[0]
        known = np.where(had, own, then) > 0
        weight = np.where(had, 1 / np.where(own > 0, own, 1), (case.time > time_) / (then or 1))
        weight = weight * known
        errors[k] = weight @ ((case.time > time_) - said[:, k]) ** 2 / weight.sum()
    return float(simpson(errors, x=at) / (at[-1] - at[0]))


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
            given.file, outcome=TimeToEvent(given.event, given.time, ()), patient=given.patient,
            ignore=given.ignore,
        ),
        Silent(),
    )  # fmt: skip
    options = FitOptions(folds=given.folds, seed=given.seed)
    model, seconds = fit(cohort, options), 0.0
    ours = model.out_of_fold
    assert ours is not None  # noqa: S101
    outer = outer_folds(cohort, given.folds, given.seed)
    folds = [held_out for _, held_out in outer]
    print(f"{given.file.name}: {len(cohort)} patients, {given.folds} folds")
    print(f"{'':32} C-index   IBS: {'  '.join(GRIDS)}  seconds")
    seconds = float(model.card["seconds"])
    rows = {"pmed": (ours, seconds)} | model.baselines
    try:
        rows["Random survival forest"] = timed(lambda: forest(cohort, outer, ours))
    except ImportError:
        print("scikit-survival is not installed: no random survival forest.")
    for name, (found, spent) in rows.items():
        c, *briers = by_fold(found, folds)
        print(f"{name:32} {c:.4f}         {'  '.join(f'{b:.4f}' for b in briers)}  {spent:.0f}")


if __name__ == "__main__":
    main()
