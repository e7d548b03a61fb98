"""What could change: single changes, pairs, and the smallest change that reaches a goal."""

from __future__ import annotations

import streamlit as st

from pages.parts import plots, ways
from pages.parts.counterfactual import goal_form
from pages.parts.limits import limits_view
from pages.parts.patient_pick import Case
from pages.parts.words import plain
from pmed_core.figures.advice import Told, headline
from pmed_core.service import cohorts, models, patients
from pmed_core.service.entries import ModelEntry
from pmed_core.work import Consultation


def advice_view(entry: ModelEntry, case: Case, found: Consultation, label: str) -> None:
    """Ranked changes within the model's limits, and the search for a goal below them."""
    limits = limits_view(entry, label)
    if all(case.cells.get(name) is None for name in limits.names):
        st.info(
            "No input that may change is known of this patient. Choose some under "
            "'Directions and limits'.", icon=":material/tune:",
        )  # fmt: skip
        return
    with st.spinner("Asking the model about every change"):
        advice = patients.advise(entry.id, case.cells, label, limits, case.asked)
    said = entry.outcome.quantities[found.labels.index(label)]
    told = Told(advice, models.inputs(entry.id), said, entry.modality.one)
    st.markdown(f"**{plain(headline(told))}**")
    plots.advice(told)
    st.caption(
        "What a change would bring about is another question. Where a column says which treatment "
        "each patient was given, it can be asked: under Cohorts, Outcome, 'Compare treatments?'."
    )
    if cohort := cohorts.address(entry.cohort):
        ways.link(
            "pages/cohorts.py", "Compare treatments in this cohort", ":material/compare:",
            {"cohort": cohort},
        )  # fmt: skip
    with st.expander(plain(said.change), icon=":material/flag:", key=f"goal-{entry.id}"):
        goal_form(entry, case, found, (label, limits))
