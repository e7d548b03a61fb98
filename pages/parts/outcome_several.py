"""Several yes/no columns that are predicted together."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.words import short
from pmed_core.outcomes import Outcome, Several, YesNo
from pmed_core.service.entries import CohortEntry
from pmed_core.systems import SEVERAL, learns

AT_LEAST = 2


def several_wanted(entry: CohortEntry, columns: Sequence[str]) -> bool:
    """A switch, where there are columns enough."""
    if len(columns) < AT_LEAST or not learns(entry.modality, SEVERAL):
        return False
    before = entry.outcome is not None and len(entry.outcome.each) > 1
    return st.toggle(
        "Several outcomes at once", value=before, key=f"several-{entry.id}",
        help="Yes/no columns that one model predicts together. Patients are used for each outcome "
        "that is known of them.",
    )  # fmt: skip


def several_chooser(entry: CohortEntry, columns: Sequence[str]) -> Outcome | None:
    """The columns, two or more; None while there are fewer."""
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
