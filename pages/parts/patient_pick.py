"""Whose risk: a patient of the cohort, or values typed into a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.parts import state
from pages.parts.search import FOUND, search_box
from pages.parts.words import labelled, plain, short
from pmed_core.modalities import modality_of
from pmed_core.service import cohorts, links, models
from pmed_core.service.entries import ModelEntry
from pmed_core.variable import Kind, Variable
from pmed_core.work import Cell

FIRST_INPUTS = 20
FITTING = 32
FROM_COHORT, TYPED = "Choose from cohort", "Enter values"


@dataclass(frozen=True)
class Case:
    """Somebody to be consulted about.

    Attributes:
        patient: of the model's own cohort; empty for typed values.
        known_as: the training patient whose values were typed, empty for nobody.
    """

    cells: Mapping[str, Cell]
    patient: str = ""
    known_as: str = ""

    @property
    def asked(self) -> str:
        """Whose networks are asked, also once some cells are changed."""
        return self.patient or self.known_as


def way(entry: ModelEntry) -> str:
    """A patient of the cohort, or typed values."""
    if at_hand(entry):
        return st.segmented_control(
            "Whose risk", [FROM_COHORT, TYPED], default=FROM_COHORT, required=True,
            key=f"way-{entry.id}", label_visibility="collapsed", wrap=True,
        ) or FROM_COHORT  # fmt: skip
    st.caption("The cohort of this model is not here, so values are typed in.")
    return TYPED


def at_hand(entry: ModelEntry) -> bool:
    """The patients it was trained on are here; not so for an imported model."""
    return cohorts.here(entry.cohort)


def _follow_link(entry: ModelEntry) -> None:
    """Choose the patient that the address names."""
    token = state.followed_link()
    if not token:
        return
    if patient := links.linked(entry.cohort, token):
        state.turn_to(patient, search_key(entry))
    else:
        one = entry.modality.listed
        st.info(f"The {one} of this link is not in this cohort.", icon=":material/link_off:")
        state.show_link("")


def search_key(entry: ModelEntry) -> str:
    """Of the box in which a patient is found."""
    return f"patient-{entry.id}"


def from_cohort(entry: ModelEntry) -> Case | None:
    """A box that searches: it works with 100,000 patients."""
    _follow_link(entry)
    picked = search_box(
        entry.modality.listed.capitalize(),
        lambda text, limit: cohorts.find_patients(entry.cohort, text, limit),
        state.patient(), search_key(entry),
    )  # fmt: skip
    if picked is None:
        return None
    state.choose_patient(picked)
    state.show_link(links.link(entry.cohort, picked))
    return Case(cohorts.cells(entry.cohort, picked), picked)


def typed(entry: ModelEntry) -> Case | None:
    """A form that knows units, ranges and values; everything may stay unknown."""
    variables = models.inputs(entry.id)
    first = variables
    if len(variables) > FITTING:
        first = [*variables[:FIRST_INPUTS], *_more(entry, variables[FIRST_INPUTS:])]
    with st.form(f"typed-{entry.id}"):
        st.caption("Leave unknown values blank. The model handles missing values.")
        cells: dict[str, Cell] = dict.fromkeys((v.name for v in variables), None)
        for start in range(0, len(first), 4):
            for column, variable in zip(st.columns(4), first[start : start + 4], strict=False):
                with column:
                    cells[variable.name] = cell_input(variable, f"cell-{entry.id}-{variable.name}")
        st.form_submit_button(
            entry.outcome.quantities[0].estimate, type="primary", icon=":material/calculate:"
        )
    if all(cell is None for cell in cells.values()):
        st.info("Type at least one value.", icon=":material/edit:")
        return None
    return Case(cells)


def _more(entry: ModelEntry, rest: Sequence[Variable]) -> list[Variable]:
    """Some of the other inputs, found by name."""
    text = st.text_input(
        f"Find one of {len(rest):,} further inputs", placeholder="part of its name",
        icon=":material/search:", key=f"more-text-{entry.id}", width=420,
    )  # fmt: skip
    names = [v.name for v in rest if text.strip().casefold() in v.name.casefold()][:FOUND]
    key = f"more-{entry.id}"
    kept = state.kept_list(key)
    picked = st.multiselect(
        "Inputs to add to the form", [*kept, *(n for n in names if n not in kept)],
        format_func=short, key=key, placeholder="None added",
    )  # fmt: skip
    return [v for v in rest if v.name in picked]


def cell_input(variable: Variable, key: str) -> Cell:
    """One value, or None for not known."""
    label = labelled(variable)
    if variable.kind in (Kind.CATEGORY, Kind.YES_NO):
        return st.selectbox(
            label, variable.categories, index=None, placeholder="not known", key=key,
            format_func=lambda code: short(variable.shown(code)),
        )  # fmt: skip
    if form := modality_of([variable]).typed:
        return st.text_input(label, placeholder=form, key=key).strip() or None
    about = None
    if variable.range:
        low, high = (variable.coded(end) for end in variable.range)
        about = plain(f"Seen in training: {low} to {high}")
    return st.number_input(
        label, value=None, placeholder="not known", key=key, help=about, format=None, step=None
    )
