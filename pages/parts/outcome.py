"""The outcome: which column, and which of its values count as the event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.outcome_time import with_time
from pages.parts.words import count, plain, question, short
from pmed_core.outcomes import Classes, Outcome, YesNo
from pmed_core.quality import LABELS, Quality, Summary
from pmed_core.service import cohorts
from pmed_core.service.entries import CohortEntry
from pmed_core.variable import Kind, Role, Variable

CLASSES_AT_MOST = 20
NO_OUTCOME = (Kind.IDENTIFIER, Kind.DATE, Kind.SCAN)
YES_NO, CLASSES = "One yes/no outcome", "Each class separately"


def outcome_chooser(entry: CohortEntry, quality: Quality) -> None:
    """Choose what a model of this cohort is to predict."""
    summaries = {summary.name: summary for summary in quality.summaries}
    columns = _candidates(entry, summaries)
    st.markdown(f"What a model predicts: **{plain(question(entry.outcome))}**.")
    if not columns:
        st.info(_why_none(quality), icon=":material/info:")
        return
    current = entry.outcome.column if entry.outcome else None
    column = st.selectbox(
        "Outcome column", columns,
        index=columns.index(current) if current in columns else None, format_func=short,
        placeholder="Choose a column", key=f"outcome-{entry.id}", width=520,
    )  # fmt: skip
    if column is not None:
        _values(entry, summaries[column])


def next_is_the_outcome(entry: CohortEntry) -> None:
    """The step without which nothing can be trained, one click away."""
    st.button(
        "Next: choose the outcome", icon=":material/arrow_forward:", type="primary",
        on_click=state.show_view, args=(entry.address, "Outcome"), key="next-outcome",
    )  # fmt: skip


def _why_none(quality: Quality) -> str:
    """Why nothing can be the outcome, and what would change that."""
    found = next((finding for finding in quality.findings if finding.check == LABELS), None)
    if found:
        return plain(f"{found.sentence} {found.remedy}")
    return (
        "No column has between 2 and 20 different values, so none can be the outcome. Add such "
        "a column to the file, or correct a kind under Variables."
    )


def _candidates(entry: CohortEntry, summaries: Mapping[str, Summary]) -> list[str]:
    """Columns with few values; yes/no columns and the present outcome first."""
    found = [
        v for v in entry.variables
        if v.role is not Role.PATIENT and v.kind not in NO_OUTCOME
        and v.name in summaries and 2 <= summaries[v.name].distinct <= CLASSES_AT_MOST
    ]  # fmt: skip
    found.sort(key=lambda v: (v.role is not Role.OUTCOME, v.kind is not Kind.YES_NO))
    return [v.name for v in found]


def _values(entry: CohortEntry, summary: Summary) -> None:
    """Which values count, and the button that saves it."""
    sizes = _sizes(entry, summary)
    kept = YES_NO
    if len(sizes) > 2:
        kept = st.segmented_control(
            "Predict", [YES_NO, CLASSES], required=True,
            key=f"asked-{entry.id}-{summary.name}",
            default=CLASSES if entry.outcome and not entry.outcome.positive else YES_NO,
        ) or YES_NO  # fmt: skip
    outcome: Outcome | None = Classes(summary.name, tuple(sizes))
    if kept == YES_NO:
        outcome = _event(entry, summary, sizes)
        if outcome is not None:
            others = [value for value in sizes if value not in outcome.positive]
            outcome = with_time(entry, outcome, others)
    if summary.missing:
        rows = count(summary.missing, "scan" if entry.holds_scans else "patient")
        st.caption(f"{rows} without a value are not used.")
    if st.button(
        "Save the outcome", type="primary", icon=":material/save:",
        disabled=outcome is None or outcome == entry.outcome, key="outcome-save",
    ) and outcome:  # fmt: skip
        _save(entry, outcome)


def _sizes(entry: CohortEntry, summary: Summary) -> dict[str, int]:
    """Value -> patients; of a number the cells are counted, as its summary has only bins."""
    if len(summary.values) == summary.distinct:
        return dict(zip(summary.values, summary.counts, strict=True))
    return cohorts.values(entry.id, summary.name)


def _event(entry: CohortEntry, summary: Summary, sizes: Mapping[str, int]) -> YesNo | None:
    known = entry.outcome.positive if entry.outcome else ()
    variable = next(v for v in entry.variables if v.name == summary.name)
    picked = st.pills(
        "Which values mean the event happened?", list(sizes), selection_mode="multi",
        default=[value for value in sizes if value in known] if _same(entry, summary) else None,
        format_func=lambda value: f"{plain(short(variable.coded(value), 30))}: {sizes[value]:,}",
        key=f"event-{entry.id}-{summary.name}",
    )  # fmt: skip
    if len(picked) == len(sizes):
        st.warning("Leave at least one value out.", icon=":material/warning:")
        return None
    return YesNo(summary.name, tuple(picked)) if picked else None


def _same(entry: CohortEntry, summary: Summary) -> bool:
    return entry.outcome is not None and entry.outcome.column == summary.name


def _save(entry: CohortEntry, outcome: Outcome) -> None:
    with panel():
        with st.spinner("Checking the cohort with this outcome"):
            variables = with_outcome(entry.variables, outcome)
            cohorts.revise(entry.id, variables, outcome)
        state.say("The outcome is saved.")
        st.rerun()


def with_outcome(variables: Sequence[Variable], outcome: Outcome) -> tuple[Variable, ...]:
    """The variables once that outcome is chosen: its columns are it, the former are inputs."""
    changed = []
    for variable in variables:
        if variable.name in outcome.columns:
            variable = outcome.of_column(variable)
        elif variable.role is Role.OUTCOME:
            variable = replace(variable, role=Role.INPUT)
        changed.append(variable)
    return tuple(changed)
