"""The smallest change that brings a patient's prediction to a goal."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.parts import tables
from pages.parts.errors import panel
from pages.parts.patient_pick import Case
from pages.parts.words import count, plain, short, titled
from pmed_core.figures import wording
from pmed_core.quantity import Quantity
from pmed_core.service import models, patients
from pmed_core.service.entries import ModelEntry
from pmed_core.variable import Variable
from pmed_core.work import Cell, Consultation, Counterfactual

LOWER, HIGHER = "At most", "At least"


@dataclass(frozen=True)
class Goal:
    """Where the prediction is to come.

    Attributes:
        value: in the outcome's unit (0..1 of a risk).
        at_least: from below; else from above.
    """

    value: float
    at_least: bool
    said: Quantity

    def reached(self, value: float) -> bool:
        """Whether a value is there already."""
        return value >= self.value if self.at_least else value <= self.value

    @property
    def words(self) -> str:
        """ "a risk below 12 %"."""
        return self.said.wanted(self.value, self.at_least)


def counterfactual_form(
    entry: ModelEntry, case: Case, before: Consultation, label: str, movable: list[Variable]
) -> None:
    """Ask for a goal and for what may change; the nearest such patients are shown below."""
    known = [v for v in movable if case.cells.get(v.name) is not None]
    k = before.labels.index(label)
    value, said = before.value[k], entry.outcome.quantities[k]
    if not known:
        st.caption("No changeable value of this patient is known.")
        return
    threshold = entry.alert or 0.0
    if value < threshold:
        st.caption(f"The risk is already below the threshold of {said.said(threshold)}.")
    with st.form("counterfactual", border=True):
        left, right = st.columns([1, 3])
        with left:
            goal = _goal(f"{entry.id}-{case.patient}", said, value, threshold)
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
    if goal.reached(value):
        st.info(
            plain(f"The {said.name} is {said.said(value)} already."), icon=":material/check_circle:"
        )
        return
    with panel(), st.spinner(plain(f"Looking for patients like this one with {goal.words}")):
        found = patients.counterfactuals(
            entry.id, case.cells, label, goal.value, chosen, patient=case.asked,
            at_least=goal.at_least,
        )  # fmt: skip
        _shown(entry, found, goal)


def _goal(key: str, said: Quantity, value: float, threshold: float) -> Goal:
    """A risk is to fall; a number may be wanted lower or higher."""
    typed = said.typed
    way = LOWER
    if not said.of_hundred:
        way = st.segmented_control(
            "Direction", [LOWER, HIGHER], default=LOWER, required=True, key=f"way-to-{key}",
            label_visibility="collapsed",
        ) or LOWER  # fmt: skip
    wanted = st.number_input(
        typed.title, typed.low, typed.high, said.goal(threshold, value), typed.step,
        format=typed.format, key=f"goal-{key}", help=typed.help or None,
    )  # fmt: skip
    return Goal(wanted / typed.scale, way == HIGHER, said)


def _shown(entry: ModelEntry, found: tuple[Counterfactual, ...], goal: Goal) -> None:
    """What was found."""
    said = goal.said
    if not found or not found[0].reached:
        way = "highest" if goal.at_least else "lowest"
        nearest = f" The {way} found is {said.said(found[0].value)}." if found else ""
        st.info(
            plain(
                f"No patient like this one has {goal.words} with four changes or fewer."
                f"{nearest} Let more inputs differ, or choose a nearer goal."
            ),
            icon=":material/search_off:",
        )
        if not found:
            return
    for number, one in enumerate(found):
        _one(entry, one, number, said)
    nearest = f"The nearest patients with a predicted {goal.words}. " if found[0].reached else ""
    st.caption(
        plain(
            f"{nearest}The model does not say that bringing about these changes "
            "would change the outcome."
        )
    )


def _one(entry: ModelEntry, found: Counterfactual, number: int, said: Quantity) -> None:
    variables = {v.name: v for v in models.inputs(entry.id)}
    with st.container(border=True):
        changes = count(len(found.changes), "change")
        st.markdown(
            f"**{changes}: {plain(f'{said.name} {said.said(found.value)}')}** "
            f"(interval {plain(said.span(found.low, found.high))})"
        )
        rows = [_row(variables[c.variable], c.before, c.after) for c in found.changes]
        tables.show(pd.DataFrame(rows), f"counterfactual-{number}", "Smallest change")
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
