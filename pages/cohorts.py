"""Cohorts: bring in a table, choose its outcome, correct its variables, read its quality."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.outcome import outcome_chooser
from pages.parts.pickers import cohort_line, heading, pick_cohort
from pages.parts.quality import distributions, quality_panel, rows
from pages.parts.samples import sample_cards
from pages.parts.upload import upload_form
from pages.parts.variables import variables_editor
from pages.parts.words import count
from pmed_core.service import cohorts
from pmed_core.service.entries import CohortEntry

VIEWS = ("Quality", "Outcome", "Variables", "Distributions", "Rows")


def _add() -> None:
    upload_form()
    st.subheader("Or open a sample", anchor=False)
    sample_cards()


def _delete(entry: CohortEntry) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(
            "The table and its quality report are deleted. "
            + (f"{count(entry.models, 'model')} trained on it stay." if entry.models else "")
        )
        if st.button("Delete this cohort", type="primary", key="cohort-delete"):
            with panel():
                cohorts.remove(entry.id)
                state.choose("cohort", "")
                state.say("The cohort is deleted.")
                st.rerun()


def _cohort(entry: CohortEntry) -> None:
    quality = cohorts.quality(entry.id)
    st.markdown(cohort_line(entry))
    if entry.outcome is None:
        st.info("Next: choose the outcome.", icon=":material/arrow_forward:")
    first = "Outcome" if entry.outcome is None else "Quality"
    view = st.segmented_control(
        "View", VIEWS, default=first, required=True, key=f"view-{entry.id}",
        label_visibility="collapsed",
    )  # fmt: skip
    match view:
        case "Outcome":
            outcome_chooser(entry, quality)
        case "Variables":
            variables_editor(entry, quality)
        case "Distributions":
            distributions(entry, quality)
        case "Rows":
            rows(entry)
        case _:
            quality_panel(entry, quality)


heading("Cohorts", "Tables of patients: bring one in, choose what to predict, check its quality.")
if entries := cohorts.cohorts():
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = pick_cohort(entries)
        with st.popover("Add a cohort", icon=":material/add:", width=160):
            _add()
        _delete(chosen)
        if chosen.outcome is not None and st.button(
            "Train a model", type="primary", icon=":material/model_training:"
        ):
            state.choose("run", "")
            st.switch_page("pages/train.py", query_params=state.address("cohort"))
    _cohort(chosen)
else:
    _add()
