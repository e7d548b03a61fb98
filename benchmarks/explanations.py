"""Explanations: how long, how exact, beside shap's own explainers on the same models.

    python -m benchmarks.explanations FOLDER [--browser]

FOLDER holds icu_mortality_physionet2012_a.csv, on which the default model is trained first. Times
are the median of several patients once everything is compiled. shap's PermutationExplainer masks
the same variables of the same rows, begins from the same typical patients and asks the same model;
its time for an equal standard error is that of one of its permutations times as many as its own
spread between seeds says it would need. ``--browser`` also measures, in Chromium, how long a
patient takes from being chosen to the finished waterfall. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import shap
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.latency import waterfalls
from pmed_core import fit, read_cohort, shap_values
from pmed_core.cohort import Cohort
from pmed_core.limits import Limit, Limits
from pmed_core.modalities.scan.ensemble import ScanEnsemble
from pmed_core.modalities.scan.explaining import GRID, _hidden, _odds
from pmed_core.modalities.scan.network import ScanArchitecture, build
from pmed_core.modalities.scan.preparation import Preparation
from pmed_core.modalities.tabular.counterfactual import Search, counterfactuals
from pmed_core.modalities.tabular.importance import importance
from pmed_core.modalities.tabular.reasons import Care, Reasons, reasons
from pmed_core.options import FitOptions
from pmed_core.outcomes import YesNo
from pmed_core.predictor import Predictor
from pmed_core.progress import Silent
from pmed_core.training.calibration import UNCHANGED

IGNORED = ("Length_of_stay", "Survival", "SAPS-I", "SOFA")
PATIENTS, SEEDS, MANY = 15, 4, 1000


def timed(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    started = time.perf_counter()
    found = work(*arguments)
    return time.perf_counter() - started, found


def row(what: str, ours: str, theirs: str) -> None:
    print(f"| {what} | {ours} | {theirs} |", flush=True)


def icu(folder: Path) -> tuple[Predictor, Cohort]:
    """The default model of the real table."""
    path = folder / "icu_mortality_physionet2012_a.csv"
    cohort = read_cohort(path, outcome="In-hospital_death", patient="recordid", ignore=IGNORED)
    return fit(cohort, FitOptions(baselines=False)), cohort


class Typical(shap.maskers.Masker):  # type: ignore[misc]
    """What shap masks with: a variable's columns from each typical patient in turn."""

    def __init__(self, why: Reasons, encoded: NDArray[np.float32]) -> None:
        self.why, self.encoded = why, encoded
        self.shape = (len(why.background), len(why.read))

    def __call__(self, mask: NDArray[np.bool_], x: Any) -> tuple[NDArray[np.float32]]:
        present = np.concatenate([mask, [False]])[self.why.owner]
        mixed = np.where(present, self.encoded, self.why.background)
        return (mixed.reshape(len(mixed), -1),)


def shap_permutation(why: Reasons, encoded: NDArray[np.float32], seed: int) -> NDArray[np.float64]:
    """(p,) from one permutation and its reverse."""
    shape, p = encoded.shape, len(why.read)

    def model(flat: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.asarray(why.ensemble.scores(flat.reshape(-1, *shape))[:, why.label])

    explainer = shap.PermutationExplainer(model, Typical(why, encoded), seed=seed)
    found = explainer(np.ones((1, p)), max_evals=2 * p + 1, silent=True)
    return np.asarray(found.values[0])


def one_patient(predictor: Predictor, encoded: NDArray[np.float32]) -> None:
    """TabM and trees, 114 variables."""
    why = reasons(predictor.ensemble, predictor.labels[0], Care())
    odds = predictor.ensemble.scores(encoded)[:, why.label]
    why.of(encoded[0])
    runs = [timed(why.of, one) for one in encoded[:PATIENTS]]
    times = [spent for spent, _ in runs]
    errors = [v.standard_error.max() / abs(v.shap.sum()) for _, v in runs]
    gaps = [abs(v.base + v.shap.sum() - o) for (_, v), o in zip(runs, odds, strict=False)]
    speedups, needed = [], []
    for number in range(3):
        peer = [timed(shap_permutation, why, encoded[number], s) for s in range(SEEDS)]
        spread = np.stack([found for _, found in peer]).std(axis=0, ddof=1).max()
        permutations = max(1.0, (spread / runs[number][1].standard_error.max()) ** 2)
        needed.append(permutations * np.median([spent for spent, _ in peer]))
        speedups.append(needed[-1] / times[number])
    row(
        "TabM and trees, 114 variables, one patient",
        f"{np.median(times):.3f} s (slowest of {PATIENTS}: {max(times):.3f}); standard error "
        f"{np.median(errors):.2%} (largest {max(errors):.2%}) of f(x) - E f; adds up to "
        f"{max(gaps):.0e}",
        f"PermutationExplainer at equal standard error: {np.median(needed):.1f} s, "
        f"{np.median(speedups):.0f} x",
    )


def ten_variables() -> None:
    """Every coalition."""
    draw = np.random.default_rng(0)

    def model(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(x[:, 0] * x[:, 1] * x[:, 2] + np.sin(x).sum(axis=1))

    rows, background = draw.normal(size=(5, 10)), draw.normal(size=(16, 10))
    ours, found = timed(shap_values, model, rows, background)
    theirs, exact = timed(shap.explainers.Exact(model, background), rows)
    off = np.abs(found.values - exact.values).max()
    row(
        "10 variables, every coalition, 5 rows", f"{ours:.3f} s; off by {off:.0e}",
        f"Exact: {theirs:.3f} s",
    )  # fmt: skip


def thousand_features() -> None:
    """The textbook network."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((MANY,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(20, MANY)).astype(np.float32)
    background = draw.normal(size=(16, MANY)).astype(np.float32)
    answers = np.asarray(model(rows))[:, 0]

    def ours(k: int) -> shap.Explanation:
        return shap_values(model, rows[k : k + 1], background, method="expected gradients")

    ours(0)
    runs = [timed(ours, k) for k in range(10)]
    gap = max(
        abs(found.base_values[0] + found.values.sum() - answers[k])
        for k, (_, found) in enumerate(runs)
    )
    deep = shap.DeepExplainer(model, background)
    base = float(np.asarray(deep.expected_value).ravel()[0])

    def theirs(k: int) -> Any:
        return deep.shap_values(rows[k : k + 1], check_additivity=False)

    theirs(0)
    peer = [timed(theirs, k)
            for k in range(10)]  # fmt: skip
    off = max(abs(base + np.sum(found) - answers[k]) for k, (_, found) in enumerate(peer))
    row(
        "32-16-1 network, 1,000 features, one row",
        f"expected gradients: {1000 * np.median([t for t, _ in runs]):.1f} ms; adds up to "
        f"{gap:.0e}",
        f"DeepExplainer: {1000 * np.median([t for t, _ in peer]):.1f} ms; adds up to {off:.0e}",
    )


def whole_cohort(predictor: Predictor, cohort: Cohort) -> None:
    """A thousand patients, with the interactions of all pairs."""
    sample = cohort.select(np.arange(MANY))
    spent, found = timed(importance, predictor, sample, predictor.labels[0], Silent())
    why = reasons(predictor.ensemble, predictor.labels[0], Care())
    encoded = predictor.ensemble.encode(sample.table.iloc[:2])
    each = [timed(shap_permutation, why, encoded[k], 0)[0] for k in range(2)]
    row(
        "1,000 patients, 114 variables", f"{spent:.0f} s, with interactions; adds up to "
        f"{found.gap.max():.0e}",
        f"PermutationExplainer, one permutation each: {MANY * np.mean(each):,.0f} s (from two)",
    )  # fmt: skip


def counterfactual(predictor: Predictor, cohort: Cohort) -> None:
    """Patients at risk, all of whose known values may differ."""
    risk = predictor.predict(cohort.select(np.arange(400))).value[:, 0]
    ill = np.flatnonzero(risk > 2 * predictor.threshold)[:PATIENTS]
    runs = []
    for number in ill:
        cells = {v.name: plain(cohort.table[v.name].iloc[number]) for v in predictor.variables}
        limits = Limits(tuple(Limit(v.name) for v in predictor.variables))
        search = Search.within(
            predictor.ensemble, cells, limits, predictor.labels[0], predictor.threshold
        )
        runs.append(timed(counterfactuals, search))
    times = [spent for spent, _ in runs]
    reached = sum(found[0].reached for _, found in runs)
    row(
        f"smallest change below the threshold, {len(ill)} patients at twice the threshold or more",
        f"{np.median(times):.2f} s (slowest {max(times):.2f}); found for {reached}, with at most "
        "four changes", "–",
    )  # fmt: skip


def plain(cell: Any) -> float | str | None:
    """A cell as a page sends it."""
    if isinstance(cell, str):
        return cell
    return None if np.isnan(cell) else float(cell)


def superpixels() -> None:
    """The textbook CNN of two convolutions on 200 x 200 pixels, 7 x 7 places."""
    plan = ScanArchitecture("cnn32", 200, 1, 1)
    networks = ScanEnsemble(YesNo("label", ("yes",)), "no", plan, (build(plan),),
                  Preparation(200, 1, None), UNCHANGED)  # fmt: skip
    draw = np.random.default_rng(0)
    scan = ndimage.gaussian_filter(draw.random((1, 200, 200, 1)), (0, 3, 3, 0)).astype(np.float32)
    _hidden(networks, scan, 1)
    spent, found = timed(_hidden, networks, scan, 1)
    blurred = ndimage.gaussian_filter(scan[0], (25, 25, 0))
    masker = shap.maskers.Image(blurred, scan[0].shape)
    explainer = shap.PartitionExplainer(
        lambda rows: _odds(networks, rows.astype(np.float32), 1), masker
    )
    evaluations = 2 * 2 * GRID * GRID
    explainer(scan, max_evals=evaluations, batch_size=96, silent=True)
    theirs, _ = timed(lambda: explainer(scan, max_evals=evaluations, batch_size=96, silent=True))
    distance = abs(found.places.sum())
    row(
        "200 x 200 scan, 49 places, CNN 32-64",
        f"{spent:.2f} s; standard error {found.error.max() / distance:.1%}",
        f"PartitionExplainer, {evaluations} evaluations: {theirs:.2f} s",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--browser", action="store_true")
    chosen = parser.parse_args()
    warnings.filterwarnings("ignore")
    print("| What | pmed | shap |\n|---|---|---|")
    ten_variables()
    thousand_features()
    superpixels()
    predictor, cohort = icu(chosen.folder)
    one_patient(predictor, predictor.ensemble.encode(cohort.table.iloc[:PATIENTS]))
    whole_cohort(predictor, cohort)
    counterfactual(predictor, cohort)
    if chosen.browser:
        median, high, count = waterfalls(chosen.folder / "icu_mortality_physionet2012_a.csv")
        row(
            f"Browser, from choosing a patient to the waterfall ({count} patients)",
            f"median {median:.0f} ms, 95th percentile {high:.0f} ms", "–",
        )  # fmt: skip


if __name__ == "__main__":
    main()
