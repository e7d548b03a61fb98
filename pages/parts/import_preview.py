"""A table before it is taken: its first rows as they were read, and the account of reading."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.parts import state
from pages.parts.account import OF_THE_FILE, account
from pages.parts.errors import panel
from pages.parts.words import count, plain, short
from pmed_core.inspection import Inspection
from pmed_core.reading import Decision
from pmed_core.service import cohorts, uploads

NOT_KEPT, HEADER = "not kept", "header"


def import_preview(waiting: state.Pending) -> None:
    """What would be taken, what may be decided otherwise, and the two ways on."""
    found = waiting.inspection
    st.subheader(f"{plain(short(found.name))} as it was read", anchor=False)
    st.caption(
        f"{count(found.rows, 'row')}, {count(found.width, 'column')}. Check the first rows and "
        "what was decided. Nothing is kept until you use this table."
    )
    with st.container(horizontal=True):
        if st.button("Use this table", type="primary", icon=":material/check:"):
            _take(waiting)
        if st.button("Cancel", icon=":material/close:"):
            uploads.forget(waiting.source)
            state.wait_for(None)
            st.rerun()
    left, right = st.columns([3, 2], gap="medium")
    with left:
        decided = _of_the_file(waiting)
        _first_rows(found)
    with right:
        decided |= _account(waiting)
    if decided:
        _read_again(waiting, decided)


def _of_the_file(waiting: state.Pending) -> dict[str, str]:
    """Sheet, header, encoding and separator, where there is a choice -> what is chosen instead."""
    decided = {}
    found = {one.key: one for one in waiting.inspection.reading if one.key in OF_THE_FILE}
    if found and HEADER not in found:
        found[HEADER] = Decision(HEADER, waiting.choices.get(HEADER, ""), "")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for decision in found.values():
            value = _box(decision, f"file-{waiting.times}-{decision.key}")
            if value != decision.value:
                decided[decision.key] = value
    return decided


def _box(decision: Decision, key: str) -> str:
    label = OF_THE_FILE[decision.key]
    if not decision.options:
        return st.text_input(
            label, decision.value, key=key, width=180, placeholder="found by itself"
        ).strip()
    options = list(dict.fromkeys([decision.value, *decision.options]))
    return str(st.selectbox(label, options, key=key, width=180, format_func=short))


def _first_rows(found: Inspection) -> None:
    table = pd.DataFrame(found.cells, columns=pd.RangeIndex(len(found.columns)), dtype="str")
    titles = {}
    for place, (name, kind) in enumerate(zip(found.columns, found.kinds, strict=True)):
        if name in found.masked:
            table[place] = NOT_KEPT
        titles[str(place)] = st.column_config.TextColumn(f"{short(name, 40)} · {kind}")
    st.dataframe(
        table.rename(columns=str), hide_index=True, column_config=titles, key="first-rows",
        alt="First rows of the table as they were read", placeholder="–", height="content",
    )  # fmt: skip
    parts = [f"The first {len(found.cells)} rows"]
    if found.width > len(found.columns):
        parts.append(f"of the first {len(found.columns)} columns")
    if found.masked:
        parts.append(
            f"; {count(len(found.masked), 'column')} that would say who somebody is "
            f"{'is' if len(found.masked) == 1 else 'are'} not kept"
        )
    st.caption(" ".join(parts).replace(" ;", ";") + ".")


def _account(waiting: state.Pending) -> dict[str, str]:
    found = waiting.inspection
    rest = tuple(one for one in found.reading if one.key not in OF_THE_FILE or not one.proved)
    st.markdown("**How it was read**")
    for sentence in found.notes:
        st.caption(f":material/info: {plain(sentence)}")
    if not rest:
        st.caption("Nothing had to be decided about its cells.")
    return account(rest, waiting.choices, {}, f"pending-{waiting.times}", OF_THE_FILE)


def _read_again(waiting: state.Pending, decided: dict[str, str]) -> None:
    choices = {k: v for k, v in (waiting.choices | decided).items() if v}
    with panel():
        with st.spinner("Reading it again"):
            found = uploads.inspect_again(waiting.source, waiting.name, choices)
        if found is not None:
            again = replace(waiting, inspection=found, choices=choices, times=waiting.times + 1)
            state.wait_for(again)
        st.rerun()


def _take(waiting: state.Pending) -> None:
    with panel():
        with st.spinner(f"Reading {plain(short(waiting.name))}"):
            before = {entry.address for entry in cohorts.cohorts()}
            taken = cohorts.cohort(cohorts.take(waiting.source, waiting.name, waiting.choices))
        state.wait_for(None)
        state.choose("cohort", taken.address)
        if taken.address in before:
            state.say("This table is here already; it is shown with its changes.")
        st.rerun()
