"""Keys: kept apart, replaced without loss, missed in a sentence, destroyed for good."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pmed_core.errors import UserError
from pmed_core.files import written_whole
from pmed_core.sealing import files, keys
from pmed_core.settings import settings
from pmed_core.store.store import open_store


def as_set(monkeypatch: pytest.MonkeyPatch, file: Path | None) -> None:
    monkeypatch.setenv("PMED_KEY_FILE", str(file)) if file else monkeypatch.delenv("PMED_KEY_FILE")
    settings.cache_clear()
    keys.forget()


def contents(home: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_what_is_written_to_a_sealed_home_is_not_there_to_read(home: Path) -> None:
    (home / "models").mkdir()
    files.write_text(home / "models" / "one.json", "Jane Roe")
    assert files.read(home / "models" / "one.json") == b"Jane Roe"
    assert not any(b"Jane" in held for held in contents(home).values())


def test_elsewhere_nothing_is_sealed(home: Path, tmp_path: Path) -> None:
    files.write_text(tmp_path / "card.json", "Jane Roe")
    assert (tmp_path / "card.json").read_bytes() == b"Jane Roe"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [("none", "not named"), ("other", "another key"), ("missing", "cannot be read"),
     ("empty", "no file of keys"), ("short", "no file of keys"), ("text", "no file of keys")],
)  # fmt: skip
def test_a_wrong_or_missing_key_is_said_and_changes_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, said: str
) -> None:
    files.write_text(home / "note.json", "Jane Roe")
    before, file = contents(home), tmp_path / "other.key"
    match wrong:
        case "other":
            keys.make(file)
        case "empty" | "short" | "text":
            file.write_text({"empty": "", "short": "ab" * 31, "text": "not a key\n"}[wrong])
            file.chmod(0o600)
    as_set(monkeypatch, None if wrong == "none" else file)
    for asked in (lambda: open_store(settings()), lambda: keys.check(settings()),
                  lambda: files.read(home / "note.json"),
                  lambda: files.write_text(home / "other.json", "John")):  # fmt: skip
        with pytest.raises(UserError, match=said):
            asked()
    assert {**contents(home), str(home / "other.json"): b""} == {
        **before, str(home / "other.json"): b""
    }  # fmt: skip


def test_a_key_that_all_can_read_or_that_lies_in_the_home_is_refused(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file.chmod(0o644)
    with pytest.raises(UserError, match="Everybody"):
        keys.prepare(settings().home)
    within = settings().home / "master.key"
    within.parent.mkdir(exist_ok=True)
    keys.make(within)
    as_set(monkeypatch, within)
    with pytest.raises(UserError, match="beside"):
        keys.prepare(settings().home)


def test_a_home_whose_key_is_gone_takes_nothing_in(home: Path) -> None:
    (home / keys.NAME).unlink()
    (home / "cohorts").mkdir()
    with pytest.raises(UserError, match="key of this installation is missing"):
        files.write_text(home / "cohorts" / "one.json", "Jane Roe")
    assert not list((home / "cohorts").iterdir())


def test_what_was_kept_before_is_not_taken_for_encrypted(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_set(monkeypatch, None)
    open_store(settings())
    as_set(monkeypatch, key_file)
    with pytest.raises(UserError, match="before encryption was turned on"):
        open_store(settings())
    assert not (settings().home / keys.NAME).exists()


def test_a_damaged_key_is_refused(home: Path) -> None:
    for held in (b"", b"{}", b"[]", (home / keys.NAME).read_bytes()[:-9] + b'abcdefa"}'):
        (home / keys.NAME).write_bytes(held)
        keys.forget()
        with pytest.raises(UserError, match=r"damaged \(data.key\)"):
            keys.of_folder(home)


def test_keys_are_rotated_and_all_is_still_read(home: Path, key_file: Path) -> None:
    files.write_text(home / "note.json", "Jane Roe")
    before = key_file.read_text()
    count, kept = keys.rotate()
    assert (count, kept.read_text(), kept.stat().st_mode & 0o077) == (1, before, 0)
    assert key_file.read_text() != before
    assert key_file.stat().st_mode & 0o077 == 0
    assert files.read(home / "note.json") == b"Jane Roe"


def test_each_rotation_keeps_the_key_of_before(home: Path, key_file: Path) -> None:
    held = []
    for _ in range(3):
        before = key_file.read_text()
        held.append((keys.rotate()[1], before))
    assert [path.read_text() for path, _ in held] == [before for _, before in held]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
def test_root_replaces_keys_that_the_server_still_reads(home: Path, key_file: Path) -> None:
    for path in (key_file, home / keys.NAME):
        os.chown(path, 4321, 4321)
    keys.rotate()
    assert {path.stat().st_uid for path in (key_file, home / keys.NAME)} == {4321}


@pytest.mark.parametrize("at", range(4))
def test_a_rotation_that_is_killed_loses_nothing(
    home: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    files.write_text(home / "note.json", "Jane Roe")
    done: list[Path] = []

    def killed(target: Path) -> object:
        if len(done) == at:
            raise KeyboardInterrupt
        done.append(target)
        return written_whole(target)

    with monkeypatch.context() as patch:
        patch.setattr(keys, "written_whole", killed)
        with pytest.raises(KeyboardInterrupt):
            keys.rotate()
    keys.forget()
    assert files.read(home / "note.json") == b"Jane Roe"
    keys.rotate()
    assert files.read(home / "note.json") == b"Jane Roe"
    assert len(keys.master_keys(key_file)) == 1


def test_a_key_is_not_replaced_where_nothing_is_encrypted_with_it(key_file: Path) -> None:
    before = key_file.read_text()
    with pytest.raises(UserError, match="Nothing is encrypted here"):
        keys.rotate()
    assert key_file.read_text() == before


def test_the_shell_finds_projects_though_nobody_told_it_of_them(key_file: Path) -> None:
    own = settings().of_project("ab" * 16)
    keys.prepare(own.home)
    files.write_text(own.home / "note.json", "Jane Roe")
    assert not settings().hosted
    assert list(keys.homes(settings())) == [own.home]
    keys.check(settings())
    assert not (settings().home / keys.NAME).exists()
    files.write_text(settings().home / "audit.key", "beside the projects")
    assert keys.rotate()[0] == 1
    assert files.read(own.home / "note.json") == b"Jane Roe"


def test_a_key_that_is_destroyed_opens_nothing_any_more(home: Path) -> None:
    files.write_text(home / "note.json", "Jane Roe")
    keys.destroy(home)
    with pytest.raises(UserError, match="missing"):
        files.read(home / "note.json")


def test_no_key_is_printed(home: Path) -> None:
    key = keys.of_folder(home)
    assert key is not None
    assert key.secret.hex() not in repr(key)
    assert repr(key.secret) not in repr(key)
