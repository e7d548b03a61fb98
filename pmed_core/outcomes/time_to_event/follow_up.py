"""When patients were followed: from columns of durations or dates to times since time zero."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from pmed_core.arrays import Floats
from pmed_core.event_words import meanings

if TYPE_CHECKING:
    import pandas as pd

DAYS = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}
"""Of one unit."""
UNITS = {
    "days": "days|day|tage|jours|d", "weeks": "weeks|week|wk|wks|wochen",
    "months": "months|month|mo|mos|monate|mois|m",
    "years": "years|year|yr|yrs|jahre|ans|y",
}  # fmt: skip
NOT_SEEN = re.compile("cens|lost|withdr|drop|end of|unknown")
"""In words for patients who were last seen without the event."""


def unit_of(name: str) -> str:
    """The unit of time that a column's name tells; "time units" where it tells none."""
    words = re.split(r"[^a-z]+", name.casefold())
    found = (unit for unit, known in UNITS.items() if set(known.split("|")) & set(words))
    return next(found, "time units")


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
        v for v in others if told[v] != "none" and v != "0" and not NOT_SEEN.search(v.casefold())
    )
    # A single other value, whatever it is called, is that nothing was seen.
    return found if len(found) < len(others) else ()
