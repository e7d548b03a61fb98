"""How much machine time a user may use in a day, what is left of it, and when more comes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from pmed_core.errors import UserError
from pmed_core.quantity import counted

DAY = 24 * 3600.0
MOST_HOURS = 10_000
"""Of a day's quota, which no number of machines and jobs exceeds."""


@dataclass(frozen=True)
class Quota:
    """The quota of one user: so much in any 24 hours.

    Attributes:
        seconds: that may be used.
        spans: when jobs of the user ran in the last day: (from, to), in seconds before now.
        expected: seconds that those which wait or run are still expected to take.
        unknown: projects of the user that cannot be opened, whose jobs are not counted.
    """

    seconds: float
    spans: tuple[tuple[float, float], ...] = ()
    expected: float = 0.0
    unknown: int = 0

    @property
    def left(self) -> float:
        """Seconds that nothing has used or is expected to use."""
        used = sum(began - ended for began, ended in self.spans)
        return max(0.0, self.seconds - used - self.expected)

    def until(self, wanted: float) -> float | None:
        """Seconds until so many are left, where nothing else is used meanwhile; None where they
        are not within a day."""
        # What was used is given back a day later, as it was used: evenly between these moments.
        moments = sorted({0.0, *(DAY - one for span in self.spans for one in span)})
        lacking = [wanted - self.seconds + self.expected + self._used(one) for one in moments]
        if lacking[0] <= 0:
            return 0.0
        for (begin, end), (more, less) in zip(pairwise(moments), pairwise(lacking), strict=True):
            if less <= 0:
                return begin + (end - begin) * more / (more - less)
        return None

    def _used(self, later: float) -> float:
        """What still counts after so many seconds."""
        return sum(max(0.0, min(began, DAY - later) - ended) for began, ended in self.spans)

    def sentence(self) -> str:
        """What is left, without a full stop."""
        left = machine_time(self.left, math.floor)
        said = f"you have {left} left of your {machine_time(self.seconds)} of machine time a day"
        if not self.unknown:
            return said
        projects = counted(self.unknown, "project")
        return f"{said}, without what was used in {projects} that cannot be opened"

    def check(self, wanted: float) -> None:
        """Raise ``UserError`` where a job that is expected to take so many seconds is too much; 0:
        nobody knows how many."""
        needed = max(wanted, 1.0)
        later = self.until(needed)
        if later == 0.0:
            return
        much = f"about {machine_time(wanted, math.ceil)}" if wanted else "machine time"
        if needed > self.seconds:
            less = "Choose less (fewer inputs, folds or epochs), or ask" if wanted else "Ask"
            remedy = f"{less} an administrator for more."
        elif later is None:
            remedy = "Wait until your other jobs are done, or stop one of them."
        else:
            when = time.strftime("%-d %b, %H:%M", time.localtime(time.time() + later + 60))
            remedy = f"Enough is left from {when} on."
        raise UserError(f"This needs {much}; {self.sentence()}", "", remedy)


def machine_time(seconds: float, rounded: Callable[[float], float] = round) -> str:
    """ "12 minutes", "1.5 hours"."""
    seconds = round(seconds, 6)  # what is a whole minute but for the last bit is one
    if seconds < 60:
        whole, unit = rounded(seconds), "second"
    elif seconds < 90 * 60:
        whole, unit = rounded(seconds / 60), "minute"
    else:
        whole, unit = rounded(seconds / 360) / 10, "hour"
    return f"{whole:,g} {unit}" if whole == 1 else f"{whole:,g} {unit}s"
