"""What is predicted: the nouns of each kind.

A kind is a folder: its noun in ``__init__``, ``learning`` (head, loss, link) and ``evaluation``
(measures). Which modules belong to which noun is said in ``outcomes.kinds`` and nowhere else;
everything else asks the noun or one of these modules.
"""

from __future__ import annotations

from pmed_core.outcomes.classes import Classes as Classes
from pmed_core.outcomes.effect import Arms as Arms
from pmed_core.outcomes.effect import Effect as Effect
from pmed_core.outcomes.events import spans as spans
from pmed_core.outcomes.number import Number as Number
from pmed_core.outcomes.several import Several as Several
from pmed_core.outcomes.target import Target as Target
from pmed_core.outcomes.time_to_event import TimeToEvent as TimeToEvent
from pmed_core.outcomes.yes_no import YesNo as YesNo

Outcome = YesNo | Classes | TimeToEvent | Number | Several | Effect
