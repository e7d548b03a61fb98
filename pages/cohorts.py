"""Cohorts: bring in a table, choose its outcome, correct its variables, read its quality."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.deletion import delete_cohort
from pages.parts.labels import labels_editor
from pages.parts.outcome import outcome_chooser
from pages.parts.pickers import cohort_line, heading, pick_cohort
from pages.parts.quality import distributions, quality_panel, rows
from pages.parts.samples import sample_cards
from pages.parts.scan_rows import scan_rows
from pages.parts.upload import upload_form
from pages.parts.variables import variables_editor
from pmed_core.service import cohorts
from pmed_core.service.entries import CohortEntry

VIEWS = ("Quality", "Outcome", "Variables", "Distributions", "Rows")


@st.dialog("Add a cohort", width="large")
def _add_another() -> None:
    _add()


def _add() -> None:
    upload_form()
    st.markdown("**Or open a sample**")
    sample_cards()


def _cohort(entry: CohortEntry) -> None:
    quality = cohorts.quality(entry.id)
    st.markdown(cohort_line(entry))
    first = "Outcome" if entry.outcome is None else "Quality"
    view = st.segmented_control(
        "View", VIEWS, default=first, required=True, label_visibility="collapsed",
        key=f"view-{entry.name}-{entry.outcome is None}",
    )  # fmt: skip
    if entry.outcome is None and view != "Outcome":
        st.info("Next: choose the outcome.", icon=":material/arrow_forward:")
    match view:
        case "Outcome":
            outcome_chooser(entry, quality)
        case "Variables":
            variables_editor(entry, quality)
            labels_editor(entry, quality)
        case "Distributions":
            distributions(entry, quality)
        case "Rows" if entry.holds_scans:
            scan_rows(entry)
        case "Rows":
            rows(entry)
        case _:
            quality_panel(entry, quality)


heading(
    "Cohorts",
    "Patients in a table, or scans: bring them in, choose what to predict, check quality.",
)
if entries := cohorts.cohorts():
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = pick_cohort(entries)
        if st.button("Add a cohort", icon=":material/add:"):
            _add_another()
        delete_cohort(chosen)
        if chosen.outcome is not None and st.button(
            "Train a model", type="primary", icon=":material/model_training:"
        ):
            state.choose("run", "")
            st.switch_page("pages/train.py", query_params=state.address("cohort"))
    _cohort(chosen)
else:
    _add()
