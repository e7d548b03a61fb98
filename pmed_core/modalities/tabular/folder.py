"""What there is of tables; see ``contracts.Folder``. A module is loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmed_core.modalities.contracts import (
        Answering,
        Computing,
        Costing,
        Exporting,
        Reading,
        Shell,
    )


def answering() -> Answering:
    from pmed_core.modalities.tabular import answers

    return answers


def computing() -> Computing:
    from pmed_core.modalities.tabular import computing

    return computing


def costing() -> Costing:
    from pmed_core.modalities.tabular import cost

    return cost


def exporting() -> Exporting:
    from pmed_core.modalities.tabular import exporting

    return exporting


def reading() -> Reading:
    from pmed_core.modalities.tabular import reading

    return reading


def shell() -> Shell:
    from pmed_core.modalities.tabular import shell

    return shell
