"""What was changed and is not saved: it is never lost without a word."""

from __future__ import annotations

import streamlit as st

from pages.parts import state, ways
from pages.parts.errors import panel
from pages.parts.variables import corrected
from pages.parts.words import count, plain, short
from pmed_core.service import cohorts
from pmed_core.service.entries import CohortEntry


def pending(entry: CohortEntry) -> tuple[state.Edits, dict[str, str]]:
    """Corrections of variables, and overruled decisions, that still differ from what is saved."""
    names = {variable.name for variable in entry.variables}
    edits = {n: edit for n, edit in state.edits(entry.address).items() if n in names}
    held = {decision.key: decision.value for decision in entry.reading}
    decided = state.decisions(entry.address).items()
    return edits, {key: value for key, value in decided if held.get(key) != value}


def unsaved_row(entry: CohortEntry) -> None:
    """How much is not saved, with the ways to end that; nothing where all is."""
    edits, decided = pending(entry)
    if not edits and not decided:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="unsaved"):
        st.markdown(f":material/edit_note: **{_told(edits, decided)}**", width="stretch")
        dropped = st.button("Discard", key="unsaved-discard")
        saved = st.button(
            "Save changes", type="primary", icon=":material/save:", key="unsaved-save"
        )
    if saved:
        _save(entry, edits, decided)
    if dropped:
        state.forget_draft(entry.address)
        st.rerun()


def _told(edits: state.Edits, decided: dict[str, str]) -> str:
    parts = [count(len(edits), "variable")] * bool(edits)
    parts += [count(len(decided), "decision")] * bool(decided)
    return f"{' and '.join(parts)} changed and not saved"


def _save(entry: CohortEntry, edits: state.Edits, decided: dict[str, str]) -> None:
    with panel():
        variables, outcome = corrected(entry, edits)
        with st.spinner("Reading the table again with these corrections"):
            cohorts.revise(entry.id, variables, outcome, decided)
        state.forget_draft(entry.address)
        state.say("The changes are saved as a new revision.")
        st.rerun()


def reminder() -> None:
    """On other pages: a line that leads back to what is not saved, or not taken."""
    waiting = state.pending()
    if waiting is not None:
        _line(f"{plain(short(waiting.file.name))} was previewed and is not added yet.", "")
    drafted = state.drafted()
    for entry in cohorts.cohorts() if drafted else ():
        if entry.address in drafted and any(pending(entry)):
            _line(f"Changes of {plain(short(entry.name))} are not saved.", entry.address)


def _line(sentence: str, address: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/edit_note: {sentence}", width="content")
        ways.link(
            "pages/cohorts.py", "Look at it", ":material/arrow_forward:",
            {"cohort": address} if address else None,
        )  # fmt: skip
