"""The one place where the kinds of outcome are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from pmed_core.outcomes import Classes, Number, Outcome, Several, TimeToEvent, YesNo

if TYPE_CHECKING:
    from pmed_core.outcomes.contracts import Checking, Evaluating, Learning


def learning(outcome: Outcome) -> Learning:
    """How it is learnt; loads Keras."""
    match outcome:
        case YesNo():
            from pmed_core.outcomes.yes_no import learning as of_yes_no

            return of_yes_no
        case Classes():
            from pmed_core.outcomes.classes import learning as of_classes

            return of_classes
        case TimeToEvent():
            from pmed_core.outcomes.time_to_event import learning as of_times

            return of_times
        case Number():
            from pmed_core.outcomes.number import learning as of_numbers

            return of_numbers
        case Several():
            from pmed_core.outcomes.several import learning as of_several

            return of_several
        case _:
            assert_never(outcome)


def evaluating(outcome: Outcome) -> Evaluating:
    """How predictions of it are evaluated."""
    match outcome:
        case YesNo():
            from pmed_core.outcomes.yes_no import evaluation as of_yes_no

            return of_yes_no
        case Classes():
            from pmed_core.outcomes.classes import evaluation as of_classes

            return of_classes
        case TimeToEvent():
            from pmed_core.outcomes.time_to_event import evaluation as of_times

            return of_times
        case Number():
            from pmed_core.outcomes.number import evaluation as of_numbers

            return of_numbers
        case Several():
            from pmed_core.outcomes.several import evaluation as of_several

            return of_several
        case _:
            assert_never(outcome)


def checking(outcome: Outcome) -> Checking:
    """What is worth knowing about it before training."""
    match outcome:
        case YesNo():
            from pmed_core.outcomes.yes_no import checks as of_yes_no

            return of_yes_no
        case Classes():
            from pmed_core.outcomes.classes import checks as of_classes

            return of_classes
        case TimeToEvent():
            from pmed_core.outcomes.time_to_event import checks as of_times

            return of_times
        case Number():
            from pmed_core.outcomes.number import checks as of_numbers

            return of_numbers
        case Several():
            from pmed_core.outcomes.several import checks as of_several

            return of_several
        case _:
            assert_never(outcome)
