"""Train: a few choices, then the run as it learns."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.pickers import heading, no_cohort, pick_cohort
from pages.parts.progress import run_view
from pages.parts.setup import ready, setup
from pmed_core.service import cohorts, training

heading("Train", "Fit a risk model to a cohort. It runs on the server: you may close this page.")
run = state.chosen("run")
if run and run not in {job.id for job in training.jobs()}:
    st.info("The run of this address is not here any more.", icon=":material/info:")
    run = ""
    state.choose("run", "")

if run:
    run_view(run)
    if st.button("Set up another training", icon=":material/add:"):
        state.choose("run", "")
        st.rerun()
elif entries := cohorts.cohorts():
    cohort = pick_cohort(entries)
    if ready(cohort):
        setup(cohort)
else:
    no_cohort()
