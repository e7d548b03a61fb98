"""Jobs: what runs, what waits, what is over."""

from __future__ import annotations

import streamlit as st

from pages.parts import runs
from pages.parts.damaged import damaged_list
from pages.parts.errors import refreshed
from pages.parts.pickers import empty, heading
from pmed_core.service import training
from pmed_core.settings import settings

SHOWN = 20
TURNS = (
    "Whoever has the fewest jobs running comes next; of those, whoever has used the machines least "
    "in the last 24 hours. Projects take turns by the same rule."
)


def _alive() -> None:
    """The queue; redrawn every second until it is empty."""
    alive = [job for job in training.jobs() if job.alive]
    if not alive:
        st.rerun()
    if settings().hosted and any(job.place for job in alive):
        st.caption(TURNS)
    for job in sorted(alive, key=lambda job: (job.place, job.submitted)):
        runs.row(job)


heading("Jobs", "Running, queued and finished jobs. They continue if you close this page.")
damaged_list("job")
jobs = training.jobs()
alive = [job for job in jobs if job.alive]
over = [job for job in jobs if not job.alive]
if not jobs:
    empty(
        "No job has run yet. Training a model is one.",
        "pages/train.py", "Train a model", ":material/model_training:",
    )  # fmt: skip
if alive:
    st.subheader("Queue", anchor=False)
    refreshed(_alive, 1.0)
if over:
    st.subheader("History", anchor=False)
    everything = len(over) <= SHOWN or st.toggle(f"Show all {len(over):,}", key="jobs-all")
    for job in over if everything else over[:SHOWN]:
        runs.row(job)
