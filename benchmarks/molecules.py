"""Molecules: toxicity, blood-brain barrier and solubility beside forests on fingerprints.

    python -m benchmarks.molecules FOLDER [--data tox21 bbbp esol speed] [--folds N] [--seed N]

FOLDER holds MoleculeNet's tables: ``toxicity_tox21.csv``, ``brain_barrier_bbbp.csv``,
``solubility_esol.csv``, and ``molecules_moses_250k.csv.gz`` for the speed. The split is by scaffold
as MoleculeNet has it (largest sets of molecules first into training: 80/10/10); the model and the
forest learn from the same 90 % (the model takes what stops it from these), the last 10 % are
predicted once. Paired: 1,000 resamples of the test molecules.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import average_precision_score, roc_auc_score

from pmed_core import fit, read_cohort
from pmed_core.cohort import Cohort
from pmed_core.modalities.molecule.ensemble import structures
from pmed_core.modalities.molecule.features import BITS, features
from pmed_core.modalities.molecule.learner import with_structure
from pmed_core.modalities.molecule.structures import scaffold, standardised
from pmed_core.options import MoleculeOptions
from pmed_core.outcomes import Number, Outcome, Several, YesNo

ASSAYS = (
    "NR-AR", "NR-AR-LBD", "NR-AhR", "NR-Aromatase", "NR-ER", "NR-ER-LBD", "NR-PPAR-gamma",
    "SR-ARE", "SR-ATAD5", "SR-HSE", "SR-MMP", "SR-p53",
)  # fmt: skip
OTHERS_ANSWER = "ESOL predicted log solubility in mols per litre"
SETS: dict[str, tuple[str, Outcome, tuple[str, ...]]] = {
    "tox21": (
        "toxicity_tox21.csv", Several(tuple(YesNo(name, ("1",)) for name in ASSAYS)), ()
    ),
    "bbbp": ("brain_barrier_bbbp.csv", YesNo("p_np", ("1",)), ()),
    "esol": (
        "solubility_esol.csv", Number("measured log solubility in mols per litre"),
        (OTHERS_ANSWER,),
    ),
}  # fmt: skip
RESAMPLES = 1000
Doubles = NDArray[np.float64]


def by_scaffold(smiles: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of training and validation together, and of the test."""
    sets = defaultdict[str, list[int]](list)
    for row, one in enumerate(smiles):
        sets[scaffold(one)].append(row)
    training, test = list[int](), list[int]()
    # Of sets of one size the later ones first: the same as DeepChem's splitter.
    for rows in sorted(sets.values(), key=lambda rows: (len(rows), rows[0]), reverse=True):
        (training if len(training) + len(rows) <= 0.9 * len(smiles) else test).extend(rows)
    return np.array(training), np.array(test)


def truth(cohort: Cohort) -> Doubles:
    """(n, k) labels or a number, NaN unknown."""
    target = cohort.target()
    if target.actual.size:
        return np.asarray(target.actual, dtype=np.float64)
    return np.where(target.observed < 0, np.nan, target.observed.astype(float))[:, None]


def forest(columns: NDArray[np.float32], y: Doubles, number: bool, seed: int) -> list[Any]:
    """A random forest for each of the outcomes, taught by those of whom it is known."""
    kind = RandomForestRegressor if number else RandomForestClassifier
    found = []
    for k in range(y.shape[1]):
        known = np.isfinite(y[:, k])
        model = kind(500, n_jobs=2, random_state=seed)
        found.append(model.fit(columns[known], y[known, k]))
    return found


def said(models: list[Any], columns: NDArray[np.float32], number: bool) -> Doubles:
    """(n, k) of the forests."""
    each = [m.predict(columns) if number else m.predict_proba(columns)[:, 1] for m in models]
    return np.stack(each, axis=1)


def mean_of(score: Callable[[Doubles, Doubles], float]) -> Callable[[Doubles, Doubles], float]:
    """Over the outcomes that some have and some have not."""

    def mean(y: Doubles, value: Doubles) -> float:
        found = []
        for k in range(y.shape[1]):
            known = np.isfinite(y[:, k])
            if len(np.unique(y[known, k])) > 1:
                found.append(score(y[known, k], value[known, k]))
        return float(np.mean(found))

    return mean


def rmse(y: Doubles, value: Doubles) -> float:
    """Root mean square error."""
    return float(np.sqrt(np.mean((y - value) ** 2)))


def compared(
    y: Doubles, model: Doubles, peer: Doubles, score: Callable[[Doubles, Doubles], float]
) -> str:
    """Both, and the difference with its interval."""
    generator = np.random.default_rng(0)
    rows = [generator.integers(0, len(y), len(y)) for _ in range(RESAMPLES)]
    less = [score(y[r], model[r]) - score(y[r], peer[r]) for r in rows]
    low, high = np.quantile(less, [0.025, 0.975])
    ours, theirs = score(y, model), score(y, peer)
    return f"{ours:.3f} {theirs:.3f}  difference {ours - theirs:+.3f} ({low:+.3f} to {high:+.3f})"


def measured(name: str, folder: Path, options: MoleculeOptions) -> None:
    """One table, printed."""
    file, outcome, ignored = SETS[name]
    read = read_cohort(folder / file, outcome=outcome, ignore=ignored)
    cohort = with_structure(read)
    smiles = structures(cohort.table["smiles"])
    training, test = by_scaffold(smiles)
    started, cpu = time.monotonic(), time.process_time()
    predictor = fit(cohort.select(training), options)
    told = f"{time.monotonic() - started:.0f} s by the clock, {time.process_time() - cpu:.0f} s CPU"
    value = predictor.predict(cohort.select(test)).value
    number, y = isinstance(outcome, Number), truth(cohort)
    counts = features(smiles)[:, :BITS]
    peer = said(forest(counts[training], y[training], number, options.seed), counts[test], number)
    print(f"{name}: {len(training)} molecules learnt from, {len(test)} test; trained in {told}")
    scores = {"RMSE": rmse} if number else {
        "AUROC": mean_of(roc_auc_score), "average precision": mean_of(average_precision_score)
    }  # fmt: skip
    for title, score in scores.items():
        print(f"  {title}, model and forest: {compared(y[test], value, peer, score)}")
    sys.stdout.flush()


def speed(folder: Path, molecules: int = 100_000) -> None:
    """Standardising and describing many molecules."""
    texts = pd.read_csv(folder / "molecules_moses_250k.csv.gz").iloc[:molecules, 0].astype(str)
    started, cpu = time.monotonic(), time.process_time()
    found = features([standardised(text).smiles for text in texts])
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"speed: {len(found):,} molecules standardised and described in "
        f"{time.monotonic() - started:.0f} s by the clock, {time.process_time() - cpu:.0f} s CPU, "
        f"{used:,.0f} MB at the most"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", nargs="+", default=[*SETS, "speed"], choices=[*SETS, "speed"])
    parser.add_argument("--folds", type=int, default=MoleculeOptions().folds)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    # On a busy machine the clock must not end a training.
    chosen = MoleculeOptions(
        folds=given.folds, seed=given.seed, baselines=False, time_limit_minutes=600
    )
    for one in given.data:
        if one == "speed":
            speed(given.folder)
        else:
            measured(one, given.folder, chosen)
