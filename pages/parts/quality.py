"""The quality panel of a cohort, and the distribution of each variable."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.parts import plots, state, tables
from pages.parts.errors import panel
from pages.parts.paging import page_of
from pages.parts.words import SERIOUS, SEVERITIES, count, general, percent, plain, short
from pmed_core.quality import CODES_FOR_MISSING, SAME_ROW, Finding, Quality, Severity, Summary
from pmed_core.reading import REPEATED_ROWS, Choices, Decision
from pmed_core.service import cohorts, corrections, sources
from pmed_core.service.entries import CohortEntry
from pmed_core.variable import PAYLOADS, Role, Variable

ON_A_PAGE = 25
COLUMNS_OF_ROWS, NAMED, AT_ONCE = 30, 5, 3
IGNORABLE = (
    "leakage",
    "identifier-like columns",
    "constant columns",
    "copied columns",
    "dates after the outcome",
)
RECORD_NUMBERS = "possible record numbers"
MISSING = "missing-code"
"""The rule with which numbers that stand for "missing" are read."""
OFFERED = 500
"""More inputs than this make a list that is slow to send; then only the suspects are offered."""


def quality_panel(entry: CohortEntry, quality: Quality) -> None:
    """Findings by severity; the clean ones are counted and folded."""
    for sentence in entry.notes:
        st.caption(f":material/info: {plain(sentence)}")
    _corrections(entry)
    if quality.balance:
        _balance(entry, quality)
    if quality.incidences and entry.outcome:
        st.subheader("Events that compete", anchor=False)
        plots.incidences(quality.incidences, entry.outcome.unit)
    for severity in (Severity.SERIOUS, Severity.WARNING, Severity.NOTE):
        for number, finding in enumerate(quality.findings):
            if finding.severity is severity:
                _found(finding, entry, f"{entry.id}-{number}")
    _ignore(entry, quality)
    clean = [f for f in quality.findings if f.severity is Severity.CLEAN]
    _, icon, _ = SEVERITIES[Severity.CLEAN]
    title = f"{len(clean)} of {len(quality.findings)} checks passed"
    open_at_first = len(clean) == len(quality.findings)
    with st.expander(title, icon=icon, expanded=open_at_first, key=f"clean-{entry.id}"):
        for finding in clean:
            st.markdown(f"- **{plain(finding.check.capitalize())}**: {plain(finding.sentence)}")


def _corrections(entry: CohortEntry) -> None:
    """Who changed which label."""
    if not (found := corrections.corrections(entry.id)):
        return
    rows = [
        {"Scan": one.row, "Was": one.before, "Is": one.after, "By": one.who, "When": one.when[:10]}
        for one in found
    ]
    title = f"{count(len(found), 'label')} corrected"
    with st.expander(title, icon=":material/edit:", key=f"corrected-{entry.id}"):
        tables.show(pd.DataFrame(rows), "corrections", "Corrected labels")


def _found(finding: Finding, entry: CohortEntry, key: str) -> None:
    """What was found, the rows concerned, and what can be done about it at once."""
    word, icon, colour = SEVERITIES[finding.severity]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(word, icon=icon, color=colour)
            st.markdown(f"**{plain(finding.check.capitalize())}**", width="content")
            if finding.severity is Severity.SERIOUS:
                st.caption(SERIOUS, width="content")
        st.markdown(f"{plain(finding.sentence)} {plain(finding.remedy)}")
        _rows_of(finding, entry, key)
        with st.container(horizontal=True):
            for decision in _overrulable(finding, entry):
                _set_missing(entry, decision)
            _ignore_at_once(finding, entry, key)
            if finding.check == RECORD_NUMBERS:
                _as_patient(finding, entry, key)
            if finding.check == SAME_ROW and finding.rows:
                _leave_out(entry, key)


def _rows_of(finding: Finding, entry: CohortEntry, key: str) -> None:
    """By their ids, and whole where that is asked for."""
    if not finding.rows:
        return
    found = cohorts.rows_at(entry.id, finding.rows)
    ids = [short(one, 24) for one in found.iloc[:, 0].astype(str)[:NAMED]]
    more = len(finding.rows) - len(ids)
    rest = f" and {more:,} more" if more > 0 else ""
    named = f"{found.columns[0]} {', '.join(ids)}{rest}"
    with st.expander(f"Rows: {plain(named)}", icon=":material/table_rows:", key=f"rows-{key}"):
        tables.show(found.iloc[:, :COLUMNS_OF_ROWS], f"rows-{key}", "Rows concerned")


def _ignore_at_once(finding: Finding, entry: CohortEntry, key: str) -> None:
    """A button where the finding doubts a few inputs; more are chosen in the form below."""
    inputs = [v.name for v in entry.variables if v.role is Role.INPUT]
    names = [name for name in finding.columns if name in inputs]
    if finding.check in IGNORABLE and 0 < len(names) <= AT_ONCE:
        said = ", ".join(f"'{short(name, 30)}'" for name in names)
        if st.button(f"Ignore {plain(said)}", icon=":material/visibility_off:", key=f"off-{key}"):
            _revise_without(entry, set(names))


def _overrulable(finding: Finding, entry: CohortEntry) -> list[Decision]:
    """The decisions of the reader that a finding doubts."""
    columns = {v.column for v in entry.variables if v.name in finding.columns}
    wanted = finding.check == CODES_FOR_MISSING
    return [d for d in entry.reading if wanted and d.rule == MISSING and d.column in columns]


def _set_missing(entry: CohortEntry, decision: Decision) -> None:
    for code in decision.options:
        if code not in ("none", decision.value) and st.button(
            f"Set {plain(short(code, 30))} of {plain(short(decision.column, 40))} to missing",
            icon=":material/backspace:", key=f"missing-{decision.column}-{code}",
        ):  # fmt: skip
            _revise(entry, entry.variables, f"{code} is read as missing.", {decision.key: code})


def _leave_out(entry: CohortEntry, key: str) -> None:
    """The later row of each pair."""
    # The check looks at the table alone, where rows of two molecules or samples may be the same.
    payload = any(variable.kind in PAYLOADS for variable in entry.variables)
    if payload or not sources.can_be_read_again(entry.id):
        return
    label = "Leave out the later row of each pair"
    if st.button(label, icon=":material/playlist_remove:", key=f"once-{key}"):
        _revise(entry, entry.variables, "Each row is kept once.", {REPEATED_ROWS: "left out"})


def _as_patient(finding: Finding, entry: CohortEntry, key: str) -> None:
    """A button for each column that may say whose row it is."""
    for name in finding.columns[:AT_ONCE]:
        label = f"Use '{plain(short(name, 30))}' as the patient id"
        if st.button(label, icon=":material/badge:", key=f"patient-{key}-{name}"):
            variables = tuple(
                replace(v, role=Role.PATIENT, reason="") if v.name == name
                else replace(v, role=Role.IGNORE, reason="ignored by you")
                if v.role is Role.PATIENT else v
                for v in entry.variables
            )  # fmt: skip
            _revise(entry, variables, f"'{name}' says whose row it is.")


def _ignore(entry: CohortEntry, quality: Quality) -> None:
    """One step from a suspicion to a cohort without the columns concerned."""
    inputs = [v.name for v in entry.variables if v.role is Role.INPUT]
    suspect = {name for f in quality.findings if f.check in IGNORABLE for name in f.columns}
    proposed = [name for name in inputs if name in suspect]
    if not proposed:
        return
    with st.form(f"ignore-{entry.id}"):
        chosen = st.multiselect(
            "Inputs to ignore", inputs if len(inputs) <= OFFERED else proposed, default=proposed,
            format_func=short, help="They stay in the table and can be made inputs again.",
        )  # fmt: skip
        if st.form_submit_button("Ignore these inputs", icon=":material/visibility_off:"):
            _revise_without(entry, set(chosen))


def _revise_without(entry: CohortEntry, names: set[str]) -> None:
    variables = tuple(
        replace(v, role=Role.IGNORE, reason="ignored by you") if v.name in names else v
        for v in entry.variables
    )
    _revise(entry, variables, f"{count(len(names), 'input')} will be ignored.")


def _revise(
    entry: CohortEntry, variables: tuple[Variable, ...], said: str, choices: Choices | None = None
) -> None:
    with panel():
        with st.spinner("Reading the table again"):
            cohorts.revise(entry.id, variables, entry.outcome, choices)
        state.say(said)
        st.rerun()


def _balance(entry: CohortEntry, quality: Quality) -> None:
    """Those with and without the event, or of each class."""
    total = sum(size for _, size in quality.balance)
    outcome = next(v for v in entry.variables if v.role is Role.OUTCOME)
    values = {value for value, _ in quality.balance}
    # Where options are compared, it is these that are counted.
    apart = [v for v in entry.variables if v.role is not Role.INPUT and values <= {*v.categories}]
    whose = outcome if outcome in apart or not apart else apart[0]
    name = "Outcome" if whose is outcome else short(whose.name, 24)
    with st.container(horizontal=True):
        for value, size in quality.balance[:4]:
            st.metric(
                f"{plain(name)}: {plain(short(whose.coded(value), 24))}", f"{size:,}",
                delta=percent(size / max(total, 1)), delta_color="off", delta_arrow="off",
                border=True, width=240,
            )  # fmt: skip
    if len(quality.balance) > 4:
        rest = ", ".join(
            f"{short(whose.coded(value), 24)}: {size:,}" for value, size in quality.balance[4:]
        )
        st.caption(f"And {plain(rest)}.")


def distributions(entry: CohortEntry, quality: Quality) -> None:
    """Missing cells and the shape of each variable, page by page; one of them larger."""
    shown = page_of(entry.variables, "distributions", ON_A_PAGE)
    summaries = {summary.name: summary for summary in quality.summaries}
    rows = [_row(summaries[v.name], v, quality.n) for v in shown.variables]
    tables.show(
        pd.DataFrame(rows), "distributions-table",
        "Missing cells and distribution of each variable",
        {
            "Variable": st.column_config.TextColumn(pinned=True),
            "Missing": st.column_config.ProgressColumn(
                format="%.0f %%", min_value=0, max_value=100
            ),
            "Distribution": st.column_config.BarChartColumn(
                help="Numbers: 20 bins over the range; categories: most frequent first."
            ),
        },
        drawn=["Distribution"],
    )  # fmt: skip
    drawable = [v.name for v in shown.variables if summaries[v.name].counts]
    if not drawable:
        return
    name = st.selectbox("Look closer at", drawable, format_func=short, key="closer", width=520)
    variable = next(v for v in shown.variables if v.name == name)
    plots.distribution(variable, summaries[name], entry.modality.one)


def _row(summary: Summary, variable: Variable, n: int) -> dict[str, object]:
    quantiles = summary.quantiles
    frequent = [short(variable.shown(value), 20) for value in summary.values[:3]]
    middle = (
        f"{general(quantiles[3])} ({general(quantiles[2])} to {general(quantiles[4])})"
        if quantiles else ", ".join(frequent)
    )  # fmt: skip
    return {
        "Variable": summary.name,
        "Unit": variable.unit,
        "Missing": 100 * summary.missing / max(1, n),
        "Distribution": list(summary.counts),
        "Median (quartiles) or most frequent": middle,
        "Different values": summary.distinct,
        "Outliers": summary.outliers,
    }
