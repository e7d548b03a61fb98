"""The held-out scans whose label the model doubts most: its mistakes, or those of the labels."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.scan_rows import address
from pages.parts.words import percent, plain, short
from pmed_core.outcome import YesNo
from pmed_core.service import cohorts, scans
from pmed_core.service.entries import ModelEntry
from pmed_core.service.scans import Doubt

ACROSS, SIDE = 4, 220


def doubted_view(entry: ModelEntry) -> None:
    """One gallery for each label, and a way to correct one."""
    found = scans.doubted(entry.id)
    if not found:
        st.info(
            "The model doubts no label of the scans it was judged on, or they are not here.",
            icon=":material/check_circle:",
        )
        return
    st.caption(
        "Held-out scans whose label the model finds unlikely, worst first, one for each patient. "
        "Either the model is wrong, or the label is: look before you correct it."
    )
    for label, doubts in found.items():
        st.subheader(f"{_mistake(entry, label)}Labelled {plain(short(label))}", anchor=False)
        for start in range(0, len(doubts), ACROSS):
            columns = st.columns(ACROSS)
            for column, doubt in zip(columns, doubts[start : start + ACROSS], strict=False):
                with column.container(border=True):
                    _card(entry, label, doubt)


def _mistake(entry: ModelEntry, label: str) -> str:
    if not isinstance(entry.outcome, YesNo):
        return ""
    return "Overlooked. " if label in entry.outcome.positive else "False alarms. "


def _card(entry: ModelEntry, label: str, doubt: Doubt) -> None:
    st.image(address(scans.thumbnail(entry.cohort, doubt.scan, SIDE)), width="stretch")
    st.markdown(f"**{plain(short(doubt.scan, 30))}**")
    st.caption(f"{percent(doubt.probability)} for its label")
    with st.container(horizontal=True):
        if st.button("Open", key=f"open-{doubt.scan}"):
            state.choose("model", entry.id)
            state.choose_patient(doubt.scan)
            st.switch_page("pages/scan.py", query_params=state.address("model"))
        with st.popover("Correct", key=f"correct-{doubt.scan}"):
            _correct(entry, label, doubt.scan)


def _correct(entry: ModelEntry, label: str, scan: str) -> None:
    """The cohort is kept as it was for this model; the corrected one is a new cohort."""
    others = [one for one in scans.labels(entry.cohort) if one != label]
    with st.form(f"correct-form-{scan}", border=False):
        right = st.selectbox("The right label", others, format_func=short, key=f"right-{scan}")
        who = st.text_input("Your name", key=f"who-{scan}", help="It is kept with the correction.")
        if st.form_submit_button("Correct the label", type="primary", icon=":material/edit:"):
            with panel():
                fresh = cohorts.correct_label(entry.cohort, scan, str(right), who)
                state.choose("cohort", fresh)
                state.say(
                    "The label is corrected in a new cohort. Train on it to see what changes."
                )
                st.switch_page("pages/cohorts.py", query_params=state.address("cohort"))
