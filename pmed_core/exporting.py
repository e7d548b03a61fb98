"""A model as a file of its own that other programs run: ONNX."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from pmed_core.errors import UserError
from pmed_core.modalities.contracts import Written
from pmed_core.modalities.kinds import exporting
from pmed_core.portable import FILE, refused
from pmed_core.sealing import files
from pmed_core.settings import RESEARCH_ONLY, VERSION

if TYPE_CHECKING:
    from pmed_core.export import Export
    from pmed_core.predictor import Predictor
    from pmed_core.store.store import Store

AGREEMENT = 1e-5
"""Between the file and the model, of a probability, or of the span of an amount."""
LIMITS = (
    "Values without intervals. Where 'outside' is true the row is unlike those of training: do "
    "not rely on its value. A text that is not among the categories of its input counts as none of "
    "them, and nothing says so."
)


def as_onnx(predictor: Predictor, digest: str) -> bytes:
    """The whole prediction as ONNX, once onnxruntime has said the same of the model's test cases.

    ``digest``: sha256 of the manifest of its package. Raises ``UserError`` where it cannot be
    written, or does not say the same.
    """
    if (error := refused(predictor.modality)) is not None:
        raise UserError(error.what, predictor.name, error.remedy)
    written = exporting(predictor.modality).written(predictor.ensemble)
    outputs = [one.name for one in written.graph.outputs]
    about = {
        "notice": RESEARCH_ONLY, "limits": LIMITS, "pmed": VERSION, "package_sha256": digest,
        "outcome": predictor.outcome.described(),
        "inputs": json.dumps(list(written.inputs), ensure_ascii=False),
        "outputs": json.dumps(_described(predictor, outputs), ensure_ascii=False),
    }  # fmt: skip
    data = written.graph.as_bytes("pmed", f"{RESEARCH_ONLY} {LIMITS}", about)
    _repeated(data, written, predictor.name)
    return data


def _described(predictor: Predictor, outputs: list[str]) -> list[dict[str, str]]:
    outcome = predictor.outcome
    said = [
        {"name": name, "of": label, "is": quantity.name, "unit": quantity.unit}
        for name, label, quantity in zip(outputs, outcome.labels, outcome.quantities, strict=False)
    ]
    return [*said, {"name": outputs[-1], "is": "unlike the rows of training"}]


def _repeated(data: bytes, written: Written, name: str) -> None:
    """Raises ``UserError`` where onnxruntime says anything else than the model."""
    found, said = run(data, written.cells), written.said
    value, outside = np.stack(found[:-1], axis=1), found[-1]
    apart = np.abs(value - said.value) / written.scale
    # NaN agrees with nothing.
    if not (apart <= AGREEMENT).all() or not (outside == said.outside).all():
        raise UserError(
            "The exported file does not say what the model says, so it is not handed out", name,
            "Tell the developers; the model package can be exported.",
        )  # fmt: skip


def run(data: bytes, cells: dict[str, Any]) -> list[Any]:
    """What onnxruntime computes of rows."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return list(session.run(None, cells))


def export(work: Export, store: Store) -> str:
    """Into the room that waits for it; raises ``UserError``."""
    from pmed_core.loaded import any_model, package_digest

    room = store.passing.find(work.room)
    if room is None:
        raise UserError("Nobody waits for this file any more", "", "Ask for it again.")
    digest = package_digest(store.models.package(work.model))
    files.write(room / FILE, as_onnx(any_model(work.model, store), digest))
    return ""
