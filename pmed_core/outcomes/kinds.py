"""The one place where the kinds of outcome are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from pmed_core.outcomes import Classes, Outcome, YesNo

if TYPE_CHECKING:
    from pmed_core.outcomes.contracts import Evaluating, Learning


def learning(outcome: Outcome) -> Learning:
    """How it is learnt; loads Keras."""
    match outcome:
        case YesNo():
            from pmed_core.outcomes.yes_no import learning as of_yes_no

            return of_yes_no
        case Classes():
            from pmed_core.outcomes.classes import learning as of_classes

            return of_classes
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
        case _:
            assert_never(outcome)
