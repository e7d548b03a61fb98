"""The sample cohorts, each ready in one click."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.words import plain
from pmed_core.samples.catalogue import Sample
from pmed_core.service import cohorts
from pmed_core.systems import of_sample

ACROSS = 3


def sample_cards() -> None:
    """One card a sample: what it is, where it is from, and the click that opens it."""
    samples = cohorts.samples()
    for start in range(0, len(samples), ACROSS):
        columns = st.columns(ACROSS)
        for column, sample in zip(columns, samples[start : start + ACROSS], strict=False):
            with column.container(border=True, height="stretch", vertical_alignment="distribute"):
                _card(sample)


def _card(sample: Sample) -> None:
    system = of_sample(sample.name)
    with st.container():
        st.markdown(f"{system.icon} **{plain(sample.title)}**")
        st.caption(plain(system.title))
        st.markdown(plain(sample.description))
        st.caption(plain(sample.citation))
    if st.button("Open this sample", key=f"sample-{sample.name}", icon=":material/play_arrow:"):
        with panel():
            with st.spinner(f"Reading {plain(sample.title)}"):
                state.choose("cohort", cohorts.bring_in_sample(sample.name))
            st.switch_page("pages/cohorts.py", query_params=state.address("cohort"))
