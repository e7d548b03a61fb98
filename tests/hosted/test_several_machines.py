"""A hospital with two machines, one PostgreSQL and one object store: what was on a laptop moves in,
is there on both, and is deleted from both."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest

from pmed_core import bucket
from pmed_core.accounts import Role
from pmed_core.errors import Refused
from pmed_core.sealing import keys
from pmed_core.service import access, cohorts, hub, models, patients, training, users
from pmed_core.settings import settings
from pmed_core.shell.main import main
from pmed_core.store.backup import backup
from pmed_core.store.store import open_store
from pmed_core.work import Cell
from tests.hosted.acting import acting, project
from tests.servers.objects import Objects, use
from tests.servers.postgres import Server, closed_afterwards
from tests.service.made import Installation

Machine = Callable[[str], None]
DOCUMENT = Path(__file__).parents[2] / "docs" / "hosted.md"
TABLE = b"patient_id,age,event\np1,40,yes\np2,50,no\np3,60,yes\np4,70,no\n"
CELLS: dict[str, Cell] = {"age": 60.0, "lactate": 2.0, "sex": "f"}


@pytest.fixture
def laptop(trained: Installation, tmp_path: Path) -> Path:
    """The backup of a laptop with a cohort, a model and its run."""
    return backup(settings(), tmp_path / "laptop.zip")


@pytest.fixture
def machine(
    laptop: Path, postgres: Server, objects: Objects, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Machine]:  # fmt: skip
    """Makes this process one that has just begun on a machine of that name."""
    keys.make(tmp_path / "master.key")
    monkeypatch.setenv("PMED_KEY_FILE", str(tmp_path / "master.key"))
    monkeypatch.setenv("PMED_DATABASE", postgres.fresh())
    use(objects, monkeypatch)

    def begin(name: str) -> None:
        monkeypatch.setenv("PMED_HOME", str(tmp_path / name))
        settings.cache_clear()
        keys.forget()
        for known in (open_store, hub._hub, access._accounts, access._journal, cohorts._loaded):
            known.cache_clear()

    with closed_afterwards():
        yield begin


@pytest.mark.usefixtures("online")
def test_what_was_on_a_laptop_moves_in_and_is_on_both(
    machine: Machine, laptop: Path, trained: Installation, monkeypatch: pytest.MonkeyPatch,
    postgres: Server,
) -> None:  # fmt: skip
    in_the_clear = _noted(monkeypatch)
    machine("one")
    ward = project("Cardiology", ann=Role.DATA_SCIENTIST)
    other = project("Oncology", bob=Role.DATA_SCIENTIST)
    with monkeypatch.context() as patch:
        patch.setenv("PMED_HOME", str(settings().of_project(ward).home))
        patch.setenv("PMED_HOSTED", "0")
        settings.cache_clear()
        assert main(["store", "restore", "--replace", str(laptop)], 0) == 0
    machine("one")
    with acting("ann", ward):
        first = patients.consult(trained.model, CELLS)
        assert training.job(trained.model).state == "done"
    machine("two")
    with acting("ann", ward):
        assert [one.id for one in models.models()] == [trained.model]
        assert len(cohorts.rows(trained.cohort, 0, 5)) == 5
        assert np.array_equal(patients.consult(trained.model, CELLS).value, first.value)
        models.write_notes(trained.model, "From the other machine.")
    with acting("bob", other):
        assert models.models() == ()
    assert access.journal().kept.faults() == ()
    machine("one")
    with acting("ann", ward):
        assert models.model(trained.model).notes == "From the other machine."
    assert access.journal().kept.faults() == ()

    assert in_the_clear == [], "not even for a moment"

    machine("two")
    with acting("boss"):
        users.delete_project(ward, "Cardiology")
    machine("one")
    with acting("ann", ward), pytest.raises(Refused, match="no role"):
        models.models()
    there = bucket.bucket()
    assert there is not None
    assert not there.below(f"projects/{ward}/")
    with psycopg.connect(settings().database) as connection:
        names = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'pmed%'")
        assert {name for (name,) in names} == {"pmed_accounts", f"pmed_{other}"}


@pytest.mark.usefixtures("online")
def test_the_whole_comes_back_with_the_commands_that_are_written_down(
    machine: Machine, postgres: Server, objects: Objects, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Into an empty database and an empty bucket, as of the moment it was taken."""
    machine("one")
    ward = project("Cardiology", ann=Role.DATA_SCIENTIST)
    with acting("ann", ward):
        kept = cohorts.bring_in("x.csv", TABLE)
    _said("pg_dump", postgres, tmp_path / "all.dump")
    before = bucket.bucket()
    assert before is not None
    copied = {name: before.read(name) for name in before.below("")}
    with acting("ann", ward):
        cohorts.bring_in("later.csv", TABLE + b"p5,80,no\n")

    monkeypatch.setenv("PMED_DATABASE", postgres.fresh())
    use(objects, monkeypatch)
    there = bucket.bucket()
    assert there is not None
    for name, data in copied.items():
        assert data is not None
        assert there.create(name, data)
    for _ in range(2):  # also over what is there
        _said("pg_restore", postgres, tmp_path / "all.dump")
    machine("three")
    with acting("ann", ward):
        assert [one.id for one in cohorts.cohorts()] == [kept]
        assert len(cohorts.rows(kept, 0, 9)) == 4
    assert access.journal().kept.faults() == ()
    assert [one.deed.action for one in access.journal().kept.entries()][-1] == "cohorts.rows"


def _said(program: str, server: Server, file: Path) -> None:
    """Do what docs/hosted.md tells to do with a program."""
    (line,) = re.findall(f"`({program} [^`]+)`", DOCUMENT.read_text("utf-8"))
    told = re.sub(r"\bFILE\b", str(file), line)
    path = f"{server.programs}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PMED_DATABASE": settings().database}
    subprocess.run(["bash", "-c", told], env=environment, check=True, capture_output=True)


def _noted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is put into the object store, from now on, and is not encrypted."""
    found, put = list[str](), bucket.Bucket.put

    def noting(there: bucket.Bucket, name: str, file: Path) -> bucket.Kept:
        if not name.endswith("data.key") and not file.read_bytes().startswith(b"PMEDSEA1"):
            found.append(name)
        return put(there, name, file)

    monkeypatch.setattr(bucket.Bucket, "put", noting)
    return found
