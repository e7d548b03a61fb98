"""The outcome: which column, and which of its values count as the event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.outcomes import OF_ONE_COLUMN, OF_SEVERAL_COLUMNS, Choosing
from pages.parts.outcomes.effect.form import with_treatment
from pages.parts.words import count, plain, question, short
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.events import VALUES_AT_MOST
from pmed_core.quality import LABELS, Quality, Summary
from pmed_core.service import cohorts
from pmed_core.service.entries import CohortEntry
from pmed_core.variable import OF_THE_OUTCOME, PAYLOADS, Kind, Role, Variable

FORMER = "was an outcome, which the treatment may have changed"
NO_OUTCOME = (Kind.IDENTIFIER, Kind.DATE, *PAYLOADS)


def outcome_chooser(entry: CohortEntry, quality: Quality) -> None:
    """Choose what a model of this cohort is to predict."""
    summaries = {summary.name: summary for summary in quality.summaries}
    columns = _candidates(entry, summaries)
    st.markdown(f"What a model predicts: **{plain(question(entry.outcome))}**.")
    if not columns:
        st.info(_why_none(quality), icon=":material/info:")
        return
    for kind in OF_SEVERAL_COLUMNS:
        offered = [summaries[name] for name in columns]
        if kind.wanted(entry, offered):
            _save_button(entry, kind.asked(entry, offered))
            return
    current = entry.outcome.column if entry.outcome else None
    column = st.selectbox(
        "Outcome column", columns,
        index=columns.index(current) if current in columns else None, format_func=short,
        placeholder="Choose a column", key=f"outcome-{entry.id}", width=520,
    )  # fmt: skip
    if column is not None:
        _values(entry, summaries[column], quality.summaries)


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
    few = {v.name for v in found if summaries[v.name].distinct <= VALUES_AT_MOST}
    found.sort(
        key=lambda v: (v.role is not Role.OUTCOME, v.name not in few, v.kind is not Kind.YES_NO)
    )
    return [v.name for v in found]


def _ways(entry: CohortEntry, variable: Variable, summary: Summary) -> list[Choosing]:
    """In which ways the values of a column can be predicted, the likeliest first."""
    return [kind for kind in OF_ONE_COLUMN if kind.possible(entry, variable, summary)]


def _values(entry: CohortEntry, summary: Summary, summaries: Sequence[Summary]) -> None:
    """What is predicted of a column, and the button that saves it."""
    variable = next(v for v in entry.variables if v.name == summary.name)
    ways = {kind.WAY: kind for kind in _ways(entry, variable, summary)}
    way = next(iter(ways))
    if len(ways) > 1:
        way = st.segmented_control(
            "Predict", list(ways), required=True, key=f"asked-{entry.id}-{summary.name}",
            default=_asked_before(entry, summary, ways),
        ) or way  # fmt: skip
    outcome = ways[way].asked(entry, variable, _sizes(entry, summary))
    outcome = with_treatment(entry, outcome, summaries)
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


def _asked_before(entry: CohortEntry, summary: Summary, ways: Mapping[str, Choosing]) -> str:
    """What was chosen for this column, if it is the outcome already."""
    # Of a treatment's effect, the outcome on which it is.
    chosen = entry.outcome.learnt if entry.outcome else None
    same = chosen is not None and chosen.column == summary.name
    found = (way for way, kind in ways.items() if same and chosen and kind.was_asked(chosen))
    return next(found, next(iter(ways)))


def _sizes(entry: CohortEntry, summary: Summary) -> dict[str, int]:
    """Value -> patients, where there are few; of a number the cells are counted, as its summary
    has only bins."""
    if summary.distinct > VALUES_AT_MOST:
        return {}
    if len(summary.values) == summary.distinct:
        return dict(zip(summary.values, summary.counts, strict=True))
    return cohorts.values(entry.id, summary.name)


def _save(entry: CohortEntry, outcome: Outcome) -> None:
    with panel():
        with st.spinner("Checking the cohort with this outcome"):
            variables = with_outcome(entry.variables, outcome)
            cohorts.revise(entry.id, variables, outcome)
        state.say("The outcome is saved.")
        st.rerun()


def with_outcome(variables: Sequence[Variable], outcome: Outcome) -> tuple[Variable, ...]:
    """The variables once that outcome is chosen: its columns are it, the former are inputs; what a
    treatment may have changed is none."""
    mine = [outcome.of_column(v) for v in variables if v.name in outcome.columns]
    compared, changed = any(v.role is Role.TREATMENT for v in mine), []
    for variable in variables:
        if variable.name in outcome.columns:
            variable = outcome.of_column(variable)
        elif variable.role is Role.OUTCOME and compared:
            variable = replace(variable, role=Role.IGNORE, reason=FORMER)
        elif variable.role in OF_THE_OUTCOME:
            variable = replace(variable, role=Role.INPUT)
        changed.append(variable)
    return tuple(changed)
