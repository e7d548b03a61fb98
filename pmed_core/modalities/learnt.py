"""The patients that a kept model learnt from, prepared once for all questions about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self, TypeVar

from pmed_core.cohort import Cohort
from pmed_core.predictions import Predictions
from pmed_core.settings import MODELS_KEPT
from pmed_core.store.store import Store

T = TypeVar("T")
Prepared = Callable[[Any, Cohort, Predictions], T | None]
"""Predictor, its cohort, and what was predicted of each patient while held out -> what questions
need of them; None where these are not the patients of that cohort."""


@dataclass(frozen=True)
class Learnt:
    """The rows of training, and what was predicted of each while it was held out."""

    cohort: Cohort
    held_out: Predictions

    @classmethod
    def of(cls, cohort: Cohort, held_out: Predictions) -> Self | None:
        """None where these are not the same patients in the same order."""
        return cls(cohort, held_out) if held_out.patients == tuple(cohort.patients()) else None


def learnt_from(model: str, predictor: Any, store: Store, prepared: Prepared[T]) -> T | None:
    """None where they are not here: imported, or their cohort was removed."""
    if not store.trained_on(model):
        return None
    found: T | None = _learnt((model, store.models.stamp(model)), predictor, store, prepared)
    return found


@lru_cache(maxsize=MODELS_KEPT)
def _learnt(
    kept: tuple[str, tuple[int, ...]], predictor: Any, store: Store, prepared: Prepared[Any]
) -> Any:
    """Prepared once for as long as what is kept of the model does not change."""
    model, _ = kept
    held_out = store.models.out_of_fold(model)
    if held_out is None:
        return None
    return prepared(predictor, store.cohorts.get(store.models.entry(model).cohort), held_out)
