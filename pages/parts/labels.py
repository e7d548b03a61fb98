"""Value labels: what the codes of a column stand for."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.words import plain, short
from pmed_core.errors import UserError
from pmed_core.quality import Quality, Summary
from pmed_core.service import cohorts, labels
from pmed_core.service.entries import CohortEntry
from pmed_core.variable import PAYLOADS, Kind, Role, Variable, code_text

FEW = 40
"""More values than this are not codes."""
WITHOUT = (Kind.DATE, Kind.IDENTIFIER, *PAYLOADS)


def labels_editor(entry: CohortEntry, quality: Quality) -> None:
    """A name for each code, by hand or from a data dictionary; saving makes a new revision."""
    summaries = {summary.name: summary for summary in quality.summaries}
    found = {v.name: v for v in entry.variables if _can_have_names(v, summaries[v.name])}
    st.subheader("Value labels", anchor=False)
    st.caption("With 0 = female for sex, every page and report says female instead of 0.")
    left, right = st.columns(2, gap="large")
    with left:
        _by_hand(entry, found, summaries)
    with right:
        _from_a_file(entry)


def _can_have_names(variable: Variable, summary: Summary) -> bool:
    few = 0 < summary.distinct <= FEW
    return few and variable.kind not in WITHOUT and variable.role is not Role.PATIENT


def _by_hand(
    entry: CohortEntry, found: Mapping[str, Variable], summaries: Mapping[str, Summary]
) -> None:
    if not found:
        st.caption(f"No column has {FEW} different values or fewer.")
        return
    # Those whose values are numbers come first: they are the ones nobody can read.
    names = sorted(found, key=lambda name: not _is_coded(found[name], summaries[name]))
    chosen = st.selectbox("Variable", names, format_func=short, key=f"names-of-{entry.name}")
    variable, sizes = found[chosen], cohorts.values(entry.id, chosen)
    codes = sorted(sizes, key=lambda code: (not _is_number(code), _size(code), code))
    known = {code_text(code): name for code, name in variable.labels}
    table = pd.DataFrame(
        {
            "Value": codes,
            "Name": [known.get(code_text(code), "") for code in codes],
            "Rows": [sizes[code] for code in codes],
        }
    )
    with st.form(f"names-{entry.id}-{chosen}", border=False):
        edited = st.data_editor(
            table, hide_index=True, disabled=["Value", "Rows"], key=f"values-{entry.id}-{chosen}",
            column_config={"Name": st.column_config.TextColumn(max_chars=80)},
            alt=f"Names of the values of {chosen}",
        )  # fmt: skip
        if st.form_submit_button("Save names", icon=":material/label:"):
            there = {code_text(code) for code in codes}
            kept = {code: name for code, name in variable.labels if code_text(code) not in there}
            typed = edited["Name"].fillna("").astype("str")
            _save(entry, variable, kept | dict(zip(codes, typed, strict=True)))


def _is_coded(variable: Variable, summary: Summary) -> bool:
    return variable.kind is Kind.NUMBER or all(_is_number(value) for value in summary.values)


def _is_number(code: str) -> bool:
    return code.lstrip("-").replace(".", "", 1).isdecimal()


def _size(code: str) -> float:
    return float(code) if _is_number(code) else 0.0


def _save(entry: CohortEntry, variable: Variable, names: Mapping[str, str]) -> None:
    with panel():
        if {code: name for code, name in names.items() if name.strip()} == dict(variable.labels):
            raise UserError("No name has changed", variable.name, "Type a name beside a value.")
        with st.spinner("Saving the names"):
            state.choose("cohort", labels.name_values(entry.id, variable.name, names))
        state.say(f"The value labels of {plain(short(variable.name))} are saved.")
        st.rerun()


def _from_a_file(entry: CohortEntry) -> None:
    with st.form(f"dictionary-{entry.id}", clear_on_submit=True):
        file = st.file_uploader(
            "Or a data dictionary", type=["csv", "tsv", "txt", "xlsx"], key="dictionary-file",
            help="REDCap's data dictionary; or a table of variable, values (0=female;1=male) and "
            "unit; or of variable, code and label.",
        )  # fmt: skip
        if st.form_submit_button("Use this dictionary", icon=":material/menu_book:"):
            with panel():
                if file is None:
                    raise UserError("No file is chosen", "", "Choose a file first.")
                with st.spinner(f"Reading {plain(file.name)}"):
                    identity, said = labels.use_dictionary(entry.id, file.name, file)
                    state.choose("cohort", identity)
                for sentence in said:
                    state.say(plain(sentence))
                st.rerun()
