"""When patients were followed: from columns of durations or dates to times since time zero."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from pmed_core.arrays import Floats
from pmed_core.event_words import left_view, meanings

if TYPE_CHECKING:
    import pandas as pd

DAYS = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}
"""Of one unit."""
UNITS = {
    "minutes": "minutes|minute|mins|minuten|minutos",
    "hours": "hours|hour|hr|hrs|h|stunden|heures|horas",
    "days": "days|day|tage|jours|dias|días|giorni|dagen|d",
    "weeks": "weeks|week|wk|wks|wochen|semaines|semanas",
    "months": "months|month|mo|mos|monate|mois|meses|mesi|maanden|m",
    "years": "years|year|yr|yrs|jahre|jahren|ans|années|años|anni|y",
}  # fmt: skip
NO_UNIT = "time units"
NOT_SEEN = re.compile("cens|end of|unknown")
"""In words for patients who were last seen without the event."""


def unit_of(name: str) -> str:
    """The unit of time that a column's name tells; ``NO_UNIT`` where it tells none."""
    words = re.split(r"[\W\d_]+", name.casefold())
    found = (unit for unit, known in UNITS.items() if set(known.split("|")) & set(words))
    return next(found, NO_UNIT)


def called(unit: str) -> str:
    """A unit as it is called here: "weeks" for "wk" and "Wochen"; as it is where none is known."""
    found = unit_of(unit)
    return unit if found == NO_UNIT else found


def times(table: pd.DataFrame, column: str, since: str, unit: str) -> Floats:
    """(n,) times in a column: numbers, or dates counted from those in ``since`` where it names a
    column; NaN unknown."""
    import pandas as pd

    if not since:
        return pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=np.float64)
    late, early = (pd.to_datetime(table[name], errors="coerce") for name in (column, since))
    days = (late - early).dt.total_seconds().to_numpy(dtype=np.float64) / 86_400
    return np.asarray(days / DAYS[unit])


def competing(others: tuple[str, ...]) -> tuple[str, ...]:
    """Of the values that are not the event those that say that something else happened."""
    told = dict(zip(others, meanings(others), strict=True))
    found = tuple(
        v
        for v in others
        if told[v] != "none" and v != "0" and not left_view(v) and not NOT_SEEN.search(v.casefold())
    )
    # A single other value, whatever it is called, is that nothing was seen.
    return found if len(found) < len(others) else ()
