"""The outcome: which column, and which of its values count as the event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.outcome_several import several_chooser, several_wanted
from pages.parts.outcome_time import with_time
from pages.parts.words import count, plain, question, short
from pmed_core.outcomes import Classes, Number, Outcome, YesNo
from pmed_core.quality import LABELS, Quality, Summary
from pmed_core.service import cohorts
from pmed_core.service.entries import CohortEntry
from pmed_core.systems import NUMBER as OF_NUMBERS
from pmed_core.systems import learns
from pmed_core.variable import PAYLOADS, Kind, Role, Variable

CLASSES_AT_MOST = 20
NO_OUTCOME = (Kind.IDENTIFIER, Kind.DATE, *PAYLOADS)
YES_NO, CLASSES, NUMBER = "One yes/no outcome", "Each class separately", "The number itself"


def outcome_chooser(entry: CohortEntry, quality: Quality) -> None:
    """Choose what a model of this cohort is to predict."""
    summaries = {summary.name: summary for summary in quality.summaries}
    columns = _candidates(entry, summaries)
    st.markdown(f"What a model predicts: **{plain(question(entry.outcome))}**.")
    if not columns:
        st.info(_why_none(quality), icon=":material/info:")
        return
    pairs = [name for name in columns if summaries[name].distinct == 2]
    if several_wanted(entry, pairs):
        _save_button(entry, several_chooser(entry, pairs))
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
        "No column is a number or has between 2 and 20 different values, so none can be the "
        "outcome. Add such a column to the file, or correct a kind under Variables."
    )


def _candidates(entry: CohortEntry, summaries: Mapping[str, Summary]) -> list[str]:
    """Columns with few values, and of tables numbers; yes/no columns and the present outcome
    first."""
    found = [
        v for v in entry.variables
        if v.role is not Role.PATIENT and v.kind not in NO_OUTCOME
        and v.name in summaries and _ways(entry, v, summaries[v.name])
    ]  # fmt: skip
    few = {v.name for v in found if summaries[v.name].distinct <= CLASSES_AT_MOST}
    found.sort(
        key=lambda v: (v.role is not Role.OUTCOME, v.name not in few, v.kind is not Kind.YES_NO)
    )
    return [v.name for v in found]


def _ways(entry: CohortEntry, variable: Variable, summary: Summary) -> list[str]:
    """In which ways the values of a column can be predicted, the likeliest first."""
    ways = []
    if 2 <= summary.distinct <= CLASSES_AT_MOST:
        ways = [YES_NO, CLASSES] if summary.distinct > 2 else [YES_NO]
    if variable.kind is Kind.NUMBER and summary.distinct > 1 and learns(entry.modality, OF_NUMBERS):
        ways.append(NUMBER)
    return ways


def _values(entry: CohortEntry, summary: Summary) -> None:
    """What is predicted of a column, and the button that saves it."""
    variable = next(v for v in entry.variables if v.name == summary.name)
    ways = _ways(entry, variable, summary)
    way = ways[0]
    if len(ways) > 1:
        way = st.segmented_control(
            "Predict", ways, required=True, key=f"asked-{entry.id}-{summary.name}",
            default=_asked_before(entry, summary, ways),
        ) or way  # fmt: skip
    outcome = _asked(entry, variable, summary, way)
    if summary.missing:
        rows = count(summary.missing, entry.modality.one)
        st.caption(f"{rows} without a value are not used.")
    _save_button(entry, outcome)


def _save_button(entry: CohortEntry, outcome: Outcome | None) -> None:
    if st.button(
        "Save the outcome", type="primary", icon=":material/save:",
        disabled=outcome is None or outcome == entry.outcome, key="outcome-save",
    ) and outcome:  # fmt: skip
        _save(entry, outcome)


def _asked_before(entry: CohortEntry, summary: Summary, ways: list[str]) -> str:
    """What was chosen for this column, if it is the outcome already."""
    chosen = entry.outcome
    if chosen is None or not _same(entry, summary) or chosen.positive:
        return ways[0]
    wanted = CLASSES if chosen.each else NUMBER
    return wanted if wanted in ways else ways[0]


def _asked(entry: CohortEntry, variable: Variable, summary: Summary, way: str) -> Outcome | None:
    """The outcome; None while it is not clear."""
    if way == NUMBER:
        st.caption("A value in the column's unit is predicted, with an interval.")
        return Number(variable.name, variable.unit)
    sizes = _sizes(entry, summary)
    if way == CLASSES:
        return Classes(summary.name, tuple(sizes))
    event = _event(entry, summary, sizes)
    if event is None:
        return None
    return with_time(entry, event, [value for value in sizes if value not in event.positive])


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
