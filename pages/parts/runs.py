"""Jobs as rows: what, how it stands, when, and what can be done."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.errors import panel
from pages.parts.words import STATES, duration, elapsed, moment, plain, remaining, title
from pmed_core.service import training
from pmed_core.work import Fit, Job


def badge(job: Job) -> None:
    """How the job stands, as an icon, a word and a colour."""
    word, icon, colour = STATES[job.state]
    place = f", place {job.place} in the queue" if job.state == "queued" and job.place else ""
    st.badge(f"{word}{place}", icon=icon, color=colour)


def row(job: Job, *, actions: bool = True) -> None:
    """One job in a frame."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(title(job.work))}**", width="stretch")
            badge(job)
            if isinstance(job.work, Fit):
                st.page_link(
                    "pages/train.py", label="Open", icon=":material/open_in_new:",
                    query_params={"run": job.id},
                )  # fmt: skip
            if actions:
                _actions(job)
        _details(job)


def _details(job: Job) -> None:
    if job.state == "running":
        st.progress(min(1.0, max(0.0, job.fraction)), text=plain(job.stage) or "Starting")
        st.caption(f"Running for {duration(elapsed(job))}; time left: {remaining(job)}.")
        return
    took = f", took {duration(elapsed(job))}" if job.started and job.finished else ""
    st.caption(f"Submitted {moment(job.submitted)}{took}.")
    if job.error:
        st.error(plain(job.error), icon=":material/error:")


def _actions(job: Job) -> None:
    verb: Callable[[str], None]
    if job.alive:
        label, icon = "Stop and discard", ":material/cancel:"
        sentence, verb = "What this run has learnt so far is dropped.", training.cancel
    else:
        label, icon = "Remove", ":material/delete:"
        sentence, verb = "The run leaves this list; its model stays.", training.remove
    with st.popover(label, icon=icon, key=f"menu-{job.id}"):
        st.markdown(sentence)
        if st.button(label, key=f"{label}-{job.id}", type="primary"):
            with panel():
                verb(job.id)
                st.rerun()
