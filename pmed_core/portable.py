"""Whether a model can leave as a file that other programs run; loads nothing that computes."""

from __future__ import annotations

from importlib.util import find_spec

from pmed_core.errors import UserError
from pmed_core.modalities import Modality
from pmed_core.modalities.kinds import exporting

FILE = "model.onnx"
NEEDED = ("onnx", "onnxruntime")


def refused(modality: Modality) -> UserError | None:
    """Why no model of this kind can be exported here; None where it can."""
    if why := exporting(modality).REFUSED:
        return UserError(why, "", "Export the model package instead.")
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        return UserError(
            f"Not installed, and needed to write ONNX: {', '.join(missing)}", "",
            "pip install -r requirements-export.txt",
        )  # fmt: skip
    return None
