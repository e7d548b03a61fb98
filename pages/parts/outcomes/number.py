"""A number in its unit; see ``outcomes.Choosing``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.parts import plots
from pmed_core.evaluation import Evaluation
from pmed_core.outcomes import Number, Outcome
from pmed_core.outcomes.number import figures
from pmed_core.quality import Summary
from pmed_core.service.entries import CohortEntry
from pmed_core.systems import learns
from pmed_core.variable import Kind, Variable

if TYPE_CHECKING:
    from pmed_core.reports.performance import Picture

WAY = "The number itself"


def possible(entry: CohortEntry, variable: Variable, summary: Summary) -> bool:
    """Of numbers, where models predict them."""
    return variable.kind is Kind.NUMBER and summary.distinct > 1 and learns(entry.modality, Number)


def was_asked(outcome: Outcome) -> bool:
    return outcome.kind == Number.kind


def asked(entry: CohortEntry, variable: Variable, sizes: Mapping[str, int]) -> Outcome:
    """The column in its unit, without a question."""
    st.caption("A value in the column's unit is predicted, with an interval.")
    return Number(variable.name, variable.unit)


def _observed(evaluation: Evaluation, label: str) -> None:
    """Predicted numbers against those that were observed."""
    plots.beside_of(evaluation, "observed", (), lambda: (
        figures.observed(evaluation), figures.observed_caption(evaluation),
        figures.observed_table(evaluation),
    ))  # fmt: skip


def _coverage(evaluation: Evaluation, label: str) -> None:
    """How many of the intervals hold what was observed."""
    plots.beside_of(evaluation, "coverage", (), lambda: (
        figures.coverage(evaluation), figures.coverage_caption(evaluation),
        figures.coverage_table(evaluation),
    ))  # fmt: skip


def _errors(evaluation: Evaluation, label: str) -> None:
    """How far predicted numbers are off."""
    plots.beside_of(evaluation, "errors", (), lambda: (
        figures.errors(evaluation), figures.errors_caption(evaluation),
        figures.errors_table(evaluation),
    ))  # fmt: skip


def reported(
    evaluation: Evaluation, threshold: float | None, card: Mapping[str, Any]
) -> list[Picture]:
    """Predicted against observed, and how many intervals hold."""
    return [
        ("Predicted and observed", figures.observed(evaluation),
         figures.observed_caption(evaluation)),
        ("Interval coverage", figures.coverage(evaluation), figures.coverage_caption(evaluation)),
    ]  # fmt: skip


CURVES = {
    "Predicted and observed": _observed,
    "Interval coverage": _coverage,
    "Errors": _errors,
}
