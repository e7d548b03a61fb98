"""A model as a file that other programs run."""

from __future__ import annotations

import hashlib
from argparse import Namespace
from pathlib import Path

import pmed_core
from pmed_core.errors import UserError
from pmed_core.exporting import as_onnx
from pmed_core.files import written_whole
from pmed_core.package_files import MANIFEST
from pmed_core.sealing.files import read
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.shell import terminal


def export(given: Namespace) -> None:
    """Write a model as ONNX; raises ``UserError``."""
    target = Path(given.to)
    if target.suffix.lower() != ".onnx" or target.is_dir():
        raise UserError("Models are exported as ONNX", given.to, "End the name with .onnx.")
    predictor = pmed_core.load(given.model)
    digest = hashlib.sha256(read(Path(given.model) / MANIFEST)).hexdigest()
    data = as_onnx(predictor, digest)
    with written_whole(target) as beside:
        beside.write_bytes(data)
    terminal.say(f"{target} repeats the model's test cases in onnxruntime. {RESEARCH_ONLY}")
