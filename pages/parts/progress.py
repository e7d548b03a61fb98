"""One training run: its curves while it learns, and what came of it."""

from __future__ import annotations

import streamlit as st

from pages.parts import plots, runs, state
from pages.parts.errors import panel, refreshed
from pages.parts.words import (
    OPEN,
    OPENING,
    count,
    duration,
    elapsed,
    often,
    plain,
    remaining,
    short,
    title,
)
from pmed_core.job import Job
from pmed_core.modalities import trained_with
from pmed_core.service import training
from pmed_core.work import Fit

SECONDS, CARD = 1.0, 260
INTERRUPTED = "The process that worked on this ended {} before it was done"


def run_view(run: str) -> None:
    """The run of that id, followed while it is alive."""
    job = training.job(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plain(title(job.work)), anchor=False, width="content")
        if not job.alive:
            runs.badge(job)
    if job.alive:
        refreshed(lambda: _live(run), SECONDS)
    else:
        _over(job)


def _live(run: str) -> None:
    """Redrawn every second; the page takes over when the run ends."""
    job = training.job(run)
    if not job.alive:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        runs.badge(job)
        _stop(job)
    if job.state == "queued":
        st.info(runs.waits_for(job), icon=":material/hourglass_empty:")
        return
    st.progress(min(1.0, max(0.0, job.fraction)), text=plain(job.stage) or "Starting")
    with st.container(horizontal=True):
        st.metric("Elapsed", duration(elapsed(job)), border=True, width=CARD)
        st.metric("Time left", remaining(job), border=True, width=CARD)
        if _in_epochs(job):
            st.metric("Epoch", len(job.epochs), border=True, width=CARD)
    _body(job)


def _body(job: Job) -> None:
    if job.interrupted:
        told = INTERRUPTED.format(often(job.interrupted))
        taken_over = "" if job.state == "failed" else ", and another took over"
        st.caption(f":material/restart_alt: {told}{taken_over}.")
    for sentence in job.notes:
        st.caption(f":material/info: {plain(sentence)}")
    if job.epochs:
        plots.training_curves(job)
    elif job.alive and _in_epochs(job):
        st.caption("The curves begin after the first epoch.")


def _in_epochs(job: Job) -> bool:
    """Whether it learns in epochs, and not by growing trees."""
    return isinstance(job.work, Fit) and not job.work.options.network.at_once


def _stop(job: Job) -> None:
    """Stopping is confirmed by saying what is to be kept."""
    with st.popover("Stop this run", icon=":material/stop_circle:", key="stop"):
        keep = drop = False
        if job.state != "running":
            st.markdown("It has not started; nothing is lost.")
        elif _in_epochs(job):
            st.markdown("Keep the best epoch so far as a model, or drop everything?")
            keep = st.button("Keep the best epoch so far", key="stop-keep", type="primary")
        else:
            st.markdown("Nothing of it can be kept before its end.")
        drop = st.button("Drop everything", key="stop-drop")
        if keep or drop:
            with panel():
                training.cancel(job.id, keep=keep)
                state.say("The run is being stopped.")
                st.rerun()


def _over(job: Job) -> None:
    match job.state:
        case "done":
            _done(job)
        case "failed":
            st.error(plain(job.error), icon=":material/error:")
            st.caption("The cohort is as it was. Correct what is named above, then start again.")
        case _:
            st.info("This run was cancelled and nothing of it was kept.", icon=":material/cancel:")
    _body(job)


def _done(job: Job) -> None:
    assert isinstance(job.work, Fit)  # noqa: S101 - only runs are shown here
    learnt = f": {count(len(job.epochs), 'epoch')}" if _in_epochs(job) else ""
    st.success(
        f"'{plain(short(job.work.name))}' is trained{learnt}. The run took "
        f"{duration(elapsed(job))}, with comparison and evaluation.",
        icon=":material/check_circle:",
    )
    with st.container(horizontal=True):
        if st.button("See performance", type="primary", icon=":material/neurology:"):
            _go("pages/models.py", job)
        page = trained_with(job.work.options).page
        if st.button(OPENING[page], icon=OPEN[page]):
            _go(f"pages/{page}.py", job)


def _go(page: str, job: Job) -> None:
    state.choose("model", job.result)
    st.switch_page(page, query_params=state.address("model"))
