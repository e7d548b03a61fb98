"""What only passes through is gone after any kill, and is nobody else's."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pmed_core.engine.python import environment
from pmed_core.errors import UserError
from pmed_core.settings import settings
from pmed_core.store.passing import Passing

OWNER = """
import io, sys
from pathlib import Path
from pmed_core.store.passing import Passing
passing = Passing(Path(sys.argv[1]))
print(passing.add("patients.csv", io.BytesIO(b"P001")), flush=True)
sys.stdin.read()
"""


def files(home: Path) -> list[str]:
    found = (home / "passing").rglob("*")
    return sorted(path.name for path in found if path.is_file() and path.name != ".lock")


@pytest.fixture
def passing() -> Passing:
    settings().home.mkdir(parents=True)
    return Passing(settings().home)


def test_what_a_killed_process_leaves_is_swept_and_a_living_one_keeps_its_own(
    passing: Passing,
) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(passing.home)], env=environment(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert owner.stdout is not None
    assert owner.stdin is not None
    token = owner.stdout.readline().strip()
    mine = passing.add("mine.csv", io.BytesIO(b"x"))
    passing.sweep()
    assert passing.file(token).read_bytes() == b"P001"
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    assert files(passing.home) == ["mine.csv", "patients.csv"]
    passing.sweep()
    assert files(passing.home) == ["mine.csv"]
    with pytest.raises(UserError, match="no longer there"):
        passing.file(token)
    assert passing.file(mine).read_bytes() == b"x"
    for pipe in (owner.stdin, owner.stdout):
        pipe.close()


def test_an_upload_is_gone_whatever_happens(passing: Passing) -> None:
    def fails() -> None:
        with passing.upload("a.csv", io.BytesIO(b"x")):
            raise UserError("The reader fails")

    with pytest.raises(UserError, match="reader fails"):
        fails()
    assert files(passing.home) == []


def test_two_with_the_same_file_do_not_meet(passing: Passing) -> None:
    one, other = (passing.add("a.csv", io.BytesIO(b"x")) for _ in range(2))
    assert passing.digest(one) == passing.digest(other)
    passing.drop(one)
    assert passing.with_digest(passing.digest(other)).read_bytes() == b"x"


@pytest.mark.parametrize("token", ["", "..", "a/b", "*", "[!.]*x", "../../x"])
def test_a_token_never_becomes_a_path(passing: Passing, token: str) -> None:
    passing.add("a.csv", io.BytesIO(b"x"))
    assert passing.find(token) is None
    passing.drop(token)
    assert files(passing.home) == ["a.csv"]


def test_many_threads_sweep_and_add_and_lose_nothing(passing: Passing) -> None:
    together = threading.Barrier(8)

    def add(number: int) -> bytes:
        together.wait()
        passing.sweep()
        with passing.upload(f"{number}.csv", io.BytesIO(b"%d" % number)) as token:
            passing.sweep()
            return passing.file(token).read_bytes()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(add, range(8))) == [b"%d" % number for number in range(8)]
    assert files(passing.home) == []


def test_what_nobody_waits_for_is_dropped(passing: Passing) -> None:
    passing.add("a.csv", io.BytesIO(b"x"))
    passing.drop_older(3600)
    assert files(passing.home) == ["a.csv"]
    passing.drop_older(-1)
    assert files(passing.home) == []


@pytest.mark.parametrize("name", ["a\0b.csv", "../../a.csv", ".a.csv", "C:\\x\\a.csv", "", "/"])
def test_a_name_is_only_a_name(passing: Passing, name: str) -> None:
    path = passing.file(passing.add(name, io.BytesIO(b"x")))
    assert path.parents[4] == passing.home
    assert path.suffix == ".csv"
