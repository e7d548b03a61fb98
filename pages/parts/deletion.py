"""What is deleted is deleted for everyone, so it is asked twice."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.terms import last_day
from pages.parts.words import count, plain, short
from pmed_core.service import cohorts, models
from pmed_core.service.entries import CohortEntry, ModelEntry


def delete_cohort(entry: CohortEntry) -> None:
    """A table, with its quality report."""
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
        st.divider()
        last_day(entry)


def delete_model(entry: ModelEntry) -> None:
    """A model, with its evaluation."""
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(f"'{plain(short(entry.name))}' and its evaluation are deleted for everyone.")
        if st.button("Delete this model", type="primary", key="model-delete"):
            with panel():
                models.remove(entry.id)
                state.choose("model", "")
                state.say("The model is deleted.")
                st.rerun()
