"""Devices: what precision suits a card, and how busy it says it is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from pmed_core.training import devices

TOOL = "nvidia-smi"


def driver(folder: Path, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver's tool that says so, and nothing else on the path but the shell."""
    tool = folder / TOOL
    tool.write_text(f"#!/bin/sh\nprintf '{says}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("capability", "expected"),
    [((6, 1), "float32"), ((7, 5), "mixed_float16"), ((9, 0), "mixed_bfloat16")],
)
def test_precision_follows_what_the_card_computes(
    capability: tuple[int, int], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = SimpleNamespace(
        config=SimpleNamespace(
            list_physical_devices=lambda kind: ["card"],
            experimental=SimpleNamespace(
                get_device_details=lambda card: {"compute_capability": capability}
            ),
        )
    )
    monkeypatch.setattr(devices, "tf", made)
    assert devices.precision("GPU") == expected
    assert devices.precision("CPU") == "float32"


def test_the_card_says_how_busy_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver(tmp_path, "87, 3174, 16384\\n4, 100, 16384\\n", monkeypatch)
    assert devices.busy() == (
        "GPU 87 % busy, 3.1 of 16.0 GB used; GPU 4 % busy, 0.1 of 16.0 GB used"
    )


def test_a_card_that_does_not_say_is_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver(tmp_path, "[N/A], 3174, 16384\\n", monkeypatch)
    assert devices.busy() == ""
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert devices.busy() == ""
