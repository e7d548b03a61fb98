"""The held-out scans whose label the model doubts most: its mistakes, or those of the labels."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.scan_rows import address
from pages.parts.words import count, percent, plain, short
from pmed_core.accounts import Right
from pmed_core.service import access, corrections, scans
from pmed_core.service.entries import ModelEntry
from pmed_core.service.scans import Doubt
from pmed_core.settings import settings

ACROSS, SIDE = 4, 220


def doubted_view(entry: ModelEntry) -> None:
    """One gallery for each label, and a way to correct one."""
    found = scans.doubted(entry.id)
    if not found:
        st.info(
            "The model doubts no label of the scans it was evaluated on, or they are not here.",
            icon=":material/check_circle:",
        )
        return
    st.caption(
        "Held-out scans whose label the model finds unlikely, worst first, one for each patient. "
        "Either the model is wrong, or the label is: look before you correct it."
    )
    latest = corrections.corrected(entry.cohort)
    done = {one.row: one for one in corrections.corrections(latest)}
    if latest != entry.cohort:
        _go_on(latest, len(done))
    for label, doubts in found.items():
        st.subheader(f"{_mistake(entry, label)}Labelled {plain(short(label))}", anchor=False)
        for start in range(0, len(doubts), ACROSS):
            columns = st.columns(ACROSS)
            for column, doubt in zip(columns, doubts[start : start + ACROSS], strict=False):
                with column.container(border=True):
                    _card(entry, doubt)
                    if doubt.scan in done:
                        one = done[doubt.scan]
                        st.caption(f"Now {plain(short(one.after))}, by {plain(short(one.who))}.")
                    else:
                        _correct(latest, label, doubt.scan)


def _go_on(corrected: str, labels: int) -> None:
    """This model stays as it was trained; what was corrected waits in a cohort of its own."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/edit: {count(labels, 'label')} corrected, in a cohort of their own."
        )
        if access.allowed(Right.BUILD) and st.button(
            "Train on it", icon=":material/model_training:"
        ):
            state.choose("run", "")
            state.choose("cohort", corrected)
            st.switch_page("pages/train.py", query_params=state.address("cohort"))


def _mistake(entry: ModelEntry, label: str) -> str:
    return entry.outcome.mistaken(label)


def _card(entry: ModelEntry, doubt: Doubt) -> None:
    picture = address(scans.thumbnail(entry.cohort, doubt.scan, SIDE))
    st.image(picture, width="stretch", alt=f"Scan {short(doubt.scan, 30)}")
    st.markdown(f"**{plain(short(doubt.scan, 30))}**")
    st.caption(f"{percent(doubt.probability)} for its label")
    if st.button("Open", key=f"open-{doubt.scan}", icon=":material/radiology:"):
        state.choose("model", entry.id)
        state.choose_patient(doubt.scan)
        st.switch_page("pages/scan.py", query_params=state.address("model"))


def _correct(cohort: str, label: str, scan: str) -> None:
    """The cohort is kept as it was for this model; the corrected one is a new cohort."""
    others = [one for one in scans.labels(cohort) if one != label]
    popover = st.popover("Correct", icon=":material/edit:", key=f"correct-{scan}")
    with popover, st.form(f"correct-form-{scan}", border=False):
        right = st.selectbox("The right label", others, format_func=short, key=f"right-{scan}")
        who = ""
        if not settings().hosted:  # else it is known
            told = "It is kept with the correction."
            who = st.text_input("Your name", key=f"who-{scan}", help=told)
        if st.form_submit_button("Correct the label", type="primary", icon=":material/edit:"):
            with panel():
                corrections.correct_label(cohort, scan, str(right), who)
                state.say("The label is corrected.")
                st.rerun()
