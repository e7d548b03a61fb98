"""What is said of a model, and by it, as plain values; by the rules of the screens."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from pmed_core.api.cells import inputs_of
from pmed_core.explanation import Explanation
from pmed_core.figures.standing import NO_RISK, basis_sentence, standing, untold
from pmed_core.service.entries import ModelEntry
from pmed_core.variable import Variable
from pmed_core.work import Consultation


def described(entry: ModelEntry) -> dict[str, Any]:
    """A model: what it reads, what it says, and how good it is."""
    outcome = entry.outcome
    quantities = zip(outcome.labels, outcome.quantities, strict=True)
    return {
        "id": entry.id,
        "name": entry.name,
        "predicts": [
            {
                "label": label, "event": outcome.event(label), "kind": one.kind,
                "unit": one.unit,
            }
            for label, one in quantities
        ],
        "inputs": [_input(one) for one in inputs_of(entry)],
        "evaluation": standing(entry.evaluation).sentence,
        "measures": {
            name: {"value": _told(one.value), "low": _told(one.low), "high": _told(one.high)}
            for name, one in entry.evaluation.measures.items()
        },
        "evaluated_on": entry.evaluation.n,
        "threshold": entry.alert,
    }  # fmt: skip


def _input(variable: Variable) -> dict[str, Any]:
    return {
        "name": variable.name, "kind": str(variable.kind), "unit": variable.unit,
        "categories": list(variable.categories),
        "seen": [_told(end) for end in variable.range] if variable.range else None,
    }  # fmt: skip


def withheld(entry: ModelEntry, found: Consultation) -> tuple[str, ...]:
    """Why no number is told; nothing where one is, which is what the screens do."""
    if found.outside:
        return found.outside
    if not standing(entry.evaluation).tells or not told(entry, found):
        return (f"{NO_RISK}.",)
    if not all(map(math.isfinite, found.value)):
        return ("The model says nothing of these values.",)
    return ()


def silent(entry: ModelEntry) -> tuple[str, ...]:
    """Of several labels each of which no number is told, and why."""
    return tuple(f"{entry.outcome.event(one)}: {NO_RISK}." for one in untold(entry.evaluation))


def told(entry: ModelEntry, found: Consultation) -> list[int]:
    """The places of the labels of which a number is told."""
    withheld_of = untold(entry.evaluation)
    return [k for k, label in enumerate(found.labels) if label not in withheld_of]


def predicted(entry: ModelEntry, found: Consultation) -> dict[str, Any]:
    """Of one patient. No patient of training is named."""
    why = withheld(entry, found)
    nameless = replace(found, known_as="")
    return {
        "predictions": [] if why else [_quantity(entry, found, k) for k in told(entry, found)],
        "withheld": list(why or silent(entry)),
        "interval": found.interval,
        "novel": bool(found.outside),
        "not_measured": [name for name, _ in found.missing],
        "unseen": list(found.unseen),
        "basis": basis_sentence(nameless, named=False, one=entry.modality.one),
    }


def _quantity(entry: ModelEntry, found: Consultation, k: int) -> dict[str, Any]:
    quantity, value = entry.outcome.quantities[k], found.value[k]
    alert = entry.alert
    return {
        "label": found.labels[k], "event": entry.outcome.event(found.labels[k]),
        "kind": quantity.kind, "unit": quantity.unit, "value": _told(value),
        "low": _told(found.low[k]), "high": _told(found.high[k]),
        "words": f"{quantity.said(value)} ({quantity.span(found.low[k], found.high[k])})",
        "above_threshold": None if alert is None or k else value >= alert,
    }  # fmt: skip


def explained(found: Explanation) -> dict[str, Any]:
    """What moved the model: shares add up, with the base, to the prediction."""
    shares = zip(
        found.variables, found.values[0], found.shap[0], found.standard_error[0], strict=True
    )
    return {
        "label": found.label, "scale": found.quantity.scale, "base": _told(found.base[0]),
        "prediction": _told(found.prediction[0]), "method": found.method,
        "shares": [
            {"input": name, "value": value, "share": _told(share), "standard_error": _told(error)}
            for name, value, share, error in shares
        ],
        "notes": list(found.notes),
    }  # fmt: skip


def _told(value: float) -> float | None:
    """JSON knows no NaN."""
    return float(value) if math.isfinite(value) else None
