"""Model packages that claim more than a machine has."""

from __future__ import annotations

import functools
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.reliability.made import installation
from pmed_core.service import models
from tests.service.forged import Contents, opened, packed, resealed, with_bytes, with_json

Make = Callable[[Path], Path]


@functools.cache
def contents(home: Path) -> tuple[tuple[str, bytes], ...]:
    """The files of a healthy package."""
    _, model = installation(home, "local")
    return tuple(opened(models.export(model)).items())


def _made(forge: Callable[[Contents], bytes]) -> Make:
    def make(folder: Path) -> Path:
        path = folder / "package.zip"
        path.write_bytes(forge(dict(contents(folder / "home"))))
        return path

    return make


def _shape(**sizes: Any) -> Make:
    def larger(spec: Any) -> None:
        spec["ensemble"]["architecture"].update(sizes)

    return _made(lambda c: packed(with_json(c, "spec.json", larger)))


def _header(tensors: dict[str, list[int]]) -> Make:
    """Weights that claim shapes and have no bytes."""

    def forge(c: Contents) -> bytes:
        ends = {
            name: {"dtype": "F32", "shape": shape, "data_offsets": [0, 4 * int(np.prod(shape))]}
            for name, shape in tensors.items()
        }
        head = json.dumps(ends).encode()
        return packed(with_bytes(c, "weights.safetensors", struct.pack("<Q", len(head)) + head))

    return _made(forge)


def _large(name: str, megabytes: int) -> Make:
    def forge(c: Contents) -> bytes:
        return packed(resealed(c | {name: c[name][:-1] + b" " * (megabytes * 2**20) + b"}"}))

    return _made(forge)


def _nested(name: str, depth: int) -> Make:
    return _made(lambda c: packed(resealed(c | {name: b"[" * depth + b"]" * depth})))


def _background(c: Contents) -> bytes:
    def more(plain: Any) -> None:
        for column, cells in plain.items():
            plain[column] = cells * (3_000_000 // max(1, len(cells)))

    return packed(with_json(c, "background.json", more))


def _claims(folder: Path) -> Path:
    """A member whose size in the index is 4 GB."""
    path = _made(lambda c: packed(c))(folder)
    with zipfile.ZipFile(path) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    data = path.read_bytes()
    real = struct.pack("<I", sizes["weights.safetensors"])
    path.write_bytes(data.replace(real, struct.pack("<I", 2**32 - 2)))
    return path


PACKAGES: dict[str, Make] = {
    "package, a healthy one": _made(lambda c: packed(c)),
    "package, all sizes at their bounds": _shape(
        packed=1000, members=256, width=4096, blocks=32, dimensions=256, bins=1024
    ),
    "package, width 4,096 and 32 blocks": _shape(width=4096, blocks=32),
    "package, TabM of width 4,096 and 32 blocks": _shape(network="tabm", width=4096, blocks=32),
    "package, TabM of 1,000 networks": _shape(network="tabm", packed=1000, members=256, width=2048),
    "package, 1,000 networks of 256 members": _shape(packed=1000, members=256),
    "package, 200,000 numbers": _shape(numbers=200_000),
    "package, width 300,000": _shape(width=300_000),
    "package, 20,000 blocks": _shape(blocks=20_000),
    "package, weights claim 4 TB": _header({"a": [1_000_000, 1_000_000]}),
    "package, weights of a million names": _header({f"t{n}": [0] for n in range(1_000_000)}),
    "package, evaluation of 300 MB": _large("evaluation.json", 300),
    "package, weights of 1 GB of zeros": _made(
        lambda c: packed(with_bytes(c, "weights.safetensors", bytes(2**30)))
    ),
    "package, card nested 1 M deep": _nested("card.json", 1_000_000),
    "package, background of 3 M rows": _made(_background),
    "package, sizes in the ZIP lie": _claims,
}
