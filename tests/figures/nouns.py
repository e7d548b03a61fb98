"""Nouns to draw, with names that try to be markup and values that are missing."""

from __future__ import annotations

from typing import Any

import numpy as np

from pmed_core.evaluation import Baseline, Curve, Curves, Evaluation, Measure, Threshold
from pmed_core.explanation import Explanation
from pmed_core.outcomes import Classes, Several, YesNo
from pmed_core.quality import Quality, Summary
from pmed_core.variable import Kind, Variable
from pmed_core.work import Consultation, Neighbour

NAMES = (
    "Lowest Glasgow coma score", "Age", "Urine output on the first day", "Blood urea nitrogen",
    "Mechanical ventilation", "<b>Lactate</b>", "Heart rate", "White cells",
    "A very long variable name that nobody would want to read in a figure, with (units)",
    "Sodium", "Temperature", "Creatinine", "Intensive care unit",
)  # fmt: skip
UNITS = ("", "years", "mL", "mg/dL", "", "mmol/L", "/min", "10⁹/L", "", "mmol/L", "°C", "mg/dL", "")

BASELINES = (
    ("Gradient boosting", 0.858, 9.1), ("Random forest", 0.851, 8.0),
    ("Logistic regression", 0.839, 1.3), ("SVM", 0.822, 41.0),
)  # fmt: skip


def _measure(value: float, half: float = 0.02) -> Measure:
    return Measure(value, value - half, value + half)


def _curves(rate: float = 0.14) -> Curves:
    x = np.linspace(0, 1, 60)
    smooth = np.linspace(0.01, 0.6, 40)
    groups = np.array([0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.14, 0.2, 0.3, 0.52])
    observed = np.clip(groups * 1.1, 0, 1)
    edges = np.linspace(0, 0.85, 31)
    with_event = (400 * edges[:-1] * np.exp(-3 * edges[:-1])).astype(int)
    without = (900 * np.exp(-9 * edges[:-1])).astype(int)
    return Curves(
        Curve(tuple(x), tuple(x**0.25)),
        Curve(tuple(x), tuple(0.9 - (0.9 - rate) * x)),
        Curve(tuple(groups), tuple(observed), tuple(observed * 0.8), tuple(observed * 1.15 + 0.01)),
        Curve(tuple(smooth), tuple(smooth * 1.05), tuple(smooth * 0.97), tuple(smooth * 1.13)),
        tuple(edges), tuple(map(int, with_event)), tuple(map(int, without)),
    )  # fmt: skip


def _thresholds() -> tuple[Threshold, ...]:
    found = []
    for value in np.arange(1, 86) / 100:
        hits, false = round(550 * (1 - value) ** 0.8), round(3450 * (1 - value) ** 6)
        odds = value / (1 - value)
        found.append(Threshold(
            float(value), hits, false, 550 - hits, 3450 - false,
            hits / 4000 - false / 4000 * odds, 550 / 4000 - 3450 / 4000 * odds,
        ))  # fmt: skip
    return tuple(found)


def evaluation() -> Evaluation:
    """4,000 patients, 550 events, four baselines."""
    values = {"auroc": 0.863, "average_precision": 0.54, "brier": 0.0879, "log_loss": 0.29,
              "calibration_slope": 1.02, "calibration_intercept": -0.03, "sensitivity": 0.78,
              "specificity": 0.77, "ppv": 0.35, "npv": 0.957, "accuracy": 0.77,
              "balanced_accuracy": 0.775}  # fmt: skip
    baselines = tuple(
        Baseline(name, {"auroc": _measure(auroc), "average_precision": _measure(0.5),
                     "brier": _measure(0.09, 0.003)},
              _measure(0.863 - auroc, 0.008), _measure(-0.001, 0.001), seconds)
        for name, auroc, seconds in BASELINES
    )  # fmt: skip
    return Evaluation(
        "out-of-fold, 8 folds", YesNo("In-hospital death", ("1",)), 4000, (550,),
        {name: _measure(value) for name, value in values.items()}, 0.14, _thresholds(),
        {"1": _curves()}, baselines=baselines, verdict="The model discriminates better than every "
        "baseline; the best of them is gradient boosting (AUROC of the model 0.863).",
        notes=("12 of 4,000 rows are unlike the patients the model was trained on.",),
    )  # fmt: skip


def classes() -> Evaluation:
    """Three classes."""
    labels = ("benign", "<i>malignant</i>", "uncertain")
    measures = {"auroc": _measure(0.9), "log_loss": _measure(0.5), "brier": _measure(0.3),
                "accuracy": _measure(0.8), "balanced_accuracy": _measure(0.75)}  # fmt: skip
    measures |= {f"auroc_{label}": _measure(0.9) for label in labels}
    return Evaluation(
        "new.csv", Classes("grade", labels), 300, (120, 100, 80), measures, 0.4, (),
        {label: _curves(0.3) for label in labels},
        confusion=((100, 15, 5), (10, 80, 10), (9, 11, 60)),
    )  # fmt: skip


def several(assays: int = 14) -> Evaluation:
    """As many assays, most of them with gaps."""
    labels = tuple(f"NR-AhR of cells that were grown for {n} days" for n in range(assays))
    measures = {"auroc": _measure(0.8), "average_precision": _measure(0.4), "brier": _measure(0.1)}
    for n, label in enumerate(labels):
        measures |= {f"auroc_{label}": _measure(0.7 + n / 100), f"brier_{label}": _measure(0.1)}
        measures |= {f"average_precision_{label}": _measure(0.3 + n / 100)}
    return Evaluation(
        "new.csv", Several(tuple(YesNo(one, ("1",)) for one in labels)), 4000, (550,) * assays,
        measures, 0.5, (), {label: _curves() for label in labels},
    )  # fmt: skip


def nobody() -> Evaluation:
    """No patient with a known outcome."""
    unknown = Measure(float("nan"), float("nan"), float("nan"))
    names = evaluation().measures
    return Evaluation("new.csv", YesNo("died", ("1",)), 0, (0,), dict.fromkeys(names, unknown), 0.1,
                     (), {})  # fmt: skip


def explanation(patients: int = 200) -> Explanation:
    """SHAP values that add up; every tenth cell missing."""
    generator = np.random.default_rng(2)
    p = len(NAMES)
    numbers = generator.normal(0, 1, (patients, p))
    numbers[generator.random((patients, p)) < 0.1] = np.nan
    weight = np.array([0.9, -0.7, 0.55, 0.5, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.06, 0.03])
    shap = np.where(np.isfinite(numbers), numbers, -0.4) * weight
    shap += generator.normal(0, 0.05, shap.shape)
    base = np.full(patients, -2.0)
    values = tuple(
        tuple(
            "not measured" if np.isnan(cell) else f"{10 * cell + 50:.0f} {unit}".strip()
            for cell, unit in zip(row, UNITS, strict=True)
        )
        for row in numbers
    )
    return Explanation(
        tuple(map(str, range(patients))), "1", NAMES, values, numbers, shap, np.zeros_like(shap),
        base, base + shap.sum(axis=1),
    )  # fmt: skip


def variables() -> tuple[Variable, ...]:
    kinds = [Kind.NUMBER] * len(NAMES)
    kinds[4] = kinds[12] = Kind.CATEGORY
    return tuple(
        Variable(name, kind, unit=unit, categories=("no", "yes") if kind is Kind.CATEGORY else ())
        for name, kind, unit in zip(NAMES, kinds, UNITS, strict=True)
    )


def quality() -> Quality:
    found = []
    for i, variable in enumerate(variables()):
        if variable.kind is Kind.CATEGORY:
            found.append(Summary(variable.name, 40 * i, 2, values=("no", "yes"), counts=(620, 340)))
            continue
        counts = tuple(int(200 * np.exp(-(((j - 8) / 4) ** 2))) for j in range(20))
        found.append(Summary(
            variable.name, 37 * i, 300, edges=tuple(np.linspace(10, 110, 21)), counts=counts,
            quantiles=(10.0, 25.0, 40.0, 52.0, 64.0, 80.0, 110.0),
        ))  # fmt: skip
    return Quality(1000, tuple(found), (), (("0", 860), ("1", 140)))


def cells() -> dict[str, Any]:
    found: dict[str, Any] = {name: 30.0 + 4 * i for i, name in enumerate(NAMES)}
    found |= {"Age": 81.0, "Sodium": None, "Heart rate": 190.0, "White cells": 25.5}
    return found | {"Mechanical ventilation": "yes", "Intensive care unit": "surgical"}


def epochs(count: int = 40, folds: int = 8) -> list[dict[str, Any]]:
    generator = np.random.default_rng(1)
    found = []
    for epoch in range(1, count + 1):
        point: dict[str, Any] = {"epoch": epoch}
        for part, gap in (("training", 0.0), ("validation", 0.05)):
            stopped = [part == "validation" and epoch > 22 + 3 * fold for fold in range(folds)]
            fall = np.exp(-epoch / 12)
            for name, value in (("loss", 0.25 + gap + 0.4 * fall),
                                ("auroc", 0.9 - gap - 0.4 * fall),
                                ("accuracy", 0.9 - gap - 0.1 * fall)):  # fmt: skip
                noisy = value + generator.normal(0, 0.008, folds)
                point[f"{part}_{name}"] = np.where(stopped, np.nan, noisy).tolist()
        found.append(point)
    return found


def consultation(outside: tuple[str, ...] = ()) -> Consultation:
    return Consultation(
        ("1",), (0.37,), (0.28,), (0.46,), "90 % of the ensemble's members", outside,
        ("'Martian' is a value of Intensive care unit that the model has never seen.",), (0.91,),
        (("Sodium", 0.31), ("Lactate", 0.22)),
        (Neighbour("132539", "died", 0.41, 1.2), Neighbour("141012", "survived", 0.33, 1.4),
         Neighbour("139004", "survived", 0.29, 1.5), Neighbour("140501", "died", 0.52, 1.7)),
    )  # fmt: skip
