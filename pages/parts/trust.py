"""Can the explanation of this patient be believed?"""

from __future__ import annotations

import streamlit as st

from pages.parts import plots
from pages.parts.errors import panel
from pages.parts.patient_pick import Case
from pages.parts.words import general, percent
from pmed_core.figures.trust import ALIKE, verdict
from pmed_core.service import patients
from pmed_core.service.entries import ModelEntry


def trust_view(entry: ModelEntry, case: Case, label: str) -> None:
    """A switch; what it shows takes a moment the first time."""
    if not st.toggle("Check this explanation", key=f"trust-{entry.id}-{case.patient}"):
        return
    with panel():
        with st.spinner("Explaining a model that learnt nothing, and removing variables"):
            found = patients.check(entry.id, case.cells, label)
        shown = st.warning if found.alike >= ALIKE else st.info
        shown(verdict(found), icon=":material/verified_user:")
        with st.container(horizontal=True):
            st.metric(
                "Adds up to within", general(found.gap, 1), border=True,
                help="Log-odds between the prediction and base and contributions together.",
            )  # fmt: skip
            st.metric(
                "Largest standard error", percent(found.standard_error), border=True,
                help="Of any contribution, as a share of what all of them add.",
            )  # fmt: skip
            st.metric(
                "Like that of an untrained model", general(found.alike, 2), border=True,
                help="Rank correlation with the sizes of the contributions to the same model with "
                "shuffled weights. Near 1 would mean that what was learnt does not matter.",
            )  # fmt: skip
        plots.deletion(found)
