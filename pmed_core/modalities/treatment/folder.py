"""What there is of treatments; see ``contracts.Folder``. A module is loaded when it is asked
for."""

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
    from pmed_core.modalities.treatment import answers

    return answers


def computing() -> Computing:
    from pmed_core.modalities.treatment import computing

    return computing


def costing() -> Costing:
    from pmed_core.modalities.treatment import cost

    return cost


def exporting() -> Exporting:
    from pmed_core.modalities.contracts import NotExported

    return NotExported(
        "A model of treatment effects cannot be written as ONNX: "
        "it compares several models of one outcome"
    )


def reading() -> Reading:
    from pmed_core.modalities.tabular import reading

    return reading


def shell() -> Shell:
    from pmed_core.modalities.tabular import shell

    return shell
