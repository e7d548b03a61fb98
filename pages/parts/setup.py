"""What stands on the training page before the start."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.choices import options_form
from pages.parts.errors import panel
from pages.parts.modalities import shown_by
from pages.parts.pickers import cohort_line, empty
from pages.parts.words import moment, plain, short
from pmed_core.job import Job
from pmed_core.options import AnyOptions
from pmed_core.outcomes import Outcome
from pmed_core.quality import Severity
from pmed_core.service import cohorts, training
from pmed_core.service.entries import CohortEntry
from pmed_core.work import Fit


def ready(entry: CohortEntry) -> Outcome | None:
    """Say what is trained on, and what is in the way -> what is predicted."""
    if entry.outcome is None:
        empty(
            "This cohort has no outcome yet. Choose the column that the model is to predict.",
            "pages/cohorts.py", "Choose the outcome", ":material/table:",
        )  # fmt: skip
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(cohort_line(entry), width="stretch")
        st.page_link(
            "pages/cohorts.py", label="Change outcome or inputs", icon=":material/edit:",
            query_params=state.address("cohort"),
        )  # fmt: skip
    if system := entry.system:
        st.caption(f"{system.icon} {plain(system.title)}: {plain(system.question)}")
    _warnings(entry)
    return entry.outcome


def _warnings(entry: CohortEntry) -> None:
    """Serious findings, before anyone trusts a score."""
    found = [f for f in cohorts.quality(entry.id).findings if f.severity is Severity.SERIOUS]
    for finding in found:
        st.warning(plain(f"{finding.sentence} {finding.remedy}"), icon=":material/dangerous:")


def setup(entry: CohortEntry, outcome: Outcome) -> None:
    """Options, what they cost, and the start."""
    with st.container(border=True):
        options = options_form(f"fit-{entry.modality.name}", entry.modality, outcome)
        start = shown_by(entry.modality).before_training(entry, options)
        _estimate(entry, options)
        with st.form("start", border=False):
            suggested = short(entry.name.rsplit(".", 1)[0], 60)
            name = st.text_input(
                "Name of the model", value=suggested, max_chars=80, key=f"name-{suggested}"
            )
            if st.form_submit_button(
                "Start training", type="primary", icon=":material/play_arrow:"
            ):
                _start(Fit(entry.id, name.strip() or suggested, options, start))


def _estimate(entry: CohortEntry, options: AnyOptions) -> None:
    cost = training.estimate(entry.id, options)
    left = "" if cost.refusal else cost.left
    st.markdown(f":material/schedule: {plain(f'{cost.sentence} {left}')}")
    if cost.refusal:
        st.warning(plain(cost.refusal), icon=":material/hourglass_disabled:")


def _start(work: Fit) -> None:
    with panel():
        before = training.trained_before(work)
        if before is not None:
            _trained_already(work, before)
            return
        with st.spinner("Starting"):
            state.choose("run", training.train(work.cohort, work.name, work.options, work.start))
        st.rerun()


@st.dialog("Already trained")
def _trained_already(work: Fit, before: Job) -> None:
    """The same work has the same model: nobody takes an old run for a new one."""
    st.markdown(
        f"'{plain(short(work.name))}' was trained on {moment(before.finished)} on this cohort "
        "with these settings. Training again replaces that model."
    )
    with st.container(horizontal=True):
        opened = st.button("Open it", type="primary", icon=":material/open_in_new:")
        again = st.button("Train again", icon=":material/replay:")
    with panel():
        if again:
            training.train(work.cohort, work.name, work.options, work.start, again=True)
        if opened or again:
            state.choose("run", before.id)
            st.rerun()
