"""The folder for machines without a network: what was changed, lost or added to it is named."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pmed_core.errors import UserError
from pmed_core.shell import airgap
from pmed_core.shell.main import main

CAN_GO_OFFLINE = sys.platform == "linux" and hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "kit"
    for name in ("INSTALL.md", "wheels/a-1.whl", "wheels/b.whl", "docs/über uns.md"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(name.encode() * 1000)
    airgap.write_sums(made)
    return made


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda at: flipped(at / "wheels/a-1.whl"), "wheels/a-1.whl is not as it was made."),
        (lambda at: (at / "docs/über uns.md").unlink(), "docs/über uns.md is missing."),
        (lambda at: (at / "wheels/evil.whl").write_bytes(b"x"), "wheels/evil.whl was added."),
    ],
)
def test_what_is_not_as_it_was_made_is_named(
    folder: Path, change: Callable[[Path], None], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert airgap.faults(folder) == []
    change(folder)
    assert airgap.faults(folder) == [said]
    assert main(["airgap", "verify", str(folder)], 0.0) == 2
    written = capsys.readouterr()
    assert said in written.out
    assert "Copy it once more." in written.err


def test_the_sums_are_those_of_sha256sum(folder: Path) -> None:
    expected = hashlib.sha256(b"INSTALL.md" * 1000).hexdigest()
    assert f"{expected}  INSTALL.md\n" in (folder / "SHA256SUMS").read_text(encoding="utf-8")
    tool = shutil.which("sha256sum")
    if tool:
        subprocess.run([tool, "--quiet", "--check", "SHA256SUMS"], cwd=folder, check=True)


def test_an_environment_that_was_made_in_the_folder_is_no_part_of_it(folder: Path) -> None:
    (folder / ".venv").mkdir()
    (folder / ".venv/pyvenv.cfg").write_text("home = here\n", encoding="utf-8")
    assert airgap.faults(folder) == []


@pytest.mark.parametrize(
    "sums", ["", "no sum\n", f"{'a' * 63}  x\n", f"{'a' * 64}  x\n{'b' * 64}  x\n", "\x00"]
)
def test_sums_that_are_none_are_refused(folder: Path, sums: str) -> None:
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8")
    if not sums:
        assert len(airgap.faults(folder)) == 4
        return
    with pytest.raises(UserError, match="no sum of a file"):
        airgap.faults(folder)


def test_a_folder_without_sums_is_none_of_ours(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no SHA256SUMS"):
        airgap.faults(tmp_path)


def test_nothing_is_written_over_and_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="not empty"):
        airgap.bundle(tmp_path / "full")
    with pytest.raises(UserError, match="is a file"):
        airgap.bundle(tmp_path / "full/mine.txt")
    monkeypatch.setattr(airgap, "PACKAGES", tmp_path / "nowhere")
    monkeypatch.setattr(airgap, "APP", tmp_path / "nowhere")
    with pytest.raises(UserError, match="pip download failed"):
        airgap.bundle(tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_an_installation_is_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airgap, "APP", tmp_path)
    with pytest.raises(UserError, match="no checkout"):
        airgap.bundle(tmp_path / "kit")


@pytest.mark.by_hand
@pytest.mark.skipif(not CAN_GO_OFFLINE, reason="a network namespace needs root on Linux")
def test_it_installs_where_there_is_no_route(tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    airgap.bundle(kit)
    script = (
        'set -e; [ -z "$(ip route 2>/dev/null)" ]; sha256sum --quiet --check SHA256SUMS; '
        "python3 -m venv .venv; .venv/bin/pip install -q --no-index --find-links wheels pmed; "
        ".venv/bin/pmed airgap verify .; .venv/bin/pmed fit --help"
    )
    done = subprocess.run(
        ["unshare", "-n", "bash", "-c", script], cwd=kit, capture_output=True, text=True, check=True
    )
    assert "this Python can install" in done.stdout
