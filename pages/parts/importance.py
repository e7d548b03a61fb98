"""What moves the model over the whole cohort."""

from __future__ import annotations

import streamlit as st

from pages.parts import plots, runs
from pages.parts.errors import panel, refreshed
from pages.parts.words import plain
from pmed_core.service import models, training
from pmed_core.service.entries import ModelEntry
from pmed_core.work import Importance, Job


def importance_view(entry: ModelEntry) -> None:
    """The beeswarm where it is made, its progress while it is, else the button that makes it."""
    found = models.importance(entry.id)
    latest = _latest(entry)
    if found is not None:
        plots.beeswarm(found)
    elif latest is not None and latest.alive:
        refreshed(lambda: _progress(latest.id), 1.0)
    else:
        _offer(entry, latest)


def _latest(entry: ModelEntry) -> Job | None:
    """The newest job that explains this model."""
    for job in training.jobs():
        if isinstance(job.work, Importance) and job.work.model == entry.id:
            return job
    return None


def _progress(identity: str) -> None:
    job = training.job(identity)
    if not job.alive:
        st.rerun()
    runs.row(job)


def _offer(entry: ModelEntry, latest: Job | None) -> None:
    if not entry.cohort:
        st.info(
            "An imported model came without its patients, so its importance over a cohort cannot "
            "be computed here. Single patients can be explained on the Patient page.",
            icon=":material/info:",
        )
        return
    if latest is not None and latest.error:
        st.error(plain(latest.error), icon=":material/error:")
    st.markdown(
        "Which inputs move the model most, and in which direction? A sample of 200 patients is "
        "explained in the background."
    )
    if st.button("Explain the model", type="primary", icon=":material/insights:"):
        with panel():
            models.explain_cohort(entry.id)
            st.rerun()
