"""A table, or scans, before they are taken: the first rows as they were read, and the account."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.parts import state
from pages.parts.account import OF_THE_FILE, account
from pages.parts.errors import panel
from pages.parts.scan_rows import PICTURE, PICTURE_HEIGHT, address
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
        f"{_size(found)}. Check the first rows and what was decided. "
        f"Nothing is kept until you use {_this(found)}."
    )
    with st.container(horizontal=True):
        if st.button(f"Use {_this(found)}", type="primary", icon=":material/check:"):
            _take(waiting)
        if st.button("Cancel", icon=":material/close:"):
            uploads.forget(waiting.file.source)
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


def _this(found: Inspection) -> str:
    return "these scans" if found.sketches else "this table"


def _size(found: Inspection) -> str:
    """How much there is, in words."""
    if found.sketches:
        return plain("; ".join([count(found.rows, "scan"), *found.holds]))
    return f"{count(found.rows, 'row')}, {count(found.width, 'column')}"


def _of_the_file(waiting: state.Pending) -> dict[str, str]:
    """Sheet, header, encoding and separator, where there is a choice -> what is chosen instead."""
    decided = {}
    reading = () if waiting.inspection.sketches else waiting.inspection.reading
    found = {one.key: one for one in reading if one.key in OF_THE_FILE}
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
            label, decision.value, key=key, width=180, placeholder="automatic"
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
    shown = table.rename(columns=str)
    pictures = [address(uploads.sketch(one)) for one in found.sketches]
    if pictures:
        shown.insert(0, "picture", pictures)
    st.dataframe(
        shown, hide_index=True, column_config=titles | {"picture": PICTURE}, key="first-rows",
        alt="First rows as they were read", placeholder="–", height="content",
        row_height=PICTURE_HEIGHT if pictures else None,
    )  # fmt: skip
    st.caption(_which(found))


def _which(found: Inspection) -> str:
    """Which rows and columns are shown, and which are not kept."""
    if found.sketches:
        n = len(found.cells)
        lines = "; a light blue line is the outline that was drawn" * any(
            one.drawn is not None for one in found.sketches
        )
        parts = [f"All {n} scans{lines}" if n == found.rows else f"{n} scans of all labels{lines}"]
    else:
        parts = [f"The first {len(found.cells)} rows"]
    if found.width > len(found.columns):
        parts.append(f"of the first {len(found.columns)} columns")
    if found.masked:
        parts.append(
            f"; {count(len(found.masked), 'column')} that would identify a patient "
            f"{'is' if len(found.masked) == 1 else 'are'} not kept"
        )
    return " ".join(parts).replace(" ;", ";") + "."


def _account(waiting: state.Pending) -> dict[str, str]:
    found = waiting.inspection
    # Beside scans there may be a table of labels; what is decided about it is no more than that.
    elsewhere = {} if found.sketches else OF_THE_FILE
    rest = tuple(one for one in found.reading if one.key not in elsewhere or not one.proved)
    st.markdown("**How it was read**")
    for sentence in found.notes:
        st.caption(f":material/info: {plain(sentence)}")
    if not rest:
        st.caption("Nothing had to be decided about its cells.")
    return account(rest, waiting.choices, {}, f"pending-{waiting.times}", elsewhere)


def _read_again(waiting: state.Pending, decided: dict[str, str]) -> None:
    choices = {k: v for k, v in (waiting.choices | decided).items() if v}
    with panel():
        with st.spinner("Reading it again"):
            file = replace(waiting.file, choices=tuple(sorted(choices.items())))
            found = uploads.inspect_again(file)
        state.wait_for(state.Pending(file, found, waiting.times + 1))
        st.rerun()


def _take(waiting: state.Pending) -> None:
    with panel():
        with st.spinner(f"Reading {plain(short(waiting.file.name))}"):
            before = {entry.address for entry in cohorts.cohorts()}
            taken = cohorts.cohort(cohorts.take(waiting.file))
        state.wait_for(None)
        state.choose("cohort", taken.address)
        if taken.address in before:
            this = "These scans are" if waiting.inspection.sketches else "This table is"
            they = "they are shown with their" if "are" in this else "it is shown with its"
            state.say(f"{this} here already; {they} changes.")
        st.rerun()
