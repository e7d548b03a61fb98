"""What there is of expression; see ``contracts.Folder``. A module is loaded when it is
asked for."""

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
    from pmed_core.modalities.expression import answers

    return answers


def computing() -> Computing:
    from pmed_core.modalities.expression import computing

    return computing


def costing() -> Costing:
    from pmed_core.modalities.expression import cost

    return cost


def exporting() -> Exporting:
    from pmed_core.modalities.contracts import NotExported

    return NotExported(
        "A model of expression cannot be written as ONNX: "
        "it reads files of profiles, which are matched to its genes by their names"
    )


def reading() -> Reading:
    from pmed_core.modalities.expression import reading

    return reading


def shell() -> Shell:
    from pmed_core.modalities.expression import shell

    return shell
