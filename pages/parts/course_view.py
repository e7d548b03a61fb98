"""One patient's predicted course over time, also given that they have come this far."""

from __future__ import annotations

import math

import streamlit as st

from pages.parts import plots, tables
from pages.parts.patient_pick import Case
from pages.parts.words import plain
from pmed_core.figures import course
from pmed_core.service import patients
from pmed_core.service.entries import ModelEntry
from pmed_core.variable import readable
from pmed_core.work import Consultation

STEPS = 100


def course_view(entry: ModelEntry, case: Case, found: Consultation, label: str) -> None:
    """The curve, a slider for the time lived already, and the risks that are left with their
    reasons."""
    outcome = entry.outcome
    unit, horizons = outcome.unit, outcome.horizons
    last = max(horizons, default=found.course.x[-1])
    decimals = max(0, math.ceil(-math.log10(last / STEPS)))
    lived = st.slider(
        f"Given that the patient has come this far ({plain(unit)})", 0.0, float(last), 0.0,
        float(last) / STEPS, format=f"%.{decimals}f", key=f"lived-{entry.id}", width=520,
        help="Risks of patients who are still without the event at that time.",
    )  # fmt: skip
    curve = course.since(found.course, lived)
    everyone = entry.evaluation.course
    left, right = st.columns([3, 1], gap="medium")
    with left:
        plots.course(curve, course.since(everyone, lived) if everyone.x else everyone, unit)
    with right:
        tables.show(course.risks(curve, horizons, unit), "course-risks", "Risk by each horizon")
        if lived:
            st.caption(
                f"Of patients still without the event after {readable(lived)} {plain(unit)}."
            )
    if lived:
        _why(entry, case, label, lived)


def _why(entry: ModelEntry, case: Case, label: str, lived: float) -> None:
    """The reasons for the risk that is left until the horizon, on demand."""
    outcome = entry.outcome
    if float(label) <= lived:
        st.caption(f"The chosen horizon, {plain(outcome.shown(label))}, is over by then.")
        return
    asked = f"Explain the risk from {readable(lived)} {plain(outcome.unit)} on"
    if st.toggle(asked, key=f"lived-why-{entry.id}"):
        with st.spinner("Explaining"):
            found = patients.explain(entry.id, case.cells, label, case.asked, lived)
        plots.waterfall(found, outcome.event(label), "waterfall-lived")
        st.caption(
            f"Of the risk {plain(outcome.shown(label))}, given that the patient is still without "
            f"the event after {readable(lived)} {plain(outcome.unit)}."
        )
