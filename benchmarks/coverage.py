"""How often 95 % intervals of out-of-fold measures hold the truth.

    python -m benchmarks.coverage [--tables 1000] [--inputs 9] [--folds 8] [--fits 0]

Simulated tables: 30 % events, inputs normal, in patients with the event moved so that the best
model's AUROC is the cell's. Logistic regression (a ridge of one patient's weight) learns them on
folds as pmed splits them; "fewer inputs" is the same of half of the inputs, for paired differences.
The truth is the mean, over the tables, of what models of all n patients reach on new patients.

    before   resamples of all folds' predictions together, as they are
    folds    the same with pairs within a fold alone
    now      and as much wider as models of other folds disagree (evaluations/training_share.py)

``--fits`` adds so many tables of noise that pmed itself learns, with default options.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from pmed_core.evaluation import Measure
from pmed_core.evaluations import measures, training_share
from pmed_core.evaluations.measures import YesNoCase
from pmed_core.evaluations.resampling import Draws, draw, percentiles
from pmed_core.training.folds import split

Floats = NDArray[np.float64]
Found = dict[tuple[str, str], tuple[Measure, float]]
"""(measure, way) -> its interval, and what the model of all patients reaches."""
RATE, RIDGE, STEPS, RESAMPLES, PANEL, NEW = 0.3, 1.0, 8, 400, 128, 2000
CELLS = ((0.5, 300), *((auroc, n) for n in (200, 1000, 5000) for auroc in (0.65, 0.8, 0.95)))
LARGE = 5000
"""Of so many patients there are a quarter as many tables."""
WAYS = ("before", "folds", "now")


@dataclass(frozen=True)
class Patients:
    """Inputs (n, p), events (n,), the fold of each, and other rows (m, p) for all folds."""

    columns: Floats
    event: Floats
    fold: NDArray[np.int64]
    panel: Floats


@dataclass(frozen=True)
class Learnt:
    """Out-of-fold log-odds (n,), those of the panel by each fold (k, m, 1), and of the model of all
    patients: its intercept, the spread of its scores, and how many spreads apart it sees patients
    with the event from others."""

    scores: Floats
    panel: Floats
    intercept: float
    spread: float
    apart: float


def weights(columns: Floats, event: Floats, parts: Floats) -> Floats:
    """Logistic regressions (k, 1 + p) of the rows marked by each part (k, n): Newton's method."""
    design = np.column_stack([np.ones(len(columns)), columns])
    ridge = np.diag([1e-6, *[RIDGE] * columns.shape[1]])
    products = (design[:, :, None] * design[:, None]).reshape(len(design), -1)
    found = np.zeros((len(parts), design.shape[1]))
    for _ in range(STEPS):
        risk = expit(found @ design.T)
        slope = ((event - risk) * parts) @ design - found @ ridge
        curve = ((risk * (1 - risk) * parts) @ products).reshape(len(parts), *ridge.shape) + ridge
        found = found + np.linalg.solve(curve, slope[:, :, None])[:, :, 0]
    return found


def learnt(patients: Patients, inputs: int, moved: Floats) -> Learnt:
    """From the first of the inputs alone."""
    columns, fold, moved = patients.columns[:, :inputs], patients.fold, moved[:inputs]
    parts = (fold != np.arange(fold.max() + 1)[:, None]).astype(float)
    each = weights(columns, patients.event, np.vstack([parts, np.ones(len(fold))]))
    scores = each[fold, 0] + (columns * each[fold, 1:]).sum(axis=1)
    panel = each[:-1, 1:] @ patients.panel[:, :inputs].T
    spread = float(np.linalg.norm(each[-1, 1:]))
    apart = float(each[-1, 1:] @ moved) / spread
    return Learnt(scores, panel[:, :, None], float(each[-1, 0]), spread, apart)


def simulated(n: int, moved: Floats, folds: int, generator: np.random.Generator) -> Patients:
    """Events are ``moved`` so far in each input."""
    event = (generator.random(n) < RATE).astype(float)
    columns = generator.normal(size=(n, len(moved))) + event[:, None] * moved
    fold = np.empty(n, dtype=np.int64)
    names = np.arange(n).astype(str)
    parts = split(event.astype(np.int64), names, folds, int(generator.integers(2**31)))
    for number, (_, held_out) in enumerate(parts):
        fold[held_out] = number
    panel = generator.normal(size=(PANEL, len(moved)))
    return Patients(columns, event, fold, panel + (generator.random(PANEL) < RATE)[:, None] * moved)


def table(n: int, moved: Floats, folds: int, seed: int) -> Found:
    """The intervals of one simulated table."""
    generator = np.random.default_rng(seed)
    patients = simulated(n, moved, folds, generator)
    names, observed = tuple(map(str, range(n))), patients.event.astype(np.int64)
    draws = draw(names, observed, RESAMPLES, tuple(patients.fold.tolist()))
    together = replace(draws, fold=np.empty(0, np.int64))
    both = [learnt(patients, inputs, moved) for inputs in (len(moved), len(moved) // 2)]
    cases = [YesNoCase(expit(one.scores), patients.event) for one in both]
    before = [measures.auroc(case, together) for case in cases]
    model, other = measures.measured(cases[0], draws), measures.auroc(cases[1], draws)
    ranked = [training_share.ranks(one.panel) for one in both]
    wide = training_share.share(ranked[0], (0,))
    apart = training_share.share(ranked[0] - ranked[1], (0,))
    precision, gap = model["average_precision"], model["auroc"] - other
    values = {
        ("AUROC", "before"): before[0], ("AUROC", "folds"): model["auroc"],
        ("AUROC", "now"): training_share.widened(model["auroc"], wide),
        ("difference", "before"): before[0] - before[1], ("difference", "folds"): gap,
        ("difference", "now"): training_share.widened_difference(gap, apart),
        ("average precision", "before"): precision,
        ("average precision", "now"): training_share.widened(precision, wide),
        ("Brier", "before"): model["brier"],
    }  # fmt: skip
    truth = reached(both[0], both[1], generator)
    return {key: (percentiles(value), truth[key[0]]) for key, value in values.items()}


def reached(model: Learnt, other: Learnt, generator: np.random.Generator) -> dict[str, float]:
    """By the models of all patients, on new ones."""
    event = (generator.random(NEW) < RATE).astype(float)
    score = model.intercept + model.spread * (generator.normal(size=NEW) + event * model.apart)
    once = Draws(np.ones((1, NEW), np.uint16), False, np.arange(NEW))
    fresh = measures.measured(YesNoCase(expit(score), event), once)
    auroc, less = (float(norm.cdf(one.apart / np.sqrt(2))) for one in (model, other))
    precision, brier = (float(fresh[name][0]) for name in ("average_precision", "brier"))
    return {
        "AUROC": auroc, "difference": auroc - less, "average precision": precision, "Brier": brier
    }  # fmt: skip


def fits(count: int, inputs: int) -> Iterator[Measure]:
    """The AUROC of tables of noise that pmed itself learns."""
    from pmed_core.options import FitOptions
    from pmed_core.readers.tables import read_cohort
    from pmed_core.training.fit import fit

    for seed in range(count):
        generator = np.random.default_rng(seed)
        frame = pd.DataFrame(generator.normal(size=(300, inputs)).round(4))
        frame = frame.rename(columns=lambda number: f"x{number}").astype(str)
        frame = frame.assign(died=np.where(generator.random(300) < RATE, "yes", "no"))
        model = fit(read_cohort(frame, outcome="died"), FitOptions(baselines=False))
        yield model.evaluation.measures["auroc"]


def covers(found: list[Measure], truth: float) -> str:
    return f"{np.mean([m.low <= truth <= m.high for m in found]):.1%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--inputs", type=int, default=9)
    parser.add_argument("--folds", type=int, default=8)
    parser.add_argument("--fits", type=int, default=0)
    given = parser.parse_args()
    columns = ("best AUROC", "patients", "measure", "truth", "mean", *(f"held {w}" for w in WAYS))
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for auroc, n in CELLS:
        moved = np.full(given.inputs, norm.ppf(auroc) * np.sqrt(2 / given.inputs))
        count = given.tables if n < LARGE else max(1, given.tables // 4)
        tables = [table(n, moved, given.folds, seed) for seed in range(count)]
        for name in ("AUROC", "difference", "average precision", "Brier"):
            print(f"| {auroc} | {n:,} | {name} | " + line(name, tables), flush=True)
    if given.fits:
        found = list(fits(given.fits, given.inputs))
        mean = np.mean([measure.value for measure in found])
        print(f"pmed on {given.fits} tables of noise: mean {mean:.4f}, held {covers(found, 0.5)}")


def line(name: str, tables: list[Found]) -> str:
    """Truth, means (before / now where they differ) and coverage of one measure."""
    there = {way: [t[name, way] for t in tables] for way in WAYS if (name, way) in tables[0]}
    truth = float(np.mean([true for _, true in there["before"]]))
    means = dict.fromkeys(f"{np.mean([m.value for m, _ in each]):.4f}" for each in there.values())
    held = [covers([m for m, _ in there[way]], truth) if way in there else "" for way in WAYS]
    return " | ".join([f"{truth:.4f}", " / ".join(means), *held]) + " |"


if __name__ == "__main__":
    main()
