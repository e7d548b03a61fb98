"""Can an explanation be believed?"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts import plots
from pages.parts.errors import panel
from pages.parts.words import general, percent
from pmed_core.figures.trust import ALIKE, adds_up, verdict
from pmed_core.quantity import RISK, Quantity
from pmed_core.work import Trust


def trust_view(key: str, asked: Callable[[], Trust], said: Quantity = RISK) -> None:
    """A switch; what it shows takes a moment."""
    if not st.toggle("Check this explanation", key=f"trust-{key}"):
        return
    with panel():
        with st.spinner("Checking the explanation"):
            found = asked()
        shown = st.warning if found.alike >= ALIKE else st.info
        shown(verdict(found), icon=":material/verified_user:")
        with st.container(horizontal=True):
            st.metric(
                "Rounding error", adds_up(found.gap), border=True,
                help=f"In {said.scale}: prediction minus starting point and contributions.",
            )  # fmt: skip
            st.metric(
                "Largest standard error", percent(found.standard_error), border=True,
                help="Of any contribution, as a share of what all of them add.",
            )  # fmt: skip
            st.metric(
                "Similarity to an untrained model (lower is better)", general(found.alike, 2),
                border=True,
                help="Correlation of the contributions with those to the same model of "
                "shuffled weights. Near 1 would mean that what was learnt does not matter.",
            )  # fmt: skip
        plots.deletion(found, said)
