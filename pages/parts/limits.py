"""Which inputs may change, in which direction and how far; kept with the model."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.words import HIGHER, LOWER, labelled, plain, short
from pmed_core.accounts import Right
from pmed_core.figures.advice import WAYS, limits_in_words
from pmed_core.limits import INPUTS_AT_MOST, Limit, Limits, Way, reachable
from pmed_core.service import access, models
from pmed_core.service.entries import ModelEntry
from pmed_core.variable import Kind, Variable


def limits_view(entry: ModelEntry, label: str) -> Limits:
    """The limits in use, which can be opened and changed -> them."""
    limits = models.limits(entry.id)
    variables = models.inputs(entry.id)
    said = plain(limits_in_words(limits, variables))
    st.caption(f":material/tune: May change: {said}.")
    if not access.allowed(Right.BUILD):
        return limits
    movable = [v for v in variables if v.may_take]
    with st.expander(
        "Directions and limits", icon=":material/tune:", key=f"limits-{entry.id}",
        expanded=not limits.each,
    ):  # fmt: skip
        chosen = _chosen(entry, movable, limits)
        with st.form(f"limits-form-{entry.id}", border=False):
            higher = _wanted(entry, label, limits)
            each = tuple(_limit(entry, v, limits.of(v.name)) for v in chosen)
            if st.form_submit_button("Save for this model", icon=":material/save:"):
                models.save_limits(entry.id, Limits(each, higher))
                state.say("The directions and limits are saved with the model.")
                st.rerun()
    return limits


def _chosen(entry: ModelEntry, movable: list[Variable], limits: Limits) -> list[Variable]:
    by_name = {v.name: v for v in movable}
    names = st.multiselect(
        "Inputs that may change", list(by_name), [n for n in limits.names if n in by_name],
        max_selections=INPUTS_AT_MOST, format_func=lambda name: short(name, 40),
        key=f"may-change-{entry.id}", placeholder="Choose inputs",
        help="At first those that are marked as changeable under Cohorts, Variables.",
    )  # fmt: skip
    return [by_name[name] for name in names]


def _wanted(entry: ModelEntry, label: str, limits: Limits) -> tuple[str, ...]:
    """The labels that are wanted higher, with this one as it is chosen here."""
    said = entry.outcome.quantities[entry.outcome.labels.index(label)]
    now = HIGHER if label in limits.higher else LOWER
    wanted = st.segmented_control(
        f"{plain(said.title)} is wanted", [LOWER, HIGHER], default=now, required=True,
        key=f"wanted-{entry.id}-{label}",
    )  # fmt: skip
    others = tuple(one for one in limits.higher if one != label)
    return (*others, label) if wanted == HIGHER else others


def _limit(entry: ModelEntry, variable: Variable, limit: Limit) -> Limit:
    key = f"limit-{entry.id}-{variable.name}"
    if variable.kind is not Kind.NUMBER:
        some = len(reachable(variable)) < len(variable.categories)
        to = st.multiselect(
            f"{labelled(variable)} may become", list(variable.categories), list(limit.to),
            format_func=lambda code: short(variable.shown(code)), key=f"{key}-to",
            placeholder="Any but what says 'never'" if some else "Any of its values",
        )  # fmt: skip
        return Limit(variable.name, to=tuple(to))
    way, percent, low, high = st.columns(4)
    ways: list[Way] = list(WAYS)
    with way:
        # The name stands above the direction alone, so that a row reads from left to right.
        direction = st.selectbox(
            labelled(variable), ways, ways.index(limit.way), format_func=WAYS.__getitem__,
            key=f"{key}-way",
        )  # fmt: skip
    with percent:
        by = st.number_input(
            "By at most (%)", 0.1, 1000.0, limit.percent, key=f"{key}-percent",
            placeholder="no limit",
        )  # fmt: skip
    with low:
        least = st.number_input(
            "Not below", value=limit.low, key=f"{key}-low", placeholder="no limit"
        )
    with high:
        most = st.number_input(
            "Not above", value=limit.high, key=f"{key}-high", placeholder="no limit"
        )
    return Limit(variable.name, direction or "either", by, least, most)
