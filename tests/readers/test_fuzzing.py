"""Damaged files of every format are read or refused in a sentence."""

from __future__ import annotations

import pytest

from benchmarks.reliability.fuzz import run
from benchmarks.reliability.fuzz_seeds import seeds


@pytest.mark.slow
def test_no_damaged_file_ends_as_a_bug() -> None:
    counts, wrong = run(files=range(2_000), seconds=300, made=seeds())
    assert sum(sum(found.values()) for found in counts.values()) > 100
    assert not wrong
