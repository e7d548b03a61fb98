"""What there is of drug response; see ``contracts.Folder``. A module is loaded when it is
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
    from pmed_core.modalities.response import answers

    return answers


def computing() -> Computing:
    from pmed_core.modalities.response import computing

    return computing


def costing() -> Costing:
    from pmed_core.modalities.response import cost

    return cost


def exporting() -> Exporting:
    from pmed_core.modalities.contracts import NotExported

    return NotExported(
        "A model of drug response cannot be written as ONNX: "
        "it reads what RDKit computes from a structure, and whole profiles of genes"
    )


def reading() -> Reading:
    from pmed_core.modalities.response import reading

    return reading


def shell() -> Shell:
    from pmed_core.modalities.response import shell

    return shell
