"""The table of variables, in which a person corrects what the reader inferred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pandas as pd
import streamlit as st

from pages.parts import state
from pages.parts.modalities import shown_by
from pages.parts.paging import Shown, page_of
from pages.parts.words import general
from pmed_core.errors import UserError
from pmed_core.outcomes import Outcome
from pmed_core.quality import Quality
from pmed_core.service.entries import CohortEntry
from pmed_core.variable import OF_THE_OUTCOME, Kind, Role, Variable

ON_A_PAGE = 100
EDITABLE = ("Name", "Kind", "Role", "Unit", "Changeable")


def variables_editor(entry: CohortEntry, quality: Quality) -> None:
    """Correct name, kind, role and unit; saving makes a new revision of the cohort."""
    st.caption(shown_by(entry.modality).ABOUT_VARIABLES)
    shown = page_of(entry.variables, "variables", ON_A_PAGE)
    names = tuple(variable.name for variable in shown.variables)
    key = f"variables-{entry.id}-{shown.view}-{state.discarded()}"
    draft = state.draft(entry.address, shown.view, names, key)
    base, editable = _table(shown, quality), shown_by(entry.modality).EDITABLE
    edited = st.data_editor(
        _with_edits(base, shown, draft.settled), hide_index=True, column_config=_columns(),
        disabled=[name for name in base.columns if name not in editable],
        key=key, alt="Variables of the cohort",
    )  # fmt: skip
    draft.shown = _differences(base, edited, shown)


def _table(shown: Shown, quality: Quality) -> pd.DataFrame:
    missing = {summary.name: summary.missing for summary in quality.summaries}
    rows = [
        {
            "Name": v.name, "Kind": v.kind.value, "Role": v.role.value, "Unit": v.unit,
            "Changeable": v.changeable, "Missing": 100 * missing.get(v.name, 0) / max(1, quality.n),
            "Values": _values(v), "Remark": v.reason,
        }
        for v in shown.variables
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _values(variable: Variable) -> str:
    if variable.range and variable.kind is Kind.NUMBER:
        low, high = variable.range
        return f"{general(low)} to {general(high)}"
    shown = [variable.coded(value) for value in variable.categories[:6]]
    return ", ".join(shown) + " …" * (len(variable.categories) > 6)


def _columns() -> dict[str, Any]:
    """How each column is shown and edited."""
    config = st.column_config
    return {
        "Name": config.TextColumn("Variable", required=True, max_chars=200),
        "Kind": config.SelectboxColumn(options=[k.value for k in Kind], required=True),
        "Role": config.SelectboxColumn(
            options=[r.value for r in Role], required=True,
            help="The outcome is chosen under Outcome, with the values that count as the event.",
        ),
        "Unit": config.TextColumn(max_chars=40, width=80),
        "Changeable": config.CheckboxColumn(width=110),
        "Missing": config.ProgressColumn(
            format="%.0f %%", min_value=0, max_value=100, width=100
        ),
        "Values": config.TextColumn("Range or values"),
        "Remark": config.TextColumn("Why this role", width=220),
    }  # fmt: skip


def _with_edits(base: pd.DataFrame, shown: Shown, settled: state.Edits) -> pd.DataFrame:
    """What was corrected before this page was left."""
    table = base.copy()
    for row, variable in enumerate(shown.variables):
        for column, value in settled.get(variable.name, {}).items():
            table.loc[row, column] = value
    return table


def _differences(base: pd.DataFrame, edited: pd.DataFrame, shown: Shown) -> state.Edits:
    found: state.Edits = {}
    for row, variable in enumerate(shown.variables):
        for column in EDITABLE:
            value: Any = edited.at[row, column]
            value = "" if value is None else value
            if value != cast(Any, base.at[row, column]):
                found.setdefault(variable.name, {})[column] = value
    return found


def corrected(
    entry: CohortEntry, edits: Mapping[str, Mapping[str, Any]]
) -> tuple[tuple[Variable, ...], Outcome | None]:
    """The variables and the outcome after the corrections; raises ``UserError``."""
    variables = tuple(_corrected(v, edits.get(v.name, {})) for v in entry.variables)
    _names_differ([v.name for v in variables], entry.name)
    marked = [v for v in variables if v.role in OF_THE_OUTCOME]
    if sum(v.role is Role.PATIENT for v in variables) > 1:
        raise UserError(
            "More than one variable is the patient id", entry.name, "Mark one of them as ignored."
        )
    outcome = entry.outcome
    if not marked:
        return variables, None
    asked = outcome.columns if outcome else ()
    kept = {v.column for v in entry.variables if v.name in asked}
    if outcome is None or {v.column for v in marked} != kept:
        raise UserError(
            "The outcome is not chosen in this table", entry.name,
            "Choose it under Outcome, where you also say which values count as the event.",
        )  # fmt: skip
    names = {old.name: new.name for old, new in zip(entry.variables, variables, strict=True)}
    return variables, outcome.renamed(names)


def _names_differ(names: Sequence[str], where: str) -> None:
    if "" in names:
        raise UserError("A variable has no name", where, "Give it one.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if len(set(names)) < len(names):
        raise UserError(f"Two variables are called '{twice}'", where, "Rename one of them.")


def _corrected(variable: Variable, edit: Mapping[str, Any]) -> Variable:
    if not edit:
        return variable
    name = str(edit.get("Name", variable.name)).strip()
    kind, role = Kind(edit.get("Kind", variable.kind)), Role(edit.get("Role", variable.role))
    changed = replace(
        variable, name=name, kind=kind, role=role,
        unit=str(edit.get("Unit", variable.unit)).strip(),
        changeable=bool(edit.get("Changeable", variable.changeable)),
        source="" if name == variable.column else variable.column,
    )  # fmt: skip
    if kind is not variable.kind:
        changed = replace(changed, categories=(), range=None)
    return replace(changed, reason="") if role is not variable.role else changed
