"""Expression of genes beside the regressions, forests and machines that are usually fitted to it.

    python -m benchmarks.expression FOLDER [--data leukaemia breast noise wide] [--seeds N]

FOLDER holds ``expression_leukemia_golub.csv.gz`` and ``multiomics_breast_tcga.csv.gz``. The peers
learn on the same outer folds in the same run, each with its genes standardised within the fold;
differences are paired over the held-out patients and seeds. ``noise``: 20,000 columns that tell
nothing. ``wide``: seconds of a training on 300 patients × 20,000 genes.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from pmed_core import fit, read_cohort
from pmed_core.cohort import Cohort
from pmed_core.modalities.expression.learner import in_logarithms
from pmed_core.options import ExpressionOptions
from pmed_core.outcomes import YesNo
from pmed_core.profiles import Profiles
from pmed_core.variable import Kind, Role, Variable

SETS: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "leukaemia": ("expression_leukemia_golub.csv.gz", "diagnosis", ("AML",), ""),
    "breast": ("multiomics_breast_tcga.csv.gz", "subtype", ("*",), "mrna|"),
}
GENES_AS_COLUMNS = {"expression": "genes in columns"}
FOLDS, RESAMPLES = 6, 2_000
Doubles = NDArray[np.float64]


def peers(seed: int) -> dict[str, Any]:
    """Name -> model of standardised genes."""
    return {
        "ridge": make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=500)),
        "ridge, stronger": make_pipeline(
            StandardScaler(), LogisticRegression(C=1e-3, max_iter=500)
        ),
        "random forest": RandomForestClassifier(500, random_state=seed, n_jobs=-1),
        "linear SVM": make_pipeline(
            StandardScaler(), CalibratedClassifierCV(SVC(C=1e-2, kernel="linear"), ensemble=False)
        ),
    }  # fmt: skip


def compared(folder: Path, name: str, seeds: int) -> None:
    """Our model and its peers on the same folds, over several splits."""
    file, outcome, positive, prefix = SETS[name]
    cohort = _beginning(
        read_cohort(folder / file, outcome=outcome, positive=positive, choices=GENES_AS_COLUMNS),
        prefix,
    )
    labels = cohort.observed()
    values = np.nan_to_num(in_logarithms(cohort, "auto").values)
    said: dict[str, list[Doubles]] = {}
    spent = dict[str, float]()
    for seed in range(seeds):
        started = time.perf_counter()
        model = fit(cohort, ExpressionOptions(seed=seed, folds=FOLDS, baselines=False))
        spent["pmed"] = spent.get("pmed", 0.0) + time.perf_counter() - started
        held_out = model.held_out()
        own = held_out.value
        if own.shape[1] == 1:
            own = np.hstack([1 - own, own])
        said.setdefault("pmed", []).append(own)
        for title, peer in peers(seed).items():
            started = time.perf_counter()
            found = np.zeros_like(own)
            for fold in np.unique(held_out.folds):
                held = np.array(held_out.folds) == fold
                peer.fit(values[~held], labels[~held])
                found[held] = peer.predict_proba(values[held])
            said.setdefault(title, []).append(found)
            spent[title] = spent.get(title, 0.0) + time.perf_counter() - started
    print(f"\n{name}: {len(cohort)} patients × {values.shape[1]:,} genes, {seeds} × {FOLDS} folds")
    for title, each in said.items():
        measures = [_measured(one, labels, np.arange(len(labels))) for one in each]
        auroc, accuracy = np.mean(measures, axis=0)
        line = f"  {title}: AUROC {auroc:.4f}, accuracy {accuracy:.4f}, {spent[title]:.0f} s"
        if title != "pmed":
            line += _difference(said["pmed"], each, labels)
        print(line, flush=True)


def _beginning(cohort: Cohort, prefix: str) -> Cohort:
    """With the genes alone whose names begin so."""
    if not prefix or cohort.profiles is None:
        return cohort
    kept = [k for k, gene in enumerate(cohort.profiles.names) if gene.startswith(prefix)]
    names = tuple(cohort.profiles.names[k] for k in kept)
    profiles = Profiles(cohort.profiles.ids, names, cohort.profiles.values[:, kept])
    return Cohort(
        cohort.name, cohort.table, cohort.variables, cohort.outcome, profiles=profiles
    )  # fmt: skip


def _measured(said: Doubles, labels: NDArray[np.int64], rows: NDArray[np.int64]) -> Doubles:
    """AUROC (mean over classes of one against the rest) and accuracy of some rows."""
    own, told = labels[rows], said[rows]
    each = [
        roc_auc_score(own == k, told[:, k]) for k in range(told.shape[1])
        if 0 < (own == k).sum() < len(own)
    ]  # fmt: skip
    return np.array([np.mean(each), (told.argmax(axis=1) == own).mean()])


def _difference(ours: list[Doubles], theirs: list[Doubles], labels: NDArray[np.int64]) -> str:
    """Paired over patients, resampled, each with all its seeds."""
    draw, found = np.random.default_rng(0), []
    for _ in range(RESAMPLES // len(ours)):
        rows = draw.integers(0, len(labels), len(labels))
        if len(np.unique(labels[rows])) == len(np.unique(labels)):
            each = [
                _measured(a, labels, rows) - _measured(b, labels, rows)
                for a, b in zip(ours, theirs, strict=True)
            ]
            found.append(np.mean(each, axis=0))
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    return (
        f"; pmed less it: AUROC {low[0]:+.4f} to {high[0]:+.4f}, accuracy {low[1]:+.4f} to "
        f"{high[1]:+.4f}"
    )


def _simulated(rows: int, genes: int, seed: int, effect: float) -> Cohort:
    """Correlated genes of which 30 differ by so many standard deviations."""
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(rows, 10)) @ draw.normal(0, 0.3, (10, genes))
    values += draw.normal(size=(rows, genes)) + draw.uniform(3, 12, genes)
    event = draw.permutation(np.arange(rows) % 2 == 0)
    values[:, draw.choice(genes, 30, replace=False)] += effect * event[:, None]
    names = [f"P{k}" for k in range(rows)]
    table = pd.DataFrame({
        "patient": pd.array(names, dtype="str"),
        "case": pd.array(np.where(event, "yes", "no"), dtype="str"),
        "expression": pd.array(names, dtype="str"),
    })  # fmt: skip
    variables = (
        Variable("patient", Kind.IDENTIFIER, Role.PATIENT),
        Variable("case", Kind.YES_NO, Role.OUTCOME, categories=("no", "yes")),
        Variable("expression", Kind.EXPRESSION),
    )
    profiles = Profiles(
        tuple(names), tuple(f"G{k}" for k in range(genes)), values.astype(np.float32)
    )
    return Cohort("simulated", table, variables, YesNo("case", ("yes",)), profiles=profiles)


def noise(seeds: int) -> None:
    """How well 20,000 columns predict that tell nothing."""
    found = []
    for seed in range(seeds):
        options = ExpressionOptions(seed=seed, baselines=False)
        measure = fit(_simulated(100, 20_000, seed, 0.0), options).evaluation.measures["auroc"]
        found.append(measure.value)
    print(f"\nnoise: AUROC {np.mean(found):.3f} on average of {seeds}, "
          f"{min(found):.3f} to {max(found):.3f}")  # fmt: skip


def wide() -> None:
    """Seconds of a training on 300 patients × 20,000 genes."""
    cohort = _simulated(300, 20_000, 0, 0.5)
    for baselines in (False, True):
        started, spent = time.perf_counter(), time.process_time()
        found = fit(cohort, ExpressionOptions(baselines=baselines)).evaluation
        print(
            f"\nwide: {time.perf_counter() - started:.0f} s by the clock, "
            f"{time.process_time() - spent:.0f} s of processors, baselines {baselines}: AUROC "
            f"{found.measures['auroc'].value:.3f}"
        )
        for one in found.baselines:
            print(f"  {one.name}: {one.measures['auroc'].value:.3f}")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", nargs="+", default=[*SETS, "noise", "wide"])
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    for name in given.data:
        if name in SETS:
            compared(given.folder, name, given.seeds)
        elif name == "noise":
            noise(given.seeds)
        else:
            wide()


if __name__ == "__main__":
    main()
