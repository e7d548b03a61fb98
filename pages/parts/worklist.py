"""All patients or scans of a cohort: ordered, filtered, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts import state, tables
from pages.parts.words import count, percent, plain, short
from pmed_core.figures.standing import standing
from pmed_core.quantity import Quantity
from pmed_core.service.entries import ModelEntry
from pmed_core.service.worklist import CODE, HAPPENED, OUTSIDE, VALUE

LISTED, HEIGHT = 1000, 460
UNLIKE, PREDICTED = "Unlike the training data", "With a held-out prediction"
OUTCOMES_AT_MOST = 8
MINIMUM = "Minimum risk"
FILE = "As in the file"
ORDERS = {"Highest first": False, "Lowest first": True, FILE: None}
EVENT_OR_NONE = {"With the event": 1, "Without the event": 0}
Below = Callable[[tuple[str, ...]], None] | None
"""Draws what is done with the listed ids."""
CERTAIN = (0.1, 99.9)
"""In per cent: no risk is told as nearer to 0 or 100."""


def case_list(
    entry: ModelEntry, label: str, every: pd.DataFrame, box: str, below: Below = None
) -> None:
    """The patients or scans, and who comes before and after.

    ``every``: as of ``service.worklist``; its first column says what a row is. ``box``: key of the
    search box beside it. ``below``: what can be done with all that are listed.
    """
    said = entry.outcome.quantities[entry.outcome.labels.index(label)]
    one = str(every.columns[0])
    told = standing(entry.evaluation, label).tells and bool(every[VALUE].notna().any())
    with st.container(horizontal=True):
        ways = _ways(every, entry, said if told else None)
        way = _picked("Show", list(ways), f"worklist-show-{entry.id}")
        order = _picked("Order", list(ORDERS), f"worklist-order-{entry.id}") if told else FILE
    found: pd.DataFrame = every.loc[_from(entry, every) if way == MINIMUM else ways[way]]
    if ORDERS[order] is not None:
        found = found.sort_values(VALUE, ascending=bool(ORDERS[order]), kind="stable")
    if not len(found):
        st.caption(f"No {one} is like that. Show all {one}s.")
        return
    shown = found.head(LISTED)
    cases = tuple(shown[one])
    here = cases.index(state.patient()) if state.patient() in cases else None
    _one_by_one(cases, here, box)
    if of := _of_what(entry, label, said if told else None):
        st.caption(plain(of))
    _table(shown, entry, (said, told), (here, box))
    if len(found) < len(every) or len(shown) < len(found):
        many = f"{len(found):,} of {count(len(every), one)}"
        if len(found) == len(every):
            st.caption(f"The first {LISTED:,} of {count(len(every), one)}.")
        else:
            more = f", the first {LISTED:,} are listed" if len(shown) < len(found) else ""
            st.caption(f"{many}{more}.")
    if entry.rows > len(every):
        st.caption(f"Of a {one} with several rows, the first of them.")
    if below is not None:
        below(cases)


def _of_what(entry: ModelEntry, label: str, said: Quantity | None) -> str:
    """What the columns are of, where their headings have no room for it."""
    outcome, parts = entry.outcome, []
    told = said.title if said else "Observed"
    if said and said.of_patients:
        told += ", patients of 100"
    if not outcome.of_one_event:
        parts += [f"{told}: {short(outcome.shown(label), 60)}"]
    elif said and said.of_patients:
        parts += [told]
    parts += [f"times in {outcome.unit}"] if outcome.in_time and outcome.unit else []
    return "; ".join(parts)


def _ways(every: pd.DataFrame, entry: ModelEntry, said: Quantity | None) -> dict[str, Any]:
    """What may be listed -> its rows; ``said``: what is told of each, None where nothing is."""
    outcomes = sorted(every[HAPPENED].unique())
    ways: dict[str, Any] = {f"All {every.columns[0]}s": slice(None)}
    if said and every[VALUE].isna().any():
        ways[PREDICTED] = every[VALUE].notna()
    if entry.alert is not None and said:
        ways[f"Risk of {percent(entry.alert)} or more"] = every[VALUE] >= entry.alert
    if said and said.of_hundred:
        ways[MINIMUM] = slice(None)
    if 1 < len(outcomes) <= OUTCOMES_AT_MOST:
        ways |= {f"Observed: {short(one, 40)}": every[HAPPENED] == one for one in outcomes}
    elif CODE in every and every[CODE].nunique() == len(EVENT_OR_NONE):
        # Each has another time.
        ways |= {one: every[CODE] == code for one, code in EVENT_OR_NONE.items()}
    if every[OUTSIDE].any():
        ways[UNLIKE] = every[OUTSIDE]
    return ways


def _picked(label: str, options: list[str], key: str) -> str:
    """One of several; where there is but one, nobody is asked."""
    return st.selectbox(label, options, key=key) if len(options) > 1 else options[0]


def _from(entry: ModelEntry, every: pd.DataFrame) -> pd.Series:
    """Those of at least the risk that is typed, at first that from which on there is an alert."""
    low, high = CERTAIN
    first = 50.0 if entry.alert is None else min(max(round(100 * entry.alert, 1), low), high)
    least = st.number_input(
        "Minimum risk (%)", low, high, first, 5.0, "%.1f", key=f"worklist-least-{entry.id}"
    )
    found: pd.Series = every[VALUE] >= least / 100
    return found


def _one_by_one(patients: tuple[str, ...], here: int | None, box: str) -> None:
    """Previous and next, also by key."""
    before = None if here is None else here - 1
    after = 0 if here is None else here + 1
    with st.container(horizontal=True, gap="small"):
        for name, place, key in (("Previous", before, "Alt+Up"), ("Next", after, "Alt+Down")):
            other = patients[place] if place is not None and 0 <= place < len(patients) else ""
            st.button(
                name, key=f"worklist-{name}", shortcut=key, disabled=not other,
                on_click=state.turn_to, args=(other, box),
            )  # fmt: skip


def _table(
    shown: pd.DataFrame, entry: ModelEntry, said: tuple[Quantity, bool], at: tuple[int | None, str]
) -> None:
    """The list itself; the picked row is the patient beside it."""
    (quantity, told), (here, box) = said, at
    key, one = f"worklist-{entry.id}", str(shown.columns[0])
    wanted = [one, *([VALUE] if told else []), HAPPENED]
    wanted += [OUTSIDE] if shown[OUTSIDE].any() else []
    values, predicted, form = _as_numbers(shown[VALUE], quantity)
    what, unit = "Observed", entry.outcome.unit
    if entry.outcome.in_time and unit:
        # In the name, for a file of them: beside each it would be cut off.
        what = f"Observed ({unit})"
        shown = shown.assign(**{HAPPENED: shown[HAPPENED].str.removesuffix(f" {unit}")})
    columns = {one: one.capitalize(), VALUE: predicted, HAPPENED: what, OUTSIDE: "Unlike"}
    state.point_at(f"table-{key}", here)
    tables.show(
        shown.assign(value=values)[wanted].rename(columns=columns), key,
        f"{one.capitalize()}s of the cohort",
        {
            one.capitalize(): st.column_config.TextColumn(pinned=True),
            predicted: st.column_config.NumberColumn(
                quantity.title.partition(" ")[0] if quantity.of_patients else quantity.title,
                format=form, width="small",
                help=f"{plain(predicted)}. By the networks that never saw the {one}.",
            ),
            what: st.column_config.TextColumn("Observed"),
            "Unlike": st.column_config.CheckboxColumn(help="Unlike the training data."),
        },
        selection_mode="single-row", height=HEIGHT,
        on_select=lambda: state.turned(f"table-{key}", tuple(shown[one]), box),
    )  # fmt: skip


def _as_numbers(values: pd.Series, quantity: Quantity) -> tuple[pd.Series, str, str]:
    """Numbers that a table can sort, what they are, also in a file of them, and their format."""
    if quantity.of_patients:
        return 100 * values, f"Predicted {quantity.name}, patients of 100", "%.1f"
    if not quantity.of_hundred:
        return values, f"Predicted {quantity.axis}", f"%.{quantity.digits - 1}f"
    low, high = CERTAIN
    return (100 * values).clip(low, high), f"Predicted %, from {low} to {high}", "%.1f %%"
