"""An event: which values of a column mean that it happened; see ``outcomes.Choosing``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.parts.outcomes.curves import CURVES, reported_calibration
from pages.parts.outcomes.time_to_event import can_be_timed, with_time
from pages.parts.words import plain, short
from pmed_core.evaluation import Evaluation
from pmed_core.figures import decisions
from pmed_core.outcomes import Outcome, YesNo
from pmed_core.outcomes.events import VALUES_AT_MOST
from pmed_core.quality import Summary
from pmed_core.service.entries import CohortEntry
from pmed_core.variable import Variable

if TYPE_CHECKING:
    from pmed_core.reports.performance import Picture

__all__ = ["CURVES", "WAY", "asked", "possible", "reported", "was_asked"]
WAY = "One yes/no outcome"


def possible(entry: CohortEntry, variable: Variable, summary: Summary) -> bool:
    """Of few different values; of one where a time may be told beside it."""
    if summary.distinct == 1:
        return can_be_timed(entry, variable.name)
    return 2 <= summary.distinct <= VALUES_AT_MOST


def was_asked(outcome: Outcome) -> bool:
    return bool(outcome.positive)


def asked(entry: CohortEntry, variable: Variable, sizes: Mapping[str, int]) -> Outcome | None:
    """The values that mean the event, and when it happened."""
    event = _event(entry, variable, sizes)
    if event is None:
        return None
    others = [value for value in sizes if value not in event.positive]
    outcome = with_time(entry, event, others)
    if outcome and not others and not outcome.in_time:
        st.info("Everybody had the event: choose the time to it.", icon=":material/info:")
        return None
    return outcome


def reported(
    evaluation: Evaluation, threshold: float | None, card: Mapping[str, Any]
) -> list[Picture]:
    """Whether risks come true, and what alerts would be worth."""
    value = evaluation.threshold if threshold is None else threshold
    return [
        *(reported_calibration(evaluation, label) for label in evaluation.curves),
        ("Net benefit", decisions.decision_curve(evaluation, value),
         decisions.decision_curve_caption(evaluation, value)),
    ]  # fmt: skip


def _event(entry: CohortEntry, variable: Variable, sizes: Mapping[str, int]) -> YesNo | None:
    before = entry.outcome if entry.outcome and entry.outcome.column == variable.name else None
    known = before.positive if before else ()
    picked = st.pills(
        "Which values mean the event happened?", list(sizes), selection_mode="multi",
        default=[value for value in sizes if value in known] if before else None,
        format_func=lambda value: f"{plain(short(variable.coded(value), 30))}: {sizes[value]:,}",
        key=f"event-{entry.id}-{variable.name}",
    )  # fmt: skip
    if len(picked) == len(sizes) > 1:
        st.warning("Leave at least one value out.", icon=":material/warning:")
        return None
    return YesNo(variable.name, tuple(picked)) if picked else None
