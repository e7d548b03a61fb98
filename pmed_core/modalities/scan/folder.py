"""What there is of scans; see ``contracts.Folder``. A module is loaded when it is asked for."""

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
    from pmed_core.modalities.scan import answers

    return answers


def computing() -> Computing:
    from pmed_core.modalities.scan import computing

    return computing


def costing() -> Costing:
    from pmed_core.modalities.scan import cost

    return cost


def exporting() -> Exporting:
    from pmed_core.modalities.contracts import NotExported

    return NotExported(
        "A model of scans cannot be written as ONNX: "
        "what it says is a mean over shifted copies of a scan, which the program makes"
    )


def reading() -> Reading:
    from pmed_core.modalities.scan import reading

    return reading


def shell() -> Shell:
    from pmed_core.modalities.scan import shell

    return shell
