"""When the event happens: the columns that turn it into a time to event."""

from __future__ import annotations

import re

import streamlit as st

from pages.parts.words import plain, short
from pmed_core.outcomes import Outcome, TimeToEvent, YesNo
from pmed_core.service.entries import CohortEntry
from pmed_core.variable import Kind, Role

UNITS = ("days", "weeks", "months", "years")


def with_time(entry: CohortEntry, event: YesNo) -> Outcome | None:
    """The event itself, or with the time to it; None while what was typed cannot be read."""
    columns = [
        v.name for v in entry.variables
        if v.kind is Kind.NUMBER and v.role is not Role.PATIENT and v.name != event.column
    ]  # fmt: skip
    if not columns or not entry.modality.in_time:
        return event
    before = entry.outcome if entry.outcome and entry.outcome.in_time else None
    time = st.selectbox(
        "Time to the event, or to when the patient was last seen", columns,
        index=columns.index(before.columns[1]) if before else None, format_func=short,
        placeholder="Not over time: predict whether it happens", key=f"time-{entry.id}", width=520,
        help="Choose it for prognosis: patients who were followed for different times count "
        "rightly, and risks are given by time.",
    )  # fmt: skip
    if time is None:
        return event
    told = next(v.unit for v in entry.variables if v.name == time)
    told = before.unit if before and before.columns[1] == time else told
    left, right = st.columns(2)
    with left:
        unit = st.selectbox(
            "Its unit", UNITS, index=UNITS.index(told) if told in UNITS else None,
            placeholder="As the column's name tells", accept_new_options=True,
            key=f"time-unit-{entry.id}",
        )  # fmt: skip
    with right:
        typed = st.text_input(
            "Horizons", ", ".join(before.labels) if before else "", key=f"horizons-{entry.id}",
            placeholder="Chosen from the data", help="Times at which risks are stated: 12, 36, 60.",
        )  # fmt: skip
    horizons = _numbers(typed)
    if horizons is None:
        st.warning(
            f"'{plain(typed)}' holds something else than times above 0.", icon=":material/warning:"
        )
        return None
    return TimeToEvent(
        event.column, time, event.positive, unit=unit or "", horizons=horizons, names=event.names
    )


def _numbers(text: str) -> tuple[float, ...] | None:
    """Rising numbers above 0; None where there is anything else."""
    try:
        found = [float(part) for part in re.split(r"[\s,;]+", text.strip()) if part]
    except ValueError:
        return None
    return tuple(sorted(set(found))) if all(0 < one < 1e9 for one in found) else None
