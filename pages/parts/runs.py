"""Jobs as rows: what, how it stands, when, and what can be done."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts import ways
from pages.parts.errors import panel
from pages.parts.words import STATES, duration, elapsed, moment, plain, remaining, short, title
from pmed_core.accounts import Right
from pmed_core.job import Job
from pmed_core.service import access, models, training
from pmed_core.work import AboutModel, Fit


def latest(kind: type[AboutModel], model: str) -> Job | None:
    """The newest job that asks this of a model."""
    for job in training.jobs():
        if isinstance(job.work, kind) and job.work.model == model:
            return job
    return None


def failed(job: Job | None) -> None:
    """Why the last one ended without a result, where it did."""
    if job is not None and job.error:
        st.error(plain(job.error), icon=":material/error:")


def offer(last: Job | None, about: str, button: tuple[str, str], ask: Callable[[], object]) -> None:
    """Ask for a job about a model: why the last one failed, what it is ``about``, and the button
    (label, icon)."""
    failed(last)
    st.markdown(about)
    label, icon = button
    if st.button(label, type="primary", icon=icon):
        with panel():
            ask()
            st.rerun()


def under_way(identity: str) -> None:
    """One job until it ends; then the page runs again."""
    job = training.job(identity)
    if not job.alive:
        st.rerun()
    row(job)


def badge(job: Job) -> None:
    """How the job stands, as an icon, a word and a colour."""
    word, icon, colour = STATES[job.state]
    place = f", place {job.place} in the queue" if job.state == "queued" and job.place else ""
    st.badge(f"{word}{place}", icon=icon, color=colour)


def waits_for(job: Job) -> str:
    """Why a job has not begun."""
    if job.started:
        return "It was interrupted, and goes on by itself."
    if job.device != "gpu":
        return "It starts by itself when it is its turn and a machine is free."
    none = ", and no machine at work has one" if training.gpus() == 0 else ""
    return f"It needs a GPU{none or ', and starts by itself when one is free'}."


def row(job: Job, *, actions: bool = True) -> None:
    """One job in a frame."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(_title(job))}**", width="stretch")
            badge(job)
            _open(job)
            if actions and access.allowed(Right.BUILD):
                _actions(job)
        _details(job)


def _title(job: Job) -> str:
    """What it does, and with which model."""
    if not isinstance(job.work, AboutModel):
        return title(job.work)
    names = {one.id: one.name for one in models.models()}
    return f"{title(job.work)}: {short(names.get(job.work.model, 'one that was deleted'))}"


def _open(job: Job) -> None:
    """The page that shows what it makes."""
    page, address = "", {}
    if isinstance(job.work, Fit):
        page, address = "pages/train.py", {"run": job.id}
    elif isinstance(job.work, AboutModel) and models.exists(job.work.model):
        page, address = "pages/models.py", {"model": job.work.model}
    if page:
        ways.link(page, "Open", ":material/open_in_new:", address)


def _details(job: Job) -> None:
    if job.state == "running":
        st.progress(min(1.0, max(0.0, job.fraction)), text=plain(job.stage) or "Starting")
        where = " on a GPU" if job.gpu else ""
        st.caption(f"Running for {duration(elapsed(job))}{where}; time left: {remaining(job)}.")
        return
    took = f", took {duration(elapsed(job))}" if job.started and job.finished else ""
    waits = f" {waits_for(job)}" if job.state == "queued" else ""
    st.caption(f"Submitted {moment(job.submitted)}{took}.{waits}")
    if job.error:
        st.error(plain(job.error), icon=":material/error:")


def _actions(job: Job) -> None:
    verb: Callable[[str], None]
    if job.alive:
        label, icon = "Stop and discard", ":material/cancel:"
        sentence, verb = "Everything this run has learnt is discarded.", training.cancel
    else:
        label, icon = "Remove", ":material/delete:"
        sentence, verb = "The run leaves this list; its model stays.", training.remove
    with st.popover(label, icon=icon, key=f"menu-{job.id}"):
        st.markdown(sentence)
        if st.button(label, key=f"{label}-{job.id}", type="primary"):
            with panel():
                verb(job.id)
                st.rerun()
