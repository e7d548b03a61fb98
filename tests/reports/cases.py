"""A page of one patient for every kind of outcome, and a page of one scan."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from pmed_core.evaluation import Baseline, Evaluation, Measure
from pmed_core.evidence import Evidence, Lesion, Region
from pmed_core.explanation import Explanation, Method
from pmed_core.figures.cohorts import Place
from pmed_core.outcomes import Arms, Classes, Effect, YesNo
from pmed_core.outcomes.number import Number
from pmed_core.outcomes.several import Several
from pmed_core.outcomes.time_to_event import TimeToEvent
from pmed_core.quantity import RISK, Quantity
from pmed_core.reports.patient import PatientPage
from pmed_core.reports.scan import ScanPage
from pmed_core.variable import Kind, Variable
from pmed_core.work import Consultation, Neighbour

MADE = datetime(2026, 11, 20, 14, 5)
MEMBERS = "90 % of the ensemble's members"


def measure(value: float, half: float = 0.02) -> Measure:
    return Measure(value, value - half, value + half)


def explanation(
    changes: tuple[float, ...] = (0.5, -0.25, 0.125), label: str = "1", base: float = -2.0,
    quantity: Quantity = RISK, names: tuple[str, ...] = ("Age", "Lactate", "Sodium"),
) -> Explanation:  # fmt: skip
    """One patient whose contributions are these."""
    shap = np.array([changes])
    start = np.array([base])
    names = names if len(names) == len(changes) else tuple(f"v{k}" for k in range(len(changes)))
    cells = tuple(f"{k + 1} u" for k in range(len(changes)))
    return Explanation(
        ("a",), label, names, (cells,), shap, shap, np.zeros_like(shap), start,
        start + shap.sum(axis=1), quantity=quantity,
    )  # fmt: skip


def consultation(labels: tuple[str, ...], value: tuple[float, ...], **more: Any) -> Consultation:
    """Certain to within a twentieth; everything else is empty unless it is given."""
    given: dict[str, Any] = {
        "low": tuple(0.95 * one for one in value), "high": tuple(1.05 * one for one in value),
        "interval": MEMBERS, "outside": (), "unseen": (), "position": (), "missing": (),
        "neighbours": (),
    }  # fmt: skip
    return Consultation(labels, value, **(given | more))


def page(
    outcome: Any, measures: dict[str, Measure], found: Consultation, **more: Any
) -> PatientPage:  # fmt: skip
    """Of a model that was evaluated on 800 patients."""
    events = more.pop("events", (200,))
    evaluation = Evaluation("out-of-fold, 5 folds", outcome, 800, events, measures, 0.25, (), {})
    return PatientPage("P-7", "A model", MADE, found, evaluation, **more)


def yes_no(**more: Any) -> PatientPage:
    measures = {"auroc": measure(0.83), "brier": measure(0.121), "calibration_slope": measure(1.0),
                "calibration_intercept": measure(0.0)}  # fmt: skip
    found = consultation(("1",), (0.2123,), missing=(("Sodium", 0.3),), position=(0.7,))
    outcome = YesNo("died", ("1",), names=(("1", "death in hospital"),))
    shown = page(outcome, measures, found, explanation=explanation(), threshold=0.25)
    return replace(shown, **more)


def classes(**more: Any) -> PatientPage:
    labels = ("1", "2", "3")
    outcome = Classes("grade", labels, names=(("1", "benign"), ("2", "malignant")))
    found = consultation(labels, (0.081, 0.7123, 0.2067))
    shown = page(outcome, {"auroc": measure(0.9), "brier": measure(0.3)}, found,
                      events=(400, 300, 100), explanation=explanation(label="2"))  # fmt: skip
    return replace(shown, **more)


def several(**more: Any) -> PatientPage:
    outcome = Several(tuple(YesNo(name, ("yes",)) for name in ("asthma", "COPD", "sepsis")))
    near = Neighbour("N-1", "asthma", 0.5, 1.0, (0.31, 0.42, 0.53))
    found = consultation(outcome.labels, (0.61, 0.0004, 0.9997), neighbours=(near,))
    shown = page(outcome, {"auroc": measure(0.8), "brier": measure(0.1)}, found,
                      events=(90, 300, 12), explanation=explanation(label="COPD"))  # fmt: skip
    return replace(shown, **more)


def number(**more: Any) -> PatientPage:
    outcome = Number("LDL cholesterol", "mg/dL", decimals=0, points=(40.0, 300.0))
    measures = {"r2": measure(0.43), "mae": measure(23.14, 1.51), "coverage": measure(0.9)}
    found = consultation(outcome.labels, (1152.4,), interval=outcome.interval,
                         missing=(("Sodium", 12.0),), position=(0.7,))  # fmt: skip
    why = explanation((30.0, -12.5, 4.0), "LDL cholesterol", 120.0, outcome.quantities[0])
    shown = page(outcome, measures, found, explanation=why, events=())
    return replace(shown, **more)


def time_to_event(**more: Any) -> PatientPage:
    outcome = TimeToEvent("died", "months", ("1",), unit="months", horizons=(12.0, 36.0, 60.0))
    measures = {"c_index": measure(0.74), "integrated_brier": measure(0.14),
                "calibration_slope_36": measure(1.1, 0.3)}  # fmt: skip
    found = consultation(outcome.labels, (0.112, 0.389, 0.554))
    shown = page(outcome, measures, found, explanation=explanation(label="36"))
    return replace(shown, **more)


def effect(**more: Any) -> PatientPage:
    arms = Arms("arm", ("placebo", "drug"), "placebo", randomised=True, probability=(0.5, 0.5))
    outcome = Effect(YesNo("died", ("yes",)), arms)
    found = consultation(outcome.labels, (-0.036, 0.24, 0.204), interval=outcome.interval)
    why = explanation((0.016, 0.004, 0.003), outcome.labels[0], -0.059, outcome.quantities[0])
    shown = page(outcome, {"autoc": measure(0.01)}, found, explanation=why, events=(400, 400))
    return replace(shown, **more)


KINDS = {made.__name__: made for made in (yes_no, classes, several, number, time_to_event)}


def places(count: int, value: float = 12.5, name: str = "variable", unit: str = "mmol/L") -> Any:
    """As many variables, of which this patient's are higher than anyone's."""
    return tuple(
        Place(Variable(f"{name} {k}", Kind.NUMBER, unit=unit), value + k, 1.2, 0.5, 1.25, 9.75,
              "higher than anyone's")
        for k in range(count)
    )  # fmt: skip


def full(made: Any, text: str = "words", count: int = 12) -> PatientPage:
    """The same page with as much on it as there can be, in these words."""
    shown: PatientPage = made()
    near = Neighbour(text, text, 0.123, 1.0, tuple(0.123 for _ in shown.consultation.labels))
    busy = replace(
        shown.consultation, unseen=(text,) * count, missing=((text, 0.3),) * count,
        neighbours=(near,) * count,
    )  # fmt: skip
    return replace(shown, consultation=busy, places=places(count, name=text))


def outside(shown: PatientPage) -> PatientPage:
    """The same page of a patient unlike those of training."""
    odd = replace(shown.consultation, outside=("Age is above everyone's (16 to 90 years).",) * 9)
    return replace(shown, consultation=odd)


def evidence(
    *, label: str = "finding", places: Any = None, prediction: float = 0.9,
    method: Method = "exact", **more: Any,
) -> Evidence:  # fmt: skip
    """A spot in the middle of 40 × 60 pixels, that is outlined and speaks for the finding."""
    spots = np.zeros((4, 4))
    spots[1, 1], spots[3, 2] = 2.0, -0.5
    spots = spots if places is None else places
    outline = np.zeros((40, 60), dtype=bool)
    outline[15:25, 20:35] = True
    shap = spots.reshape(1, -1)
    why = Explanation(
        ("finding/005.png",), label, tuple(f"place {k}" for k in range(spots.size)),
        (("",) * spots.size,), np.full_like(shap, np.nan), shap, np.zeros_like(shap),
        np.array([-0.6]), np.array([prediction]), method, layout=spots.shape,
    )  # fmt: skip
    given: dict[str, Any] = {
        "scan": "finding/005.png", "labels": ("finding",), "probability": (0.7109,),
        "low": (0.6,), "high": (0.81,), "interval": MEMBERS, "explanation": why,
        "steadiness": 0.1,
        "regions": (Region(5, 15, 20, 30, 225, 2.0, 1450.4), Region(25, 30, 40, 45, 1, -0.5)),
        "outline": outline, "lesions": (Lesion("finding/005.png", 1, 150, 7.4),),
        "outlined_slices": 1, "basis": "held-out",
    }  # fmt: skip
    return Evidence(**(given | more))


def pixels() -> Any:
    """(40, 60) of a scan: grey, with a bright rectangle where the outline is."""
    found = np.full((40, 60), 90, np.uint8)
    found[15:25, 20:35] = 200
    return found


def scan(found: Evidence | None = None, **more: Any) -> ScanPage:
    measures = {"auroc": measure(0.91), "brier": measure(0.08)}
    evaluation = Evaluation(
        "held-out scans", YesNo("label", ("finding",)), 120, (60,), measures, 0.4, (), {},
        of="scan",
    )  # fmt: skip
    shown = ScanPage("A model", MADE, found or evidence(), evaluation, pixels(), None, 0.4)
    return replace(shown, **more)


def chance(shown: Any) -> Any:
    """The same page of a model that cannot tell anybody from anybody."""
    outcome = shown.evaluation.outcome
    middle = {outcome.discrimination: measure(outcome.chance, 0.1)}
    known = replace(shown.evaluation, measures=shown.evaluation.measures | middle)
    return replace(shown, evaluation=known)


def baseline(name: str, value: float, ahead: float) -> Baseline:
    """That the model is so much ahead of."""
    known = {"auroc": measure(value), "brier": measure(0.1)}
    return Baseline(name, known, measure(ahead, 0.002), measure(0.0, 0.001), 1.0)
