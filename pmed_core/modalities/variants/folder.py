"""What there is of variants; see ``contracts.Folder``. A module is loaded when it is asked for."""

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
    from pmed_core.modalities.variants import answers

    return answers


def computing() -> Computing:
    from pmed_core.modalities.variants import computing

    return computing


def costing() -> Costing:
    from pmed_core.modalities.variants import cost

    return cost


def exporting() -> Exporting:
    from pmed_core.modalities.contracts import NotExported

    return NotExported("A model of variants cannot be written as ONNX: it reads VCF files")


def reading() -> Reading:
    from pmed_core.modalities.variants import reading

    return reading


def shell() -> Shell:
    from pmed_core.modalities.variants import shell

    return shell
