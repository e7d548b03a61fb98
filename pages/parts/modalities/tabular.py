"""How tables are shown; see ``modalities.Showing``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts import tables
from pages.parts.importance import importance_view
from pages.parts.paging import page_of
from pages.parts.patient_panels import number
from pages.parts.patient_panels import panels_of_patient as panels
from pages.parts.words import plain, short, titled
from pmed_core.figures.wording import listed
from pmed_core.service import cohorts
from pmed_core.service.entries import CohortEntry, ModelEntry
from pmed_core.suffixes import PACKED, TABLES
from pmed_core.variable import Kind, Variable

__all__ = [
    "ABOUT_VARIABLES", "EDITABLE", "GROWTH", "MODEL_VIEWS", "before_training", "new_file", "number",
    "panels", "rows",
]  # fmt: skip

MODEL_VIEWS, GROWTH = {"Importance": importance_view}, True
EDITABLE = ("Name", "Kind", "Role", "Unit", "Changeable")
ABOUT_VARIABLES = (
    "Check what was detected. Tick 'Changeable' for what treatment or lifestyle can change "
    "(weight, not age)."
)
COLUMNS_OF_ROWS = 20


def new_file(entry: ModelEntry, known: bool) -> tuple[Any, bool]:
    """A table with the model's inputs, and the outcome where it is ``known``."""
    file = st.file_uploader(
        f"A table of other {entry.modality.one}s, with the model's inputs"
        f"{' and the outcome' * known}",
        type=[*TABLES, *PACKED], key=f"new-file-{known}",
    )  # fmt: skip
    needed = f"{_columns(entry)} and the inputs" if known else "the inputs"
    st.caption(f"It needs {needed} under the names of training; the order does not matter.")
    return file, False


def _columns(entry: ModelEntry) -> str:
    names = [f"'{plain(short(name))}'" for name in entry.outcome.columns]
    return f"the column{'s' * (len(names) > 1)} {listed(names)}"


def before_training(entry: CohortEntry, options: Any) -> str:
    """Nothing: a table is always trained anew."""
    return ""


def rows(entry: CohortEntry) -> None:
    """The first rows, a page of columns at a time."""
    shown = page_of(entry.variables, "rows", COLUMNS_OF_ROWS)
    table = cohorts.preview(entry.id, 50)
    kept = [v.name for v in shown.variables if v.name in table.columns]
    units = {v.name: st.column_config.Column(titled(v)) for v in shown.variables}
    dates = {
        v.name: st.column_config.DateColumn(short(v.name), format="YYYY-MM-DD")
        for v in shown.variables if v.kind is Kind.DATE
    }  # fmt: skip
    tables.show(
        _with_names(table[kept], shown.variables), "rows-table", "First rows of the cohort",
        units | dates,
    )  # fmt: skip
    st.caption(f"The first {len(table):,} of {entry.rows:,} rows. An empty cell was not measured.")


def _with_names(table: pd.DataFrame, variables: Sequence[Variable]) -> pd.DataFrame:
    """Codes that have a name beside it."""
    named = {
        v.name: table[v.name].map(v.coded, na_action="ignore")
        for v in variables
        if v.labels and v.name in table.columns
    }
    return table.assign(**named)
