"""What if: move what could be changed, and see the risk move."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import streamlit as st

from pages.parts import plots
from pages.parts.errors import refreshed
from pages.parts.patient_pick import Case, cell_input
from pages.parts.words import labelled, plain, short
from pmed_core.figures import wording
from pmed_core.quantity import Quantity
from pmed_core.service import models, patients
from pmed_core.service.entries import ModelEntry
from pmed_core.variable import Kind, Variable
from pmed_core.work import Cell, Consultation

SLIDERS, AT_FIRST = 6, 3


def what_if(entry: ModelEntry, case: Case, before: Consultation, label: str) -> None:
    """Sliders of the changeable inputs; only this part is drawn again when one moves."""
    movable = [v for v in models.inputs(entry.id) if v.may_take]
    st.caption(
        "How the prediction differs for a patient with other values. It does not mean that "
        "changing them would change the outcome."
    )
    if chosen := _to_move(movable, entry.id):
        refreshed(lambda: _sliders(entry, case, before, (label, chosen)))


def _to_move(movable: Sequence[Variable], key: str) -> list[Variable]:
    """The inputs that get a control: those marked as changeable at first, else the leading ones."""
    marked = [v for v in movable if v.changeable] or list(movable[:AT_FIRST])
    by_name = {v.name: v for v in movable}
    chosen = st.multiselect(
        "Inputs to move", list(by_name), [v.name for v in marked[:SLIDERS]],
        max_selections=SLIDERS, format_func=lambda name: short(name, 40), key=f"to-move-{key}",
        placeholder="Choose inputs", help="At first those that are marked as changeable under "
        "Cohorts, Variables; where none is, the first ones.",
    )  # fmt: skip
    return [by_name[name] for name in chosen]


def _sliders(
    entry: ModelEntry, case: Case, before: Consultation, about: tuple[str, list[Variable]]
) -> None:
    label, variables = about
    key = f"{entry.id}-{case.patient}"
    changed: dict[str, Cell] = {}
    for start in range(0, len(variables), 3):
        for column, variable in zip(st.columns(3), variables[start : start + 3], strict=False):
            with column:
                cell, moved = _moved(variable, case.cells.get(variable.name), key)
            if moved:
                changed[variable.name] = cell
    if not changed:
        st.caption("Change a value to see the prediction change.")
        return
    _effect(entry, case, before, (label, changed))


def _moved(variable: Variable, cell: Cell, key: str) -> tuple[Cell, bool]:
    """The value of the control, and whether it differs from the patient's."""
    label, key = labelled(variable), f"if-{key}-{variable.name}"
    if cell is None:
        # A slider always stands somewhere: it would show a value that nobody measured.
        given = cell_input(variable, key)
        return given, given is not None
    if variable.kind is not Kind.NUMBER:
        picked = st.selectbox(
            label, variable.categories, key=key, placeholder="not known",
            format_func=lambda code: short(variable.shown(code)),
            index=variable.categories.index(str(cell)) if cell in variable.categories else None,
        )  # fmt: skip
        return picked, picked != cell
    assert variable.range is not None  # noqa: S101 - it may take others
    low, high = variable.range
    whole = low.is_integer() and high.is_integer() and high - low >= 10
    step = 1.0 if whole else (high - low) / 100
    start = min(max(float(cell), low), high)
    # One place more than a step moves, so that the value that is shown is the one that is asked.
    places = 0 if whole else max(0, 1 - math.floor(math.log10(step)))
    value = st.slider(
        label, low, high, start, step, key=key, format=f"%.{places}f",
        help=f"Now: {plain(wording.cell(cell, variable))}",
    )  # fmt: skip
    return value, abs(value - start) > 1e-12


def _effect(
    entry: ModelEntry, case: Case, before: Consultation, about: tuple[str, Mapping[str, Cell]]
) -> None:
    """The risk before and after; the reasons on demand."""
    label, changed = about
    cells = dict(case.cells) | dict(changed)
    after = patients.consult(entry.id, cells, case.asked)
    k = before.labels.index(label)
    if after.outside:
        st.warning(
            f"{wording.OUTSIDE}: {plain(' '.join(after.outside))}",
            icon=":material/wrong_location:",
        )
        return
    before_and_after(before, after, k, entry.outcome.quantities[k])
    if st.toggle("Explain this answer too", key=f"if-why-{entry.id}"):
        with st.spinner("Explaining"):
            found = patients.explain(entry.id, cells, label, case.asked)
            plots.waterfall(found, entry.outcome.event(label), "what-if")


def before_and_after(before: Consultation, after: Consultation, k: int, said: Quantity) -> None:
    """What was said, and what is said now."""
    with st.container(horizontal=True):
        st.metric(f"{plain(said.title)} now", said.said(before.value[k]), border=True)
        st.metric(
            f"{plain(said.title)} with these values", said.said(after.value[k]), border=True,
            delta=said.difference(before.value[k], after.value[k]), delta_color="off",
            delta_arrow="off",
        )  # fmt: skip
        span = said.span(after.low[k], after.high[k])
        st.metric("Its interval", span, border=True)
