"""The smallest change that brings a patient's prediction to a goal."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.parts import tables
from pages.parts.errors import panel
from pages.parts.patient_pick import Case
from pages.parts.words import count, plain, titled
from pmed_core.advice import Counterfactual
from pmed_core.figures import wording
from pmed_core.limits import Limits
from pmed_core.quantity import Quantity
from pmed_core.service import models, patients
from pmed_core.service.entries import ModelEntry
from pmed_core.variable import Variable
from pmed_core.work import Cell, Consultation


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


def goal_form(
    entry: ModelEntry, case: Case, before: Consultation, about: tuple[str, Limits]
) -> None:
    """Ask for a goal; the nearest patients who reach it within the limits are shown below."""
    label, limits = about
    k = before.labels.index(label)
    value, said = before.value[k], entry.outcome.quantities[k]
    at_least, threshold = label in limits.higher, entry.alert or 0.0
    if value < threshold and not at_least:
        st.caption(f"The risk is already below the threshold of {said.said(threshold)}.")
    with st.form("counterfactual", border=False):
        first = said.goal(threshold, value, at_least)
        wanted = _wanted(f"{entry.id}-{case.patient}-{at_least}", said, first)
        asked = st.form_submit_button("Find the smallest change", icon=":material/search:")
    if not asked:
        return
    goal = Goal(wanted, at_least, said)
    if goal.reached(value):
        st.info(
            plain(f"The {said.name} is {said.said(value)} already."), icon=":material/check_circle:"
        )
        return
    with panel(), st.spinner(plain(f"Looking for patients like this one with {goal.words}")):
        found = patients.counterfactuals(
            entry.id, case.cells, label, goal.value, limits, case.asked
        )
        _shown(entry, found, goal)


def _wanted(key: str, said: Quantity, first: float) -> float:
    """The goal that was typed, in the outcome's unit; ``first``: as it is typed at first."""
    typed = said.typed
    wanted = st.number_input(
        typed.title, typed.low, typed.high, first, typed.step,
        format=typed.format, key=f"goal-{key}", help=typed.help or None, width=240,
    )  # fmt: skip
    return wanted / typed.scale


def _shown(entry: ModelEntry, found: tuple[Counterfactual, ...], goal: Goal) -> None:
    """What was found."""
    said = goal.said
    if not found or not found[0].reached:
        way = "highest" if goal.at_least else "lowest"
        nearest = f" The {way} found is {said.said(found[0].value)}." if found else ""
        st.info(
            plain(
                f"No patient like this one has {goal.words} with four changes or fewer."
                f"{nearest} Let more inputs change, widen their limits, or choose a nearer goal."
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
