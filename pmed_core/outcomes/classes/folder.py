"""What there is of this kind; see ``contracts.Folder``. A module is loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmed_core.outcomes.contracts import Checking, Evaluating, Graphing, Learning


def learning() -> Learning:
    from pmed_core.outcomes.classes import learning

    return learning


def evaluating() -> Evaluating:
    from pmed_core.outcomes.classes import evaluation

    return evaluation


def checking() -> Checking:
    from pmed_core.outcomes.classes import checks

    return checks


def graphing() -> Graphing:
    from pmed_core.outcomes.classes import graph

    return graph
