"""Model packages as somebody could change them, with sums that fit again."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
from safetensors.numpy import load as tensors_from
from safetensors.numpy import save as tensors_to

Contents = dict[str, bytes]
Change = Callable[[Any], None]


def opened(exported: bytes) -> Contents:
    """The files of a package by name."""
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(contents: Contents) -> bytes:
    """The files as a ZIP."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return held.getvalue()


def resealed(contents: Contents) -> Contents:
    """With a manifest that names the sums of these very files."""
    manifest = json.loads(contents["manifest.json"])
    manifest["sha256"] = {
        name: hashlib.sha256(data).hexdigest()
        for name, data in contents.items()
        if name != "manifest.json"
    }
    return contents | {"manifest.json": json.dumps(manifest).encode()}


def with_json(contents: Contents, name: str, change: Change) -> Contents:
    """With one of its JSON files changed in place."""
    plain = json.loads(contents[name])
    change(plain)
    return resealed(contents | {name: json.dumps(plain).encode()})


def with_bytes(contents: Contents, name: str, data: bytes) -> Contents:
    """With one of its files replaced."""
    return resealed(contents | {name: data})


def with_weights(contents: Contents, change: Callable[[Any], Any]) -> Contents:
    """With each array of the networks changed."""
    name = "weights.safetensors"
    arrays = tensors_from(contents[name])
    changed = {path: np.ascontiguousarray(change(array)) for path, array in arrays.items()}
    return with_bytes(contents, name, tensors_to(changed))
