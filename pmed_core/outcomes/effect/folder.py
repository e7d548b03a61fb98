"""What there is of this kind; see ``contracts.Folder``. A module is loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pmed_core.errors import UserError

if TYPE_CHECKING:
    from pmed_core.outcomes.contracts import Checking, Evaluating, Graphing, Learning


def learning() -> Learning:
    from pmed_core.outcomes.effect import learning

    # An effect is never observed, so that no loss and no cells are its own: what is learnt is its
    # outcome, by the modality of treatments. Splits and refusals are all that is left.
    return cast("Learning", learning)


def evaluating() -> Evaluating:
    from pmed_core.outcomes.effect import evaluation

    return evaluation


def checking() -> Checking:
    from pmed_core.outcomes.effect import checks

    return checks


def graphing() -> Graphing:
    raise UserError(
        "An effect cannot be written as ONNX", "", "It compares several models of one outcome."
    )
