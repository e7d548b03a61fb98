"""When the event happens: the columns that turn it into a time to event."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import streamlit as st

from pages.parts import plots
from pages.parts.outcomes import curves
from pages.parts.outcomes.curves import NET_BENEFIT
from pages.parts.words import plain, short
from pmed_core.evaluation import Evaluation
from pmed_core.figures import decisions, tables
from pmed_core.outcomes import Outcome, TimeToEvent, YesNo
from pmed_core.outcomes.time_to_event import follow_up
from pmed_core.service.entries import CohortEntry
from pmed_core.systems import learns
from pmed_core.variable import Kind, Role

if TYPE_CHECKING:
    from pmed_core.reports.performance import Picture

SEEN = "Time to the event, or to when the patient was last seen"


def with_time(entry: CohortEntry, event: YesNo, others: Sequence[str]) -> Outcome | None:
    """The event itself, or with the time to it; None while it is not whole.

    ``others`` are the values that do not mean the event.
    """
    before = _before(entry, event)
    if not can_be_timed(entry, event.column):
        return event
    columns = _columns(entry, event.column, (Kind.NUMBER, Kind.DATE))
    time = st.selectbox(
        SEEN, columns, index=_place(columns, before.time if before else ""), format_func=short,
        placeholder="Not over time: predict whether it happens", key=f"time-{entry.id}", width=520,
        help="Choose it for prognosis: patients who were followed for different times count "
        "rightly, and risks are given by time. A number, or a date that is counted from another.",
    )  # fmt: skip
    if time is None:
        return event
    kind = next(v.kind for v in entry.variables if v.name == time)
    same = [name for name in _columns(entry, event.column, (kind,)) if name != time]
    since = _since(entry, same, before) if kind is Kind.DATE else ""
    if since is None:
        return None
    unit, horizons = _unit(entry, time, before, bool(since)), _horizons(entry, before)
    competing = _competing(entry, event.column, others, before)
    late = _late(entry, [name for name in same if name != since], before)
    if horizons is None:
        return None
    return TimeToEvent(
        event.column, time, event.positive, tuple(v for v in others if v not in competing),
        competing, unit, since, late, horizons, event.names,
    )  # fmt: skip


def can_be_timed(entry: CohortEntry, event: str) -> bool:
    """Whether a column may tell when the event in that column happened."""
    columns = _columns(entry, event, (Kind.NUMBER, Kind.DATE))
    return bool(columns) and learns(entry.modality, TimeToEvent)


def _before(entry: CohortEntry, event: YesNo) -> TimeToEvent | None:
    """What is chosen already, also as what a treatment has an effect on."""
    kept = entry.outcome.learnt if entry.outcome else None
    if kept is None or not kept.in_time or kept.column != event.column:
        return None
    return cast(TimeToEvent, kept)


def _columns(entry: CohortEntry, event: str, kinds: Sequence[Kind]) -> list[str]:
    return [
        v.name for v in entry.variables
        if v.kind in kinds and v.role is not Role.PATIENT and v.name != event
    ]  # fmt: skip


def _place(names: Sequence[str], chosen: str) -> int | None:
    return names.index(chosen) if chosen in names else None


def _since(entry: CohortEntry, dates: list[str], before: TimeToEvent | None) -> str | None:
    """The date from which it is counted; None while there is none."""
    chosen = before.since if before else ""
    found = st.selectbox(
        "Counted from", dates, index=_place(dates, chosen), format_func=short,
        placeholder="The date of time zero", key=f"time-from-{entry.id}", width=520,
        help="When time begins for every patient: diagnosis, operation, admission.",
    )  # fmt: skip
    if found is None:
        st.caption(
            "A date needs another from which it is counted." if dates
            else "There is no other column of dates from which it could be counted."
        )  # fmt: skip
    return found


def _unit(entry: CohortEntry, time: str, before: TimeToEvent | None, dates: bool) -> str:
    told = next(v.unit for v in entry.variables if v.name == time)
    told = follow_up.called(told) or ("months" if dates else "")
    told = before.unit if before and before.time == time else told
    known = [*(follow_up.DAYS if dates else follow_up.UNITS)]
    # One that was typed is a choice as well: it would be lost where anything else is changed.
    units = known if dates or told in ("", *known) else [*known, told]
    found = st.selectbox(
        "Its unit", units, index=_place(units, told), accept_new_options=not dates,
        placeholder="As the column name says", key=f"time-unit-{entry.id}-{dates}", width=520,
    )  # fmt: skip
    return found or ("months" if dates else "")


def _horizons(entry: CohortEntry, before: TimeToEvent | None) -> tuple[float, ...] | None:
    typed = st.text_input(
        "Horizons", ", ".join(before.labels) if before else "", key=f"horizons-{entry.id}",
        placeholder="Chosen from the data", help="Times at which risks are stated: 12, 36, 60.",
        width=520,
    )  # fmt: skip
    horizons = _numbers(typed)
    if horizons is None:
        st.warning(
            f"'{plain(typed)}' holds values that are not times above 0.", icon=":material/warning:"
        )
    return horizons


def _competing(
    entry: CohortEntry, column: str, others: Sequence[str], before: TimeToEvent | None
) -> tuple[str, ...]:
    """Which of the other values are a competing event."""
    if len(others) < 2:
        return ()
    guess = before.competing if before else follow_up.competing(tuple(others))
    variable = next(v for v in entry.variables if v.name == column)
    return tuple(
        st.pills(
            "Which of the other values are a competing event?", list(others),
            selection_mode="multi", default=[v for v in guess if v in others],
            format_func=lambda value: plain(short(variable.coded(value), 30)),
            key=f"competing-{entry.id}-{'|'.join(others)}",
            help="After it this event cannot happen, or is another question. The others mean that "
            "the patient was last seen without an event.",
        )
    )  # fmt: skip


def _late(entry: CohortEntry, times: list[str], before: TimeToEvent | None) -> str:
    """The column that says when patients came into view; empty for none."""
    chosen = before.entry if before else ""
    found = st.selectbox(
        "Under observation from", times, index=_place(times, chosen), format_func=short,
        placeholder="All patients from time zero", key=f"entry-{entry.id}", width=520,
        help="Where patients joined after time zero and would not be in the table had they had the "
        "event before (left truncation): at risk from then on.",
    )  # fmt: skip
    return found or ""


def _numbers(text: str) -> tuple[float, ...] | None:
    """Rising numbers above 0; None where there is anything else."""
    try:
        found = [float(part) for part in re.split(r"[\s,;]+", text.strip()) if part]
    except ValueError:
        return None
    return tuple(sorted(set(found))) if all(0 < one < 1e9 for one in found) else None


def _net_benefit(evaluation: Evaluation, label: str) -> None:
    """What alerts at a risk by a horizon would be worth."""
    plots.beside_of(evaluation, "net-benefit", (label,), lambda: (
        decisions.at_horizon(evaluation, label), decisions.at_horizon_caption(evaluation, label),
        tables.net_benefit(evaluation),
    ))  # fmt: skip


def reported(
    evaluation: Evaluation, threshold: float | None, card: Mapping[str, Any]
) -> list[Picture]:
    """Whether risks by the middle horizon come true, and what alerts at them would be worth."""
    labels = [*evaluation.curves]
    label = labels[len(labels) // 2] if labels else ""
    return [
        curves.reported_calibration(evaluation, label),
        (f"{NET_BENEFIT} {evaluation.outcome.shown(label)}",
         decisions.at_horizon(evaluation, label), decisions.at_horizon_caption(evaluation, label)),
    ] if label else []  # fmt: skip


CURVES = curves.CURVES | {NET_BENEFIT: _net_benefit}
