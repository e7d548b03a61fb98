"""The one place where the kinds of outcome are told apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from pmed_core import outcomes
from pmed_core.outcomes import Outcome
from pmed_core.quality import Severity

if TYPE_CHECKING:
    from pmed_core.cohort import Cohort
    from pmed_core.outcomes.contracts import Checking, Evaluating, Folder, Graphing, Learning
    from pmed_core.quality import Finding


def _folder(outcome: Outcome) -> Folder:
    match outcome:
        case outcomes.Classes():
            from pmed_core.outcomes.classes import folder as of_classes

            return of_classes
        case outcomes.Effect():
            from pmed_core.outcomes.effect import folder as of_effect

            return of_effect
        case outcomes.Number():
            from pmed_core.outcomes.number import folder as of_number

            return of_number
        case outcomes.Several():
            from pmed_core.outcomes.several import folder as of_several

            return of_several
        case outcomes.TimeToEvent():
            from pmed_core.outcomes.time_to_event import folder as of_time_to_event

            return of_time_to_event
        case outcomes.YesNo():
            from pmed_core.outcomes.yes_no import folder as of_yes_no

            return of_yes_no
        case _:
            assert_never(outcome)


def learning(outcome: Outcome) -> Learning:
    """How it is learnt; loads Keras."""
    return _folder(outcome).learning()


def evaluating(outcome: Outcome) -> Evaluating:
    """How predictions of it are evaluated."""
    return _folder(outcome).evaluating()


def findings(cohort: Cohort) -> list[Finding]:
    """What is worth knowing of the outcome; where something is made of another outcome, of that
    too: a copy of it among the inputs leaves no effect to be seen."""
    outcome = cohort.chosen_outcome()
    found = checking(outcome).findings(cohort)
    if outcome.learnt is outcome:
        return found
    learnt = replace(cohort, outcome=outcome.learnt)
    return [*found, *checking(outcome.learnt).findings(learnt)]


def serious(cohort: Cohort) -> list[Finding]:
    """Of these what whoever trains must be told, in the shell and beside the model too."""
    return [one for one in findings(cohort) if one.severity is Severity.SERIOUS]


def checking(outcome: Outcome) -> Checking:
    """What is worth knowing about it before training."""
    return _folder(outcome).checking()


def graphing(outcome: Outcome) -> Graphing:
    """How it is computed by ONNX operators; raises ``UserError`` where it cannot be."""
    return _folder(outcome).graphing()
