"""What is worth knowing about times before training; see ``contracts.Checking``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.event_words import meanings
from pmed_core.outcomes import balance as shared
from pmed_core.outcomes.time_to_event import TimeToEvent, grid
from pmed_core.quality import Finding, Severity
from pmed_core.readers.leakage import leaks
from pmed_core.variable import Kind, Role


def totals(cohort: Cohort) -> tuple[tuple[str, int], ...]:
    """The event, and last seen without it."""
    observed = cohort.observed()
    return (
        ("event", int((observed == 1).sum())), ("last seen without", int((observed == 0).sum()))
    )  # fmt: skip


def balance(cohort: Cohort) -> Finding:
    outcome, target = _outcome(cohort), cohort.target()
    known = target.select(target.observed >= 0)
    event = known.observed == 1
    sentence = f"The event was seen in {event.sum()} of {len(known)} {shared.who(cohort)}."
    if len(known):
        # Follow-up as if nobody had the event (Schemper & Smith, Control Clin Trials 1996).
        times, left = grid.kaplan_meier(known.time, ~event)
        half = times[left <= 0.5]
        middle = f"{half[0]:.3g}" if len(half) else f"more than {known.time.max():.3g}"
        sentence += f" Half of them were followed for {middle} {outcome.unit}."
    return shared.found(cohort, sentence, int(event.sum()))


def completed(cohort: Cohort, outcome: TimeToEvent, chosen: Sequence[Any]) -> Cohort:
    """With the time beside the event; other known values are a competing event where their words
    do not say that nothing happened."""
    event, time = chosen[0], cohort.variable(outcome.time)
    if time.kind is not Kind.NUMBER or time.name == outcome.column:
        raise UserError(
            f"'{time.name}' is no column of times", cohort.name,
            "Choose the column that holds, as a number, the time to the event or to when the "
            "patient was last seen.",
        )  # fmt: skip
    events, others = event.spellings
    competing = _competing(others)
    made = TimeToEvent(
        outcome.column, outcome.time, events, tuple(v for v in others if v not in competing),
        outcome.competing or competing, outcome.unit or time.unit or unit_of(time.name),
        outcome.horizons, event.names,
    )  # fmt: skip
    variables = tuple(
        replace(v, role=Role.OUTCOME) if v.name == outcome.time else v for v in cohort.variables
    )
    found = replace(cohort, variables=variables, outcome=made)
    target = found.target()
    if not made.horizons and (target.observed == 1).any():
        known = target.select(target.observed >= 0)
        horizons = grid.horizons(known.time, known.observed == 1)
        found = replace(found, outcome=replace(made, horizons=horizons))
    said = [*_said(found)]
    if _outcome(found).horizons != made.horizons:
        shown = ", ".join(_outcome(found).labels)
        said.append(f"Risks are stated at {shown} {made.unit}: times chosen from the data.")
    return replace(found, notes=(*cohort.notes, *said))


def _competing(others: tuple[str, ...]) -> tuple[str, ...]:
    """Of the values that are not the event those that say that something else happened."""
    told = dict(zip(others, meanings(others), strict=True))
    found = tuple(
        v for v in others if told[v] != "none" and v != "0" and not NOT_SEEN.search(v.casefold())
    )
    # A single other value, whatever it is called, is that nothing was seen.
    return found if len(found) < len(others) else ()


def _said(cohort: Cohort) -> list[str]:
    outcome = _outcome(cohort)
    said = [
        f"'{outcome.time}' is the time to the event, or to when the patient was last seen, in "
        f"{outcome.unit}."
    ]
    if outcome.competing:
        shown = ", ".join(f"'{value}'" for value in outcome.competing)
        said.append(
            f"{shown} of '{outcome.column}' counts as a competing event: such a patient counts as "
            "last seen then."
        )
    return said


NOT_SEEN = re.compile("cens|lost|withdr|drop|end of|unknown")
"""In words for patients who were last seen without the event."""
UNITS = {
    "days": "days|day|tage|jours|d", "weeks": "weeks|week|wk|wks|wochen",
    "months": "months|month|mo|mos|monate|mois|m",
    "years": "years|year|yr|yrs|jahre|ans|y",
}  # fmt: skip


def unit_of(name: str) -> str:
    """The unit of time that a column's name tells; "time units" where it tells none."""
    words = re.split(r"[^a-z]+", name.casefold())
    found = (unit for unit, known in UNITS.items() if set(known.split("|")) & set(words))
    return next(found, "time units")


def findings(cohort: Cohort) -> list[Finding]:
    return [*_impossible(cohort), *leaks(cohort)]


def _impossible(cohort: Cohort) -> list[Finding]:
    """Times that are not after zero: the patient is not used."""
    outcome = _outcome(cohort)
    times = pd.to_numeric(cohort.table[outcome.time], errors="coerce")
    known = times.notna() & cohort.table[outcome.column].notna()
    count = int((known & ~(times > 0)).sum())
    if not count:
        return []
    return [
        Finding(
            "time of the outcome", Severity.WARNING,
            f"'{outcome.time}' is 0 or less for {count} {'patient' if count == 1 else 'patients'}, "
            "who are not used.",
            "Was it counted from the same moment for everybody, before the event could happen?",
            (outcome.time,),
        )
    ]  # fmt: skip


def _outcome(cohort: Cohort) -> TimeToEvent:
    outcome = cohort.chosen_outcome()
    if not isinstance(outcome, TimeToEvent):
        raise TypeError(f"Expected a time to event. Received: {outcome}")
    return outcome
