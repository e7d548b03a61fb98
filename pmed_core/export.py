"""The work of writing a model as a file that other programs run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Export:
    """Write a model as ONNX into a room that only passes, named by its token -> ""."""

    model: str
    room: str
    kind: Literal["export"] = "export"
