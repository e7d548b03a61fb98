"""What the README lists is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pmed_core.systems import SYSTEMS, System

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda one: one.title)
def test_every_system_stands_in_its_table(system: System) -> None:
    assert f"| {system.title} | {system.question} |" in README


def test_every_picture_is_there() -> None:
    for path in re.findall(r"!\[[^]]+\]\(([^)]+)\)", README):
        assert (ROOT / path).is_file(), path
