"""Cohorts: bring in a table, choose its outcome, correct its variables, read its quality."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.cohort_views import cohort_views
from pages.parts.damaged import damaged_list
from pages.parts.deletion import delete_cohort
from pages.parts.import_preview import import_preview
from pages.parts.pickers import heading, pick_cohort
from pages.parts.samples import sample_cards
from pages.parts.upload import upload_form
from pmed_core.service import cohorts


@st.dialog("Add a cohort", width="large")
def _add_another() -> None:
    _add()


def _add() -> None:
    upload_form()
    st.markdown("**Or open a sample**")
    sample_cards()


heading(
    "Cohorts",
    "Bring in a table, molecules, sequences, variants or scans; choose the outcome, check the "
    "quality.",
)
damaged_list("cohort")
if waiting := state.pending():
    import_preview(waiting)
elif entries := cohorts.cohorts():
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
    cohort_views(chosen)
else:
    _add()
