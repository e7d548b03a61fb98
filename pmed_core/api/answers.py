"""What is said of a model, and by it, as plain values; by the rules of the screens."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from pmed_core.api.cells import inputs_of
from pmed_core.explanation import Explanation
from pmed_core.figures import standing
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
        "evaluation": standing.standing(entry.evaluation).sentence,
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


def shown(entry: ModelEntry, found: Consultation) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Positions of the numbers that are told, and why others are not, which is what the screens
    do."""
    if found.outside:
        return (), found.outside
    if not all(map(math.isfinite, found.value)):
        return (), ("The model says nothing of these values.",)
    there = standing.shown_labels(entry.evaluation, found.labels)
    if not there:
        return (), (f"{standing.NO_RISK}.",)
    return there, standing.withheld(entry.evaluation, found.labels)


def first(entry: ModelEntry, found: Consultation, there: tuple[int, ...]) -> int:
    """Of the numbers that are told the one that is looked at first."""
    at = entry.outcome.at_first(found.value)
    return at if at in there else max(there, key=found.value.__getitem__)


def predicted(entry: ModelEntry, found: Consultation) -> dict[str, Any]:
    """Of one patient. No patient of training is named."""
    there, why = shown(entry, found)
    nameless = replace(found, known_as="")
    return {
        "predictions": [_quantity(entry, found, k) for k in there],
        "withheld": list(why),
        "interval": found.interval,
        "novel": bool(found.outside),
        "not_measured": [name for name, _ in found.missing],
        "unseen": list(found.unseen),
        "basis": standing.basis_sentence(nameless, named=False, one=entry.modality.one),
    }


def _quantity(entry: ModelEntry, found: Consultation, k: int) -> dict[str, Any]:
    quantity, value = entry.outcome.quantities[k], found.value[k]
    alert = entry.alert
    return {
        "label": found.labels[k], "event": entry.outcome.event(found.labels[k]),
        "kind": quantity.kind, "unit": quantity.unit, "value": _told(value),
        "low": _told(found.low[k]), "high": _told(found.high[k]),
        "evaluation": standing.standing(entry.evaluation, found.labels[k]).sentence,
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
