"""What was kept before is encrypted without loss, and all keys can be replaced."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from pmed_core.checkpoint import digest
from pmed_core.errors import UserError
from pmed_core.files import sweep
from pmed_core.sealing import keys
from pmed_core.service import cohorts, hub, links, models, patients
from pmed_core.settings import settings
from pmed_core.shell.main import main
from pmed_core.store import health
from pmed_core.store.checkpoints import Checkpoints, Kept
from pmed_core.store.resealing import reseal
from pmed_core.store.store import open_store
from tests.service.conftest import installation as installation
from tests.service.made import Installation


def anew() -> None:
    """As another process would see it."""
    for known in (settings, open_store, hub._hub, cohorts._loaded, cohorts._ids_of):
        known.cache_clear()
    keys.forget()


def shell(*typed: str | Path) -> int:
    anew()
    ended = main([str(one) for one in typed], 0.0)
    anew()
    return ended


@pytest.fixture
def plain(installation: Installation) -> Installation:
    """One that was used before its key is set."""
    shutil.copytree(installation.home, settings().home)
    return Installation(settings().home, installation.cohort, installation.model)


@pytest.fixture
def master(tmp_path: Path) -> Path:
    keys.make(tmp_path / "master.key")
    return tmp_path / "master.key"


def as_it_was(made: Installation) -> None:
    assert [one.id for one in models.models()] == [made.model]
    assert models.model(made.model).name == "First"
    cells = cohorts.cells(made.cohort, "P001")
    assert 0 <= patients.consult(made.model, cells, "P001").value[0] <= 1
    assert health.check(open_store(settings())) == ()


def texts(home: Path) -> list[Path]:
    held = (path for path in home.rglob("*") if path.is_file())
    return [path for path in held if b"lactate" in path.read_bytes() or "icu" in path.name]


def test_a_home_is_encrypted_without_loss(
    plain: Installation, master: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = links.link(plain.cohort, "P001")
    assert texts(plain.home)
    # What a killed training has left to go on from.
    kept = Kept(Checkpoints(plain.home).of("job") / "networks.kept", digest("this"), print)
    kept.keep(lambda: {"weights": np.frombuffer(b"P001,lactate,2.0\n" * 9, np.uint8)})
    assert kept.path in texts(plain.home)
    monkeypatch.setenv("PMED_KEY_FILE", str(master))
    assert shell("keys", "check") == 2
    assert shell("keys", "seal") == 0
    assert shell("keys", "check") == 0
    (plain.home / "made.json").unlink()  # of the test itself
    assert texts(plain.home) == []
    as_it_was(plain)
    assert links.linked(plain.cohort, link) == "P001"
    before = (plain.home / keys.NAME).read_bytes()
    assert shell("keys", "rotate", "--data") == 0
    assert (plain.home / keys.NAME).read_bytes() != before
    as_it_was(plain)


def test_one_that_cannot_be_encrypted_stays_as_it_was(
    plain: Installation, master: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = next((plain.home / "sources").glob("*/*"))
    source.rename(source.with_name("ü" * 100 + ".csv"))
    monkeypatch.setenv("PMED_KEY_FILE", str(master))
    anew()
    with pytest.raises(UserError, match="too long"):
        reseal(plain.home)
    assert not (plain.home / keys.NAME).exists()
    monkeypatch.delenv("PMED_KEY_FILE")
    anew()
    assert [one.id for one in models.models()] == [plain.model]


def test_a_backup_of_a_laptop_is_encrypted_where_it_is_brought_back(
    plain: Installation, master: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell("store", "backup", "--to", tmp_path / "laptop.zip") == 0
    monkeypatch.setenv("PMED_HOME", str(tmp_path / "hosted"))
    monkeypatch.setenv("PMED_KEY_FILE", str(master))
    assert shell("store", "restore", tmp_path / "laptop.zip") == 0
    assert texts(tmp_path / "hosted") == []
    as_it_was(plain)
    # And its own backup: encrypted, and worth nothing without the key.
    assert shell("store", "backup", "--to", tmp_path / "hosted.zip") == 0
    monkeypatch.setenv("PMED_HOME", str(tmp_path / "again"))
    assert shell("store", "restore", tmp_path / "hosted.zip") == 0
    as_it_was(plain)
    monkeypatch.setenv("PMED_HOME", str(tmp_path / "elsewhere"))
    monkeypatch.delenv("PMED_KEY_FILE")
    assert shell("store", "restore", tmp_path / "hosted.zip") == 2
    assert not (tmp_path / "elsewhere" / "pmed.sqlite").exists()


@pytest.mark.parametrize("name", ["pseudonyms.key", "models", "pmed.sqlite"])
def test_where_it_cannot_take_its_place_everything_is_put_back(
    plain: Installation, master: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    links.link(plain.cohort, "P001")  # which makes the key of pseudonyms
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if path.name == name and path.parent.name.startswith(".sealed"):
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setenv("PMED_KEY_FILE", str(master))
    anew()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refused)
        with pytest.raises(KeyboardInterrupt):
            reseal(plain.home)
    assert not list(plain.home.glob(".replaced*"))
    assert not (plain.home / keys.NAME).exists()
    monkeypatch.delenv("PMED_KEY_FILE")
    anew()
    as_it_was(plain)


def test_what_is_left_in_the_clear_is_said_and_what_nobody_waits_for_goes(
    plain: Installation,
    master: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    upload = plain.home / "passing" / "one that ended" / "room" / "icu.csv"
    upload.parent.mkdir(parents=True)
    upload.write_text("lactate")
    monkeypatch.setenv("PMED_KEY_FILE", str(master))
    assert shell("keys", "seal") == 0
    assert not upload.exists()
    left = plain.home / f".replaced-{'a' * 32}"
    left.mkdir()
    os.utime(left, (0, 0))
    sweep(plain.home)
    assert left.exists(), "what may be the only copy is not swept"
    assert shell("keys", "check") == 2
    assert left.name in capsys.readouterr().err
