"""The files of a model's package, and under which names they lie in one."""

from __future__ import annotations

from collections.abc import Iterable

MANIFEST, EVALUATION = "manifest.json", "evaluation.json"
FILES = (
    "spec.json", "weights.safetensors", "preprocessing.json", "background.json", "cases.json",
    "card.json", EVALUATION,
)  # fmt: skip
"""All but the manifest, which holds the sum of each."""
FORMERLY = {"judgement.json": EVALUATION}
"""What earlier versions wrote -> what it is called today."""


def found(names: Iterable[str]) -> dict[str, str]:
    """Those of a package among some names: as each is called today -> as it is called there."""
    today = {FORMERLY.get(name, name): name for name in names}
    return {name: today[name] for name in (*FILES, MANIFEST) if name in today}
