"""Predict the patients of a file: all at once, to be taken away as a table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts import tables
from pages.parts.downloads import download
from pages.parts.errors import refreshed
from pages.parts.file_form import Button, file_form
from pages.parts.standing import tells, trust_badges, trust_caption
from pages.parts.words import count, percent, plain, short
from pmed_core.figures import wording
from pmed_core.figures.standing import shown_labels, withheld
from pmed_core.service import models
from pmed_core.service.entries import ModelEntry
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.work import Predicted

BUTTON = Button("Predict", ":material/calculate:", "Predicting")
AS_IN_FILE = "As in the file"
UNLIKE = "unlike training"


def new_patients_form(entry: ModelEntry) -> None:
    """Upload a file with the model's inputs; see what is said of each patient."""
    labels = entry.outcome.labels
    if shown_labels(entry.evaluation, labels) or tells(entry.evaluation, entry.modality.one):
        found = file_form(entry, False, BUTTON, models.predict)
        if found is not None:
            refreshed(lambda: _predicted(entry, found))


def _predicted(entry: ModelEntry, found: Predicted) -> None:
    """The numbers of all, and which are not to be relied upon."""
    trust_badges(entry.evaluation, "new", title=f"New {entry.modality.one}s")
    trust_caption(entry.evaluation, "Predicted by all networks together.")
    for note in (*withheld(entry.evaluation, entry.outcome.labels), *found.notes):
        st.warning(plain(note), icon=":material/warning:")
    one, strange = entry.modality.one, sum(found.outside)
    if strange:
        st.warning(
            f"**{count(strange, one)} of {len(found.outside):,}: {wording.OUTSIDE}.** Do not rely "
            "on their numbers; they are marked in the table.", icon=":material/wrong_location:",
        )  # fmt: skip
    if found.reading:
        _reading(found.reading, entry.id)
    table = pd.DataFrame(found.columns)
    marks = [_free(table, UNLIKE)]
    table[marks[0]] = list(found.outside)
    if found.alerts and entry.alert is not None:
        name = _free(table, f"at or above {percent(entry.alert)}")
        # No alert is raised, or spared, by a number that is not to be relied upon.
        pairs = zip(found.alerts, found.outside, strict=True)
        table[name] = [None if outside else alert for alert, outside in pairs]
        marks.append(name)
        _alerts(table[name].eq(True).sum(), len(table), entry.alert)
    ends = any(str(name).startswith("low") for name in found.columns)
    interval = f"; low and high: {found.interval}" * ends
    st.caption(
        plain(
            f"{count(len(table), one)}{interval}. Nothing of it is kept: download it now. "
            f"{RESEARCH_ONLY}"
        )
    )
    ranked = _ranked(table, marks, entry.id)
    tables.show(ranked, f"predictions-{entry.id}", f"Predictions of new {one}s", height=460)
    if writes := entry.modality.writes if found.blocks else "":
        download(
            f"Download as {writes.upper()}", lambda: "".join(found.blocks[k] for k in ranked.index),
            (f"predictions-{entry.id}.{writes}", "text/plain"), f"{writes}-{entry.id}",
            icon=":material/download:", type="tertiary",
        )  # fmt: skip


def _reading(sentences: Sequence[str], key: str) -> None:
    """How the file was read: a number that was misread is answered all the same."""
    with st.expander("How the file was read", icon=":material/menu_book:", key=f"read-{key}"):
        for sentence in sentences:
            st.caption(plain(sentence))


def _ranked(table: pd.DataFrame, marks: list[str], key: str) -> pd.DataFrame:
    """The rows that are asked for, the highest first; their index says where they stood.

    ``marks``: columns of yes and no by which rows are filtered.
    """
    numbers = [
        str(name) for name in table.columns[1:]
        if pd.api.types.is_float_dtype(table[name]) and not str(name).startswith(("low", "high"))
    ]  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = st.selectbox(
            "Order", [AS_IN_FILE, *numbers], min(1, len(numbers)), key=f"rank-{key}", width=320,
            format_func=lambda name: name if name == AS_IN_FILE else f"Highest {short(name)} first",
        )  # fmt: skip
        kept = st.multiselect(
            "Show only", [said for name in marks for said in (name, f"not {name}")],
            key=f"only-{key}", width=420, placeholder="All rows", format_func=short,
        )  # fmt: skip
    for said in kept:
        wanted = said in marks
        table = table[[cell is wanted for cell in table[said if wanted else said[4:]].tolist()]]
    return table if by == AS_IN_FILE else table.sort_values(by, ascending=False, kind="stable")


def _alerts(reached: int, of: int, threshold: float) -> None:
    st.badge(
        f"{reached:,} of {of:,} at or above the alert threshold of {percent(threshold)}",
        icon=":material/notifications_active:", color="orange" if reached else "gray",
    )  # fmt: skip


def _free(table: pd.DataFrame, name: str) -> str:
    """A name for a column of the model; a file's own column of that name stays."""
    return f"{name} (model)" if name in table else name
