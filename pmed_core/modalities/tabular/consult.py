"""One patient's risk and everything around it but the why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.evaluation import Curve
from pmed_core.explanation import Explanation
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.modalities.tabular.preprocessing import Preprocessing
from pmed_core.modalities.tabular.reasons import evenly
from pmed_core.outcomes.target import happened
from pmed_core.predictions import Predictions
from pmed_core.variable import Kind
from pmed_core.work import Consultation, Neighbour

SIMILAR = 10
MISSING_LOOKED_AT = 16
ROUNDED = 1e-6
FILLS = 4
"""Known values that stand in for a missing one, spread evenly."""


@dataclass(frozen=True)
class Companions:
    """The training patients, ready to be compared with; kept by the worker beside the model.

    Attributes:
        table: their n rows of cells.
        patients: n ids.
        encoded: (n, c) rows as the first fold encodes them, scaled by importance.
        scale: (c,) what encoded columns are multiplied with.
        risk: (n, k) out-of-fold predictions.
        happened: n outcomes in words.
    """

    table: pd.DataFrame
    patients: NDArray[np.str_]
    encoded: NDArray[np.float32]
    scale: NDArray[np.float32]
    risk: NDArray[np.float64]
    happened: tuple[str, ...]


def companions(
    ensemble: TableEnsemble,
    cohort: Cohort,
    out_of_fold: Predictions,
    importance: Explanation | None,
) -> Companions:
    """The training cohort (those with an outcome, in the order of ``out_of_fold``)."""
    encoding = ensemble.novelty.encoding
    scale = _importance_scale(encoding, importance)
    encoded = encoding.encode(cohort.table) * scale
    return Companions(
        cohort.table, cohort.patients(), encoded, scale, out_of_fold.value,
        happened(ensemble.outcome, out_of_fold.target),
    )  # fmt: skip


def _importance_scale(
    encoding: Preprocessing, importance: Explanation | None
) -> NDArray[np.float32]:
    columns = encoding.columns
    if importance is None:
        return np.ones(len(columns), dtype=np.float32)
    mean = np.abs(importance.shap).mean(axis=0)
    weight = dict(zip(importance.variables, mean / max(mean.max(), 1e-12), strict=True))
    weights = np.array([weight.get(name, 0.0) for name in columns], dtype=np.float32)
    return np.asarray(np.sqrt(weights))


def consult(
    ensemble: TableEnsemble, row: pd.DataFrame, patient: str, others: Companions | None
) -> Consultation:
    """The consultation of one typed row; ``others`` is None for an imported model."""
    risks, left = ensemble.answers(row)
    probability, low, high = risks[:, 0]
    outside = ensemble.novelty.outside(row, ensemble.variables)[0]
    position = position_among(probability, others.risk) if others else ()
    return Consultation(
        ensemble.outcome.labels, _plain(probability), _plain(low), _plain(high),
        ensemble.outcome.interval, outside, _unseen(ensemble, row),
        position, _missing(ensemble, row),
        _neighbours(ensemble, row, patient, others) if others else (),
        course=_course(ensemble.networks.times, left[:, 0]),
    )  # fmt: skip


def _course(times: tuple[float, ...], left: NDArray[np.float64]) -> Curve:
    return Curve(times, *map(_plain, left)) if times else Curve((), ())


def position_among(value: NDArray[np.float64], others: NDArray[np.float64]) -> tuple[float, ...]:
    """(k,) predictions -> share of (n, k) others that are lower; nobody's is lower than their own
    only by how it was rounded."""
    return _plain((others < value - ROUNDED).mean(axis=0))


def _plain(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _unseen(ensemble: TableEnsemble, row: pd.DataFrame) -> tuple[str, ...]:
    found = []
    for variable in ensemble.variables:
        if variable.kind in (Kind.CATEGORY, Kind.YES_NO):
            cell = row[variable.name].iloc[0]
            if pd.notna(cell) and cell not in variable.categories:
                found.append(
                    f"{variable.name}: '{variable.shown(cell)}' was never seen in training and "
                    "counts as none of its values."
                )
    return tuple(found)


def _missing(ensemble: TableEnsemble, row: pd.DataFrame) -> tuple[tuple[str, float], ...]:
    """How far the scores typically move (standard deviation) when a missing cell is filled."""
    absent = [v.name for v in ensemble.variables if row[v.name].isna().iloc[0]]
    absent = absent[:MISSING_LOOKED_AT]
    if not absent:
        return ()
    filled = row.iloc[np.zeros(len(absent) * FILLS, dtype=int)].reset_index(drop=True)
    for number, name in enumerate(absent):
        known = ensemble.background[name].dropna().sort_values()
        if len(known):
            column = filled[name].array.copy()
            column[number * FILLS : (number + 1) * FILLS] = known.array[evenly(FILLS, len(known))]
            filled[name] = column
    odds = ensemble.scores(ensemble.encode(filled))
    moved = odds.reshape(len(absent), FILLS, -1).std(axis=1).max(axis=1)
    ranked = sorted(zip(absent, moved, strict=True), key=lambda pair: -pair[1])
    return tuple((name, float(move)) for name, move in ranked if move > 1e-9)


def _neighbours(
    ensemble: TableEnsemble, row: pd.DataFrame, patient: str, others: Companions
) -> tuple[Neighbour, ...]:
    here = ensemble.novelty.encoding.encode(row)[0] * others.scale
    weight = float((others.scale**2).sum()) or 1.0
    distance = np.sqrt(((others.encoded - here) ** 2).sum(axis=1) / weight)
    distance[others.patients == patient] = np.inf
    nearest = np.argsort(distance, kind="stable")[:SIMILAR]
    return tuple(
        Neighbour(
            str(others.patients[index]), others.happened[index], _looked_at(ensemble, risk),
            float(distance[index]), _plain(risk),
        )
        for index in nearest
        for risk in [others.risk[index]]
        if np.isfinite(distance[index])
    )  # fmt: skip


def _looked_at(ensemble: TableEnsemble, risk: NDArray[np.float64]) -> float:
    """Of (k,) risks that which is looked at until another is asked for."""
    return float(risk[ensemble.outcome.at_first(risk.tolist())])
