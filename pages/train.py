"""Train: a few choices, then the run as it learns."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.pickers import gone, heading, no_cohort, pick_cohort
from pages.parts.progress import run_view
from pages.parts.setup import ready, setup
from pmed_core.service import cohorts, training

heading("Train", "Fit a model to a cohort. Training runs on the server; you can close this page.")
run = state.chosen("run")
known = not run or run in {job.id for job in training.jobs()}

if not known:
    gone("run", "It was removed from the list of jobs")
    st.page_link("pages/jobs.py", label="All jobs", icon=":material/list_alt:")
    if st.button("Set up a training", icon=":material/add:"):
        state.choose("run", "")
        st.rerun()
elif run:
    run_view(run)
    if st.button("Set up another training", icon=":material/add:"):
        state.choose("run", "")
        st.rerun()
elif entries := cohorts.cohorts():
    cohort = pick_cohort(entries)
    if outcome := ready(cohort):
        setup(cohort, outcome)
else:
    no_cohort()
