"""What a user may take out of the program for others to run."""

from __future__ import annotations

from pmed_core import portable
from pmed_core.accounts import Right
from pmed_core.errors import UserError
from pmed_core.export import Export
from pmed_core.sealing.files import read
from pmed_core.service.access import may
from pmed_core.service.entries import ModelEntry
from pmed_core.service.hub import hub

SECONDS = 300


@may(Right.LOOK)
def why_not_onnx(entry: ModelEntry) -> UserError | None:
    """Why a model cannot be written as ONNX here; None where it can."""
    return portable.refused(entry.modality)


@may(Right.BUILD)
def onnx(model_id: str) -> bytes:
    """The model as ONNX, checked by onnxruntime; raises ``UserError``."""
    with hub().store.passing.room() as room:
        hub().engine.ask(Export(model_id, room.name), SECONDS)
        return read(room / portable.FILE)
