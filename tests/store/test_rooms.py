"""Patients' files are for nobody but the owner of the installation."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pmed_core.errors import UserError
from pmed_core.store.rooms import ROOMS, private

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows keeps rights in another way")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_are_made_private(tmp_path: Path) -> None:
    private(tmp_path / "home")
    assert {mode(tmp_path / "home" / room) for room in (".", *ROOMS)} == {0o700}


def test_folders_of_a_home_that_is_open_are_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "sources").mkdir(parents=True)
    (home / "sources").chmod(0o755)
    home.chmod(0o755)
    private(home)
    assert mode(home) == 0o755
    assert mode(home / "sources") == 0o700


def test_where_it_cannot_be_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    (tmp_path / "cohorts").mkdir(mode=0o755)
    (tmp_path / "cohorts").chmod(0o755)
    monkeypatch.setattr(Path, "chmod", refuse)
    private(tmp_path)
    assert "'cohorts', which holds patients' data" in caplog.text


def test_files_of_the_server_are_private(tmp_path: Path) -> None:
    script = "from pages.parts.server import middleware; middleware(); open('x', 'w')"
    root = str(Path(__file__).parents[2])
    subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=os.environ | {"PYTHONPATH": root},
        check=True,
    )  # fmt: skip
    assert mode(tmp_path / "x") == 0o600


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        ("/srv/pmed/models/ab12/package", ""), ("/srv/pmed/sources/9f/ward.csv", "ward.csv"),
        ("ward.csv, column 'a/b'", "ward.csv, column 'a/b'"), ("", ""),
    ],
)  # fmt: skip
def test_a_sentence_on_a_screen_names_no_folder_of_the_server(where: str, shown: str) -> None:
    assert UserError("What", where, "Remedy.").on_screen() == UserError("What", shown, "Remedy.")
