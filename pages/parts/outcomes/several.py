"""Several yes/no columns that are predicted together."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.outcomes.curves import CURVES, reported
from pages.parts.words import short
from pmed_core.outcomes import Outcome, Several, YesNo
from pmed_core.quality import Summary
from pmed_core.service.entries import CohortEntry
from pmed_core.systems import learns

__all__ = ["CURVES", "asked", "reported", "wanted"]
AT_LEAST = 2


def wanted(entry: CohortEntry, summaries: Sequence[Summary]) -> bool:
    """A switch, where there are columns enough."""
    columns = _columns(summaries)
    if len(columns) < AT_LEAST or not learns(entry.modality, Several):
        return False
    before = entry.outcome is not None and len(entry.outcome.each) > 1
    return st.toggle(
        "Several outcomes at once", value=before, key=f"several-{entry.id}",
        help="Yes/no columns that one model predicts together. Patients are used for each outcome "
        "that is known of them.",
    )  # fmt: skip


def _columns(summaries: Sequence[Summary]) -> list[str]:
    return [summary.name for summary in summaries if summary.distinct == 2]


def asked(entry: CohortEntry, summaries: Sequence[Summary]) -> Outcome | None:
    """The columns, two or more; None while there are fewer."""
    columns = _columns(summaries)
    known = {one.column: one for one in entry.outcome.each} if entry.outcome else {}
    first = list(known) if len(known) > 1 else []
    picked = st.multiselect(
        "Outcome columns", columns, [name for name in first if name in columns],
        format_func=short, key=f"outcomes-{entry.id}", placeholder="Choose two or more", width=520,
    )  # fmt: skip
    st.caption(
        "Which value is the event is told by their words; Reading says it, and can change it."
    )
    if len(picked) < AT_LEAST:
        return None
    kept = known if len(known) > 1 else {}
    return Several(tuple(kept.get(name) or YesNo(name, ()) for name in picked))
