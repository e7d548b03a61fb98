"""Whether an installation can work, and who sees to jobs that a restart has left."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from pmed_core.engine import readiness
from pmed_core.engine.local import Starter
from pmed_core.engine.supervisor import LOCK
from pmed_core.errors import UserError
from pmed_core.service import hub
from pmed_core.settings import settings
from pmed_core.shell.main import main as shell
from pmed_core.store import dialects
from pmed_core.store.store import Store, open_store
from pmed_core.work import Fit, identify


def waits(store: Store) -> None:
    work = Fit("c", "anything")
    store.jobs.add(identify(work), work)


def test_all_is_well(store: Store) -> None:
    waits(store)
    assert readiness.faults(settings()) == ()
    found = readiness.jobs(settings())
    assert (found.states["queued"], found.states["done"]) == (1, 0)
    assert 0 <= found.oldest < 60


def test_jobs_that_nobody_looks_after_are_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits(store)
    monkeypatch.setattr(readiness, "WAITED_SECONDS", -1.0)
    assert "no supervisor" in readiness.faults(settings())[0]
    with FileLock(store.home / LOCK):
        assert readiness.faults(settings()) == ()


def test_a_store_that_does_not_answer_is_told_and_a_disk_that_is_nearly_full(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(store.home)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=2**20))
        assert "Only 1 MB of the disk" in readiness.faults(settings())[0]
    monkeypatch.setattr(dialects, "BUSY_MS", 50)
    store.jobs.engine.dispose()
    with sqlite3.connect(store.home / "pmed.sqlite") as other:
        other.execute("BEGIN IMMEDIATE")
        assert "does not answer" in readiness.faults(settings())[0]
        other.rollback()
    assert readiness.faults(settings()) == ()


def test_the_shell_says_so_with_its_exit_code(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell(["ready"], time.monotonic()) == 0
    assert capsys.readouterr().out == "Ready.\n"
    waits(store)
    monkeypatch.setattr(readiness, "WAITED_SECONDS", -1.0)
    assert shell(["ready"], time.monotonic()) == 2
    assert "no supervisor" in capsys.readouterr().out


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """Homes for which a supervisor was started."""
    found: list[Path] = []
    monkeypatch.setenv("PMED_ENGINE", "local")
    settings.cache_clear()
    monkeypatch.setattr(Starter, "see", lambda self: found.append(self.home))
    yield found
    settings.cache_clear()


def test_jobs_that_a_restart_left_go_on_though_nobody_looks(started: list[Path]) -> None:
    store = open_store(settings())
    hub.take_up_jobs()
    assert started == []
    waits(store)
    hub.take_up_jobs()
    assert started == [store.home]


def test_one_home_that_fails_holds_up_no_other(
    started: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    good = settings().model_copy(update={"home": tmp_path / "good"})
    waits(open_store(good))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "pmed.sqlite").write_bytes(b"no database" * 1000)
    monkeypatch.setattr(hub, "homes", lambda _: iter([tmp_path / "bad", good.home]))
    with pytest.raises(UserError):
        hub.take_up_jobs()
    assert started == [good.home]
