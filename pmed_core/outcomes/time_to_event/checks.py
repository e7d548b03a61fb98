"""What is worth knowing about times before training; see ``contracts.Checking``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evaluation import Curve
from pmed_core.outcomes import balance as shared
from pmed_core.outcomes.time_to_event import TimeToEvent, follow_up, grid, immortal
from pmed_core.quality import Finding, Severity
from pmed_core.quantity import counted
from pmed_core.readers.leakage import leaks
from pmed_core.variable import Kind, Role, readable

POINTS = 200
FAR = 10
"""Widths of the middle half beyond which a time is called extreme."""
Doubles = NDArray[np.float64]


def totals(cohort: Cohort) -> tuple[tuple[str, int], ...]:
    """The event, another that competes where there are any, and last seen without one."""
    outcome, observed = _outcome(cohort), cohort.observed()
    another = cohort.table[outcome.column].isin(outcome.competing).to_numpy(dtype=bool)
    found = {
        "event": observed == 1,
        "competing event": (observed == 0) & another,
        "last seen without": (observed == 0) & ~another,
    }
    return tuple(
        (name, int(rows.sum())) for name, rows in found.items()
        if outcome.competing or not name.startswith("competing")
    )  # fmt: skip


def balance(cohort: Cohort) -> Finding:
    outcome, target = _outcome(cohort), cohort.target()
    known = target.select(target.observed >= 0)
    event = known.observed == 1
    sentence = f"The event was seen in {event.sum()} of {len(known)} {shared.who(cohort)}."
    if len(known):
        # Follow-up as if nobody had the event (Schemper & Smith, Control Clin Trials 1996), from
        # when each came into view.
        followed = known.time - known.entry if known.entry.size else known.time
        times, left = grid.kaplan_meier(followed, ~event)
        half = times[left <= 0.5]
        longest = f"more than {readable(float(followed.max()))}"
        middle = readable(float(half[0])) if len(half) else longest
        sentence += f" Half of them were followed for {middle} {outcome.unit}."
    return shared.found(cohort, sentence, int(event.sum()), "outcome with a usable time")


def incidences(cohort: Cohort) -> dict[str, Curve]:
    """Of the event and of each that competes (Aalen-Johansen), to the 95th percentile of
    follow-up."""
    outcome, target = _outcome(cohort), cohort.target()
    if not outcome.competing:
        return {}
    known = target.observed >= 0
    seen = target.select(known)
    values = cohort.table[outcome.column][known]
    cause = np.where(seen.observed == 1, 1, 0)
    for number, value in enumerate(outcome.competing, 2):
        cause[(values == value).to_numpy(dtype=bool)] = number
    times, *found = grid.aalen_johansen(seen.time, cause, seen.entry)
    ends = np.linspace(0, np.quantile(seen.time, 0.95), POINTS)
    place = np.searchsorted(times, ends, side="right")
    shares, errors = (np.concatenate([[0 * each[0]], each])[place].T for each in found)
    called = dict(outcome.names)
    names = [
        " or ".join(dict.fromkeys(called.get(value, value) for value in values))
        for values in (outcome.positive, *((value,) for value in outcome.competing))
    ]
    return {
        name: Curve(*(tuple(line.tolist()) for line in (ends, share, *grid.bounds(share, error))))
        for name, share, error in zip(names, shares, errors, strict=False)
    }


def completed(cohort: Cohort, outcome: TimeToEvent, chosen: Sequence[Any]) -> Cohort:
    """With the time beside the event; other known values are a competing event where their words
    do not say that nothing happened, unless it is said which are."""
    event = chosen[0]
    for name in outcome.columns[1:]:
        _refuse_other(cohort, outcome, name)
    events, others = event.spellings
    said = bool(outcome.negative or outcome.competing)
    competing = outcome.competing if said else follow_up.competing(others)
    if strange := [value for value in competing if value not in others]:
        raise UserError(
            f"'{strange[0]}' is no other value of '{outcome.column}'", cohort.name,
            f"Competing events can be: {', '.join(map(repr, others[:10]))}.",
        )  # fmt: skip
    made = TimeToEvent(
        outcome.column, outcome.time, events, tuple(v for v in others if v not in competing),
        competing, _unit(cohort, outcome), outcome.since, outcome.entry, outcome.horizons,
        event.names,
    )  # fmt: skip
    variables = tuple(
        replace(v, role=Role.OUTCOME) if v.name in outcome.columns[1:] else v
        for v in cohort.variables
    )
    found = replace(cohort, variables=variables, outcome=made)
    target = found.target()
    _refuse_times_of_events_alone(found)
    known = target.select(target.observed >= 0)
    if len(known):
        # Of later times nobody knows; a course that stays level there would be no risk.
        replace(made, cuts=(0.0, float(known.time.max()))).at(made.horizons, cohort.name)
    if not made.horizons and (target.observed == 1).any():
        horizons = grid.horizons(known.time, known.observed == 1)
        found = replace(found, outcome=replace(made, horizons=horizons))
    notes = [*_said(found), *(one.sentence for one in _unused(found))]
    if _outcome(found).horizons != made.horizons:
        shown = ", ".join(_outcome(found).labels)
        notes.append(f"Risks are stated at {shown} {made.unit}: times chosen from the data.")
    return replace(found, notes=(*cohort.notes, *notes))


def _refuse_other(cohort: Cohort, outcome: TimeToEvent, name: str) -> None:
    """Raises ``UserError`` for a column that holds no times, or no dates where dates are asked."""
    wanted, variable = Kind.DATE if outcome.since else Kind.NUMBER, cohort.variable(name)
    twice = outcome.columns.count(name) > 1
    if variable.kind is wanted and not twice:
        return
    if outcome.since:
        raise UserError(
            f"'{name}' is no column of dates" if not twice else f"'{name}' is chosen twice",
            cohort.name, "Choose two columns of dates: when time begins, and when the patient had "
            "the event or was last seen.",
        )  # fmt: skip
    remedy = (
        "Choose the column that holds, as a number, the time to the event or to when the patient "
        "was last seen."
    )
    if variable.kind is Kind.DATE:
        remedy += " Or choose the date from which it is counted too."
    raise UserError(f"'{name}' is no column of times", cohort.name, remedy)


def _refuse_times_of_events_alone(cohort: Cohort) -> None:
    """Raises ``UserError`` where a time is told of patients with the event only: who was last seen
    without it, and when, is what keeps their risk honest."""
    outcome, table = _outcome(cohort), cohort.table
    told = table[outcome.column]
    without = (told.notna() & ~told.isin(outcome.positive)).to_numpy(dtype=bool)
    timed = table[outcome.time].notna().to_numpy(dtype=bool)
    if not without.any() or timed[without].any():
        return
    filled = table.notna()
    beside = next((
        f" ('{v.name}' may hold the latter)" for v in cohort.variables
        if v.kind is cohort.variable(outcome.time).kind and v.name not in outcome.columns
        and filled[v.name][without].mean() > 0.5 and not filled[v.name][timed].any()
    ), "")  # fmt: skip
    raise UserError(
        f"'{outcome.time}' tells a time of patients with the event alone, and of none of the "
        f"{int(without.sum()):,} without it", cohort.name,
        f"Write into one column when each patient had the event, or else was last seen{beside}.",
    )  # fmt: skip


def _unit(cohort: Cohort, outcome: TimeToEvent) -> str:
    """As chosen or told by the column; of dates months where it is not chosen."""
    if not outcome.since:
        told = cohort.variable(outcome.time).unit
        return outcome.unit or follow_up.called(told) or follow_up.unit_of(outcome.time)
    unit = outcome.unit or "months"
    if unit not in follow_up.DAYS:
        raise UserError(
            f"Dates cannot be counted in '{unit}'", cohort.name,
            f"The unit can be: {', '.join(follow_up.DAYS)}.",
        )  # fmt: skip
    return unit


def _said(cohort: Cohort) -> list[str]:
    outcome = _outcome(cohort)
    unit = outcome.unit
    if unit == follow_up.NO_UNIT:
        unit += ", as neither its name nor its cells say which"
    said = [
        f"'{outcome.time}' is the time to the event, or to when the patient was last seen, in "
        f"{unit}."
    ]
    if outcome.since:
        said = [
            f"Time is counted in {outcome.unit} from '{outcome.since}' to '{outcome.time}', the "
            "date of the event or on which the patient was last seen."
        ]
    if outcome.entry:
        said.append(
            f"Patients count as at risk from '{outcome.entry}' on: a patient with the event before "
            "it could not be in the table (left truncation)."
        )
    if outcome.competing:
        shown = ", ".join(f"'{value}'" for value in outcome.competing)
        said.append(
            f"{shown} of '{outcome.column}' counts as a competing event: such a patient counts as "
            "last seen then."
        )
    return said


def findings(cohort: Cohort) -> list[Finding]:
    time = cohort.target().time
    return [*_times(cohort), *leaks(cohort), *immortal.findings(cohort, time)]


def _times(cohort: Cohort) -> list[Finding]:
    """Times that cannot be used, with why, and those that may be mistakes."""
    outcome, found = _outcome(cohort), _unused(cohort)
    time, entry = outcome.times(cohort.table)
    if entry.size:
        told = cohort.table[outcome.column].notna().to_numpy(dtype=bool)
        found += [*_from_zero(cohort, told & (time > 0)), *_before_most(cohort)]
    return found + _far(outcome, cohort.target().time)


def _unused(cohort: Cohort) -> list[Finding]:
    """Patients of whom it is known what happened, but not when, or not at a time that can be."""
    outcome = _outcome(cohort)
    time, entry = outcome.times(cohort.table)
    happened = cohort.table[outcome.column].notna().to_numpy(dtype=bool)
    known = np.isfinite(time) & happened
    what = f"'{outcome.time}' is 0 or less"
    if outcome.since:
        what = f"'{outcome.time}' is not after '{outcome.since}'"
    told = f"'{outcome.since}' or '{outcome.time}'" if outcome.since else f"'{outcome.time}'"
    found = _not_used(outcome, int((happened & ~np.isfinite(time)).sum()), f"{told} is unknown")
    found += _not_used(outcome, int((known & ~(time > 0)).sum()), what)
    if entry.size:
        late = int((known & (time > 0) & ~(entry < time)).sum())
        found += _not_used(outcome, late, f"'{outcome.entry}' is not before '{outcome.time}'")
    return found


def _finding(outcome: TimeToEvent, sentence: str, remedy: str) -> Finding:
    return Finding("time of the outcome", Severity.WARNING, sentence, remedy, outcome.columns[1:])


def _not_used(outcome: TimeToEvent, count: int, what: str) -> list[Finding]:
    if not count:
        return []
    who = f"{counted(count, 'patient')}, who {'is' if count == 1 else 'are'}"
    sentence = f"{what} for {who} not used."
    remedy = "Was it counted from the same moment for everybody, before the event could happen?"
    return [_finding(outcome, sentence, remedy)]


def _from_zero(cohort: Cohort, used: NDArray[np.bool_]) -> list[Finding]:
    """Patients of whom it is not known when they came into view, or who came before time zero."""
    outcome = _outcome(cohort)
    entry = follow_up.times(cohort.table, outcome.entry, outcome.since, outcome.unit)
    count = int((used & ~np.isfinite(entry)).sum())
    if not count:
        return []
    who = counted(count, "patient")
    sentence = f"'{outcome.entry}' is unknown for {who}, at risk from time zero on."
    return [_finding(outcome, sentence, "Leave them out if they too came into view later.")]


def _before_most(cohort: Cohort) -> list[Finding]:
    """Events when hardly anybody was in view yet."""
    outcome, target = _outcome(cohort), cohort.target()
    seen = target.select(target.observed >= 0)
    begun = grid.first_counted(seen.time, seen.entry)
    count = int(((seen.observed == 1) & (seen.time < begun)).sum())
    if not count:
        return []
    sentence = (
        f"Hardly any patient is in view before {readable(begun)} {outcome.unit}: of "
        f"{counted(count, 'patient')} with the event before that no risk is estimated, and all "
        "risks are of those who come so far without it."
    )
    return [_finding(outcome, sentence, "Is it counted from a time zero that patients can reach?")]


def _far(outcome: TimeToEvent, time: Doubles) -> list[Finding]:
    """Times so much longer than all others that they may be codes, or in another unit."""
    known = time[np.isfinite(time)]
    if not len(known):
        return []
    first, last = np.quantile(known, [0.25, 0.75])
    far = known[known > last + FAR * (last - first)]
    if not len(far) or last == first:
        return []
    sentence = (
        f"'{outcome.time}' is far longer than all others for {counted(len(far), 'patient')} (up to "
        f"{readable(float(far.max()), 6)} {outcome.unit}; three quarters have less than "
        f"{readable(float(last))})."
    )
    return [_finding(outcome, sentence, "Look them up: is it a code, or another unit?")]


def _outcome(cohort: Cohort) -> TimeToEvent:
    outcome = cohort.chosen_outcome()
    if not isinstance(outcome, TimeToEvent):
        raise TypeError(f"Expected a time to event. Received: {outcome}")
    return outcome
