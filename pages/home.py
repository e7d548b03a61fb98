"""Home: what is there, and the one thing to do next."""

from __future__ import annotations

import streamlit as st

from pages.parts import runs
from pages.parts.pickers import heading
from pages.parts.samples import sample_cards
from pages.parts.standing import latest_models
from pages.parts.unlisted import unlisted_note
from pages.parts.words import OPEN, count
from pmed_core.service import cohorts, models, training

LATEST = 3


def _next_step(cohort_count: int, undecided: int, openable: list[str], alive: int) -> None:
    """The one thing to do, as a sentence and a link."""
    if undecided == cohort_count:
        sentence = "Choose the outcome: the column that a model is to predict."
        page, label, icon = "pages/cohorts.py", "Choose the outcome", ":material/table:"
    elif alive:
        sentence = f"{count(alive, 'run')} in progress. You may close this page meanwhile."
        page, label, icon = "pages/jobs.py", "Watch", ":material/list_alt:"
    elif not openable:
        sentence = "Your cohort is ready. Train a model on it."
        page, label, icon = "pages/train.py", "Train a model", ":material/model_training:"
    else:
        sentence = f"A model is trained. Check its performance, then open a {openable[0]}."
        page, label, icon = "pages/models.py", "See performance", ":material/neurology:"
    with st.container(border=True):
        st.subheader("Next step", anchor=False)
        st.markdown(sentence)
        with st.container(horizontal=True):
            if st.button(label, type="primary", icon=icon):
                st.switch_page(page)
            for page in openable:
                if st.button(f"Open a {page}", icon=OPEN[page]):
                    st.switch_page(f"pages/{page}.py")


def _start() -> None:
    """An empty installation: the sample journey, or a table of one's own."""
    st.subheader("Start with a sample", anchor=False)
    st.markdown("Open a sample, train a model, check how good it is, then look at one patient.")
    sample_cards()
    st.subheader("Or bring your own", anchor=False)
    st.page_link(
        "pages/cohorts.py", label="Upload a table (CSV, TSV, Excel, Parquet) or scans",
        icon=":material/upload_file:",
    )  # fmt: skip


heading(
    "Precision medicine",
    "Build a risk model from your own table or scans, check how far to trust it, and "
    "see why it gives a patient their risk.",
)
unlisted_note()
entries, trained, jobs = cohorts.cohorts(), models.models(), training.jobs()
if not entries and not trained:
    _start()
else:
    running = [job for job in jobs if job.alive]
    with st.container(horizontal=True):
        st.metric("Cohorts", len(entries), border=True)
        st.metric("Models", len(trained), border=True)
        st.metric("Runs in progress", len(running), border=True)
    undecided = sum(entry.outcome is None for entry in entries)
    openable = sorted({entry.modality.page for entry in trained})
    _next_step(len(entries), undecided, openable, len(running))
    latest_models(trained[:LATEST])
    if jobs:
        st.subheader("Latest runs", anchor=False)
        for job in jobs[:LATEST]:
            runs.row(job, actions=False)
