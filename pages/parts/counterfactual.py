"""The smallest change that brings a patient's risk below a threshold."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import tables
from pages.parts.errors import panel
from pages.parts.patient_pick import Case
from pages.parts.words import count, percent, percents, plain, short, titled
from pmed_core.figures import wording
from pmed_core.service import models, patients
from pmed_core.service.entries import ModelEntry
from pmed_core.variable import Variable
from pmed_core.work import Cell, Consultation, Counterfactual


def counterfactual_form(
    entry: ModelEntry, case: Case, before: Consultation, label: str, movable: list[Variable]
) -> None:
    """Ask for a threshold and for what may change; the nearest such patients are shown below."""
    known = [v for v in movable if case.cells.get(v.name) is not None]
    risk = before.value[before.labels.index(label)]
    if not known:
        st.caption("No value that could change is known of this patient.")
        return
    threshold = _threshold(entry)
    if risk < threshold:
        st.caption(f"The risk is already below the threshold of {percent(threshold)}.")
    with st.form("counterfactual", border=True):
        left, right = st.columns([1, 3])
        with left:
            goal = st.number_input(
                "Target risk (%)", 0.1, 99.9, _goal(threshold, risk), 0.5, format="%.1f",
                key=f"goal-{entry.id}-{case.patient}",
                help="At first the model's threshold, or half of the risk if that is below it.",
            )  # fmt: skip
        with right:
            names = {v.name: v for v in known}
            chosen = st.multiselect(
                "Inputs allowed to change", list(names), [v.name for v in known if v.changeable],
                format_func=lambda name: short(name, 40), key=f"movable-{entry.id}-{case.patient}",
                placeholder="Choose inputs", help="Only inputs whose value is known.",
            )  # fmt: skip
        asked = st.form_submit_button("Find the smallest change", icon=":material/search:")
    if not asked:
        return
    if risk <= goal / 100:
        st.info(f"The risk is {percent(risk)} already.", icon=":material/check_circle:")
        return
    with panel(), st.spinner(f"Looking for patients like this one below {_exact(goal)}"):
        found = patients.counterfactuals(
            entry.id, case.cells, label, goal / 100, chosen, patient=case.asked
        )
        _shown(entry, found, goal)


def _threshold(entry: ModelEntry) -> float:
    """The model's; 0 where it has none."""
    return entry.alert or 0.0


def _goal(threshold: float, risk: float) -> float:
    """The model's threshold where the risk is above it, else half of the risk; in per cent."""
    goal = threshold if 0 < threshold < risk else risk / 2
    return min(max(round(100 * goal, 1), 0.1), 99.9)


def _exact(goal: float) -> str:
    """The goal in per cent as it was typed, not rounded as a risk is."""
    return f"{wording.number(goal)} %"


def _shown(entry: ModelEntry, found: tuple[Counterfactual, ...], goal: float) -> None:
    """What was found; the goal is in per cent."""
    if not found or not found[0].reached:
        lowest = f" The lowest found is {percent(found[0].value)}." if found else ""
        st.info(
            f"No patient like this one is below {_exact(goal)} with four changes or fewer."
            f"{lowest} Let more inputs differ, or ask for a higher risk.",
            icon=":material/search_off:",
        )
        if not found:
            return
    for number, one in enumerate(found):
        _one(entry, one, number)
    nearest = f"The nearest patients whose risk the model says is below {_exact(goal)}. "
    st.caption(
        f"{nearest * found[0].reached}The model does not say that bringing about these changes "
        "would change the outcome."
    )


def _one(entry: ModelEntry, found: Counterfactual, number: int) -> None:
    variables = {v.name: v for v in models.inputs(entry.id)}
    with st.container(border=True):
        st.markdown(
            f"**{count(len(found.changes), 'change')}: risk {percent(found.value)}** "
            f"(interval {percents(found.low, found.high)})"
        )
        rows = [_row(variables[c.variable], c.before, c.after) for c in found.changes]
        tables.show(
            pd.DataFrame(rows), f"counterfactual-{number}", "Smallest change that lowers the risk"
        )
        if found.outside:
            st.warning(
                "Such a patient lies outside what the model has seen: "
                f"{plain(' '.join(found.outside))}",
                icon=":material/wrong_location:",
            )


def _row(variable: Variable, before: Cell, after: Cell) -> dict[str, str]:
    moved = ""
    if isinstance(before, float) and isinstance(after, float):
        moved = wording.signed(after - before, 3 if abs(after - before) < 1 else 1)
    return {
        "Input": titled(variable),
        "Now": wording.cell(before, variable),
        "Would have to be": wording.cell(after, variable),
        "Difference": moved,
    }
