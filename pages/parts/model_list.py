"""All kept models with their figures, from which one is opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from pages.parts import state, tables
from pages.parts.standing import LEVELS
from pages.parts.words import count, percent, question, short
from pmed_core.figures.standing import standing
from pmed_core.service.entries import ModelEntry

KEY, ROW, ROWS_AT_MOST = "models", 36, 8


def model_list(entries: Sequence[ModelEntry], *, open_at_first: bool) -> None:
    """A row a model, newest first; a click on one opens it. Nothing of a single one."""
    if len(entries) < 2:
        return
    ids = tuple(entry.id for entry in entries)
    with st.expander(
        f"All {count(len(entries), 'model')}", icon=":material/list:", expanded=open_at_first,
        key="all-models",
    ):  # fmt: skip
        st.caption("Click the box of a row to open its model, a heading to sort.")
        here = state.chosen("model")
        state.point_at(f"table-{KEY}", ids.index(here) if here in ids else None)
        tables.show(
            pd.DataFrame([_row(entry) for entry in entries]), KEY, "All models and their figures",
            _columns(entries), height=(min(len(ids), ROWS_AT_MOST) + 1) * ROW,
            selection_mode="single-row",
            on_select=lambda: state.turned_to("model", f"table-{KEY}", ids),
        )  # fmt: skip


def _row(entry: ModelEntry) -> dict[str, object]:
    found, system = standing(entry.evaluation), entry.system
    return {
        "Model": short(entry.name),
        "For": system.title if system else "",
        "Predicts": question(entry.outcome),
        "Trained on": entry.card.get("patients", entry.rows),
        "Performance": found.score,
        "Trust": [found.mark],
        "Alert from": "" if entry.alert is None else percent(entry.alert),
        "Made": datetime.fromtimestamp(entry.created),
        "Notes": short(entry.notes, 200),
    }


def _columns(entries: Sequence[ModelEntry]) -> dict[str, object]:
    """Trust in the colour of its badge; a level has the same colour everywhere."""
    grades = {found.mark: found.level for found in (standing(e.evaluation) for e in entries)}
    colours = [LEVELS[level][1] for level in grades.values()]
    return {
        "Model": st.column_config.TextColumn(pinned=True),
        "Performance": st.column_config.TextColumn(
            help="On data that the model had not seen, with its 95 % interval."
        ),
        "Trained on": st.column_config.NumberColumn(
            format="localized", help="How many patients, or molecules or sequences."
        ),
        "Trust": st.column_config.MultiselectColumn(options=list(grades), color=colours),
        "Alert from": st.column_config.TextColumn(help="The alert threshold, of yes/no outcomes."),
        "Made": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
    }
