"""Forged model packages with sums that fit again: how many are refused, harmless or harmful.

    python -m benchmarks.reliability.packages

Harmful is one that is answered by anything but a sentence, or after which a list of models fails,
loses a healthy one or shows a damaged one.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.reliability.made import installation, table_of
from pmed_core.errors import UserError
from pmed_core.service import damaged, models
from tests.service.forged import Contents, opened, packed, resealed, with_bytes, with_json
from tests.service.test_forged_packages import FORGED

Forge = Callable[[Contents], bytes]
NAMES = ("spec.json", "card.json", "evaluation.json", "cases.json", "background.json")
ODD: tuple[Any, ...] = (None, [], {}, "x", -1, 1e308, float("nan"), [[]], True, "x" * 300_000)


def odd_fields(contents: Contents) -> dict[str, Forge]:
    """Each field of the first level of each file, one after the other, with odd values."""
    found: dict[str, Forge] = {}
    for name in NAMES:
        for number, field in enumerate(json.loads(contents[name])):
            value = ODD[number % len(ODD)]
            found[f"{name}: {field} = {str(value)[:20]}"] = _put(name, field, value)
    return found


def _put(name: str, field: str, value: Any) -> Forge:
    return lambda c: packed(with_json(c, name, lambda plain: plain.update({field: value})))


def _zip(compression: int) -> Forge:
    def forge(contents: Contents) -> bytes:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", compression) as archive:
            for name, data in contents.items():
                archive.writestr(name, data)
        damaged_ = bytearray(held.getvalue())
        damaged_[200:260] = bytes(60)
        return bytes(damaged_)

    return forge


def zips() -> dict[str, Forge]:
    """What is wrong with the ZIP itself."""
    return {
        "damaged LZMA": _zip(zipfile.ZIP_LZMA),
        "damaged BZIP2": _zip(zipfile.ZIP_BZIP2),
        "damaged deflate": _zip(zipfile.ZIP_DEFLATED),
        "names lead out": lambda c: packed({f"../../{n}": d for n, d in c.items()}),
        "half of it": lambda c: packed(c)[: len(packed(c)) // 2],
        "weights are text": lambda c: packed(with_bytes(c, "weights.safetensors", b"x" * 100)),
        "header of 5 GB": lambda c: packed(
            with_bytes(c, "weights.safetensors", np.uint64(5 * 2**30).tobytes() + b"{}")
        ),
        "manifest is null": lambda c: packed(c | {"manifest.json": b"null"}),
        "no change at all": lambda c: packed(resealed(c)),
    }


def outcome(held: bytes, healthy: str) -> str:
    """What came of importing it; a model that was imported is removed again."""
    try:
        fresh = models.bring_in("forged.zip", held)
    except UserError as error:
        return "harmful" if "wrong inside" in error.what else "refused"
    except Exception as error:  # noqa: BLE001 - what must not happen is counted
        return f"harmful ({type(error).__name__})"
    try:
        listed = {one.id for one in models.models()}
        whole = {fresh, healthy} <= listed and not damaged.damaged("model")
        models.card(fresh)
        models.remove(fresh)
    except Exception as error:  # noqa: BLE001 - what must not happen is counted
        return f"harmful ({type(error).__name__})"
    return "harmless" if whole else "harmful"


def main() -> None:
    """Print the table, and each forged package that was taken."""
    with tempfile.TemporaryDirectory() as folder:
        _, healthy = installation(Path(folder) / "home")
        contents = opened(models.export(healthy))
        groups: dict[str, dict[str, Forge]] = {
            "known attacks": {name: _packed(forge) for name, forge in FORGED.items()},
            "odd fields": odd_fields(contents), "ZIP and weights": zips(),
        }  # fmt: skip
        counts: dict[str, dict[str, int]] = {}
        for group, forged in groups.items():
            row = counts.setdefault(group, {})
            for name, forge in forged.items():
                found = outcome(forge(contents), healthy)
                row[found] = row.get(found, 0) + 1
                if found != "refused":
                    print(f"{found}: {name}")
        print(table_of(counts, "packages"))


def _packed(forge: Callable[[Contents], Contents]) -> Forge:
    return lambda contents: packed(forge(contents))


if __name__ == "__main__":
    main()
