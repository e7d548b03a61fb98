"""What there is of this kind; see ``contracts.Folder``. A module is loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmed_core.outcomes.contracts import Checking, Evaluating, Graphing, Learning


def learning() -> Learning:
    from pmed_core.outcomes.time_to_event import learning

    return learning


def evaluating() -> Evaluating:
    from pmed_core.outcomes.time_to_event import evaluation

    return evaluation


def checking() -> Checking:
    from pmed_core.outcomes.time_to_event import checks

    return checks


def graphing() -> Graphing:
    from pmed_core.outcomes.time_to_event import graph

    return graph
