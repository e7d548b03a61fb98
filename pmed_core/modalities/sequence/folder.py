"""What there is of sequences; see ``contracts.Folder``. A module is loaded when it is asked for."""

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
    from pmed_core.modalities.sequence import answers

    return answers


def computing() -> Computing:
    from pmed_core.modalities.sequence import computing

    return computing


def costing() -> Costing:
    from pmed_core.modalities.sequence import cost

    return cost


def exporting() -> Exporting:
    from pmed_core.modalities.contracts import NotExported

    return NotExported(
        "A model of sequences cannot be written as ONNX: no operator reads letters one by one"
    )


def reading() -> Reading:
    from pmed_core.modalities.sequence import reading

    return reading


def shell() -> Shell:
    from pmed_core.modalities.sequence import shell

    return shell
