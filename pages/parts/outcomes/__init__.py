"""How each kind of outcome is chosen and shown: which module belongs to which noun is said here
alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, assert_never

from pages.parts.outcomes import classes, effect, number, several, time_to_event, yes_no
from pmed_core import outcomes as nouns
from pmed_core.evaluation import Evaluation
from pmed_core.outcomes import Outcome
from pmed_core.quality import Summary
from pmed_core.service.entries import CohortEntry
from pmed_core.variable import Variable

if TYPE_CHECKING:
    from pmed_core.reports.performance import Picture


class Showing(Protocol):
    """What the pages ask of a kind of outcome."""

    @property
    def CURVES(self) -> Mapping[str, Callable[[Evaluation, str], None]]:
        """What is drawn of an evaluation, by its name: with one of its labels, or none."""

    def reported(
        self, evaluation: Evaluation, threshold: float | None, card: Mapping[str, Any]
    ) -> list[Picture]:
        """What a report of an evaluation shows, at most two; ``threshold``: where alerts begin;
        ``card``: what the model was trained on."""


class Choosing(Protocol):
    """What the pages ask of a kind of outcome that one column can be."""

    @property
    def WAY(self) -> str:
        """How a column is predicted, on a button."""

    def possible(self, entry: CohortEntry, variable: Variable, summary: Summary) -> bool:
        """Whether a column can be predicted in this way."""

    def asked(
        self, entry: CohortEntry, variable: Variable, sizes: Mapping[str, int]
    ) -> Outcome | None:
        """What else is asked -> the outcome; None while it is not clear. ``sizes``: value ->
        patients, where there are few values."""

    def was_asked(self, outcome: Outcome) -> bool:
        """Whether an outcome was chosen in this way."""


OF_ONE_COLUMN: tuple[Choosing, ...] = (yes_no, classes, number)
"""The likeliest first; what a time makes of yes/no is asked with it."""
OF_SEVERAL_COLUMNS = (several,)


def shown_by(outcome: Outcome) -> Showing:
    """The module that shows it."""
    match outcome:
        case nouns.Classes():
            return classes
        case nouns.Effect():
            return effect
        case nouns.Number():
            return number
        case nouns.Several():
            return several
        case nouns.TimeToEvent():
            return time_to_event
        case nouns.YesNo():
            return yes_no
        case _:
            assert_never(outcome)
