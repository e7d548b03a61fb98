"""Effects of treatments beside T-learners, where the true effect is known, and on a real trial.

    python -m benchmarks.treatment FOLDER [--replications 10] [--seed 0] [--acic] [--actg]

FOLDER holds ``treatment_ihdp_10.csv.gz``, ``treatment_acic2016_1..4.csv.gz`` and
``trial_hiv_actg175.csv``. IHDP: 90 % of the children are learnt from, √PEHE is of the others (which
those are, ``--seed`` says), and so is it of T-learners on ridge regression, boosting and Gaussian
processes of the same children.
ACIC: the verdict on heterogeneity, which is none in files 2 and 3. ACTG 175: average effects on
CD4 cells after 20 weeks. What is said where effects do not differ: ``treatment_null``.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pmed_core.quiet import load_tensorflow

load_tensorflow()

from pmed_core.options import TreatmentOptions  # noqa: E402
from pmed_core.outcomes import Arms, Number  # noqa: E402
from pmed_core.predictor import Predictor  # noqa: E402
from pmed_core.readers.tables import read_cohort, read_for  # noqa: E402
from pmed_core.training.fit import fit  # noqa: E402

Doubles = NDArray[np.float64]
AFTER = ["cd496", "cd820", "offtrt", "r", "cens", "days", "treat", "strat", "pidnum"]
"""Of ACTG 175: recorded after treatment, or said by another column."""


def peers() -> dict[str, object]:
    kernel = ConstantKernel() * RBF(3.0) + WhiteKernel()
    process = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=0)
    return {
        "T-ridge": make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 4, 13))),
        "T-boosting": HistGradientBoostingRegressor(random_state=0),
        "T-GP": make_pipeline(StandardScaler(), process),
    }


def t_learner(model: object, x: Doubles, given: Doubles, y: Doubles, others: Doubles) -> Doubles:
    each = [model.fit(x[given == arm], y[given == arm]).predict(others) for arm in (1, 0)]  # type: ignore[attr-defined]
    return np.asarray(each[0] - each[1])


def error(said: Doubles, true: Doubles) -> float:
    return float(np.sqrt(np.mean((said - true) ** 2)))


def ihdp(folder: Path, replications: int, seed: int) -> None:
    everything = pd.read_csv(folder / "treatment_ihdp_10.csv.gz")
    inputs = [name for name in everything if str(name).startswith("x")]
    errors: dict[str, list[float]] = {}
    for number in range(1, replications + 1):
        table = everything[everything["replication"] == number].reset_index(drop=True)
        true = (table["mu1"] - table["mu0"]).to_numpy()
        order = np.random.default_rng(number + 1000 * seed).permutation(len(table))
        learnt, held = order[len(order) // 10 :], order[: len(order) // 10]
        x, given, y = (table[c].to_numpy() for c in (inputs, "treatment", "y_factual"))
        found = {
            name: error(t_learner(one, x[learnt], given[learnt], y[learnt], x[held]), true[held])
            for name, one in peers().items()
        }
        started, cpu = time.monotonic(), time.process_time()
        frame = table[[*inputs, "treatment", "y_factual"]]
        model = learn(frame.iloc[learnt].reset_index(drop=True), "y_factual", "treatment")
        found["pmed"] = error(effects(model, frame.iloc[held])[:, 0], true[held])
        for name, value in found.items():
            errors.setdefault(name, []).append(value)
        told = ", ".join(f"{name} {value:.2f}" for name, value in found.items())
        spent = f"{time.monotonic() - started:.0f} s, {time.process_time() - cpu:.0f} s of CPU"
        print(f"IHDP {number}: {told}  ({spent})", flush=True)
    own = np.array(errors["pmed"])
    for name, values in errors.items():
        better = "" if name == "pmed" else f", pmed better in {np.mean(own < values):.0%}"
        print(f"  {name}: mean {np.mean(values):.2f}, median {np.median(values):.2f}{better}")


def learn(frame: pd.DataFrame, outcome: str, treatment: str) -> Predictor:
    arms = Arms(treatment, reference="0")
    cohort = read_cohort(frame, outcome=Number(outcome), treatment=arms)
    return fit(cohort, TreatmentOptions(baselines=False))


def effects(model: Predictor, rows: pd.DataFrame) -> Doubles:
    """Of everybody, also of those of whom a screen says nothing."""
    cohort = read_for(rows.reset_index(drop=True), model.ensemble.inputs)
    value, _ = model.ensemble.answers(model.ensemble.told(cohort.table))
    return np.asarray(value)


def acic(folder: Path) -> None:
    for number in (1, 2, 3, 4):
        table = pd.read_csv(folder / f"treatment_acic2016_{number}.csv.gz")
        true = (table["mu1"] - table["mu0"]).to_numpy()
        frame = table[[c for c in table if str(c).startswith("x_")] + ["z", "y"]]
        started = time.monotonic()
        model = learn(frame, "y", "z")
        held_out = model.held_out()
        told = np.isfinite(held_out.value[:, 0])
        said = error(held_out.value[told, 0], true[told])
        print(
            f"ACIC {number}: true effect {true[told].mean():.2f} (sd {true[told].std():.2f}), "
            f"√PEHE {said:.2f}, {told.mean():.0%} told; {model.evaluation.verdict} "
            f"({time.monotonic() - started:.0f} s)",
            flush=True,
        )


def actg(folder: Path) -> None:
    table = pd.read_csv(folder / "trial_hiv_actg175.csv")
    frame = table.drop(columns=[c for c in table if c in AFTER])
    arms = Arms("arms", reference="0", randomised=True)
    cohort = read_cohort(frame, outcome=Number("cd420"), treatment=arms)
    started, cpu = time.monotonic(), time.process_time()
    model = fit(cohort, TreatmentOptions(baselines=False))
    spent = f"{time.monotonic() - started:.0f} s, {time.process_time() - cpu:.0f} s of CPU"
    print(f"ACTG 175, {len(frame):,} patients: {model.evaluation.verdict} ({spent})")
    simple = frame.groupby("arms")["cd420"].mean()
    print(f"  differences of means: {(simple - simple.iloc[0]).round(1).to_dict()}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--replications", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--acic", action="store_true")
    parser.add_argument("--actg", action="store_true")
    given = parser.parse_args()
    if given.replications:
        ihdp(given.folder, given.replications, given.seed)
    if given.acic:
        acic(given.folder)
    if given.actg:
        actg(given.folder)


if __name__ == "__main__":
    main()
