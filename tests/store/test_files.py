"""What lasts is before or after, never between."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pmed_core.errors import UserError
from pmed_core.files import ABANDONED_SECONDS, sweep, written_whole

ROOT = Path(__file__).parents[2]

KILLED_AT_LINE = """
import os, sys
from pathlib import Path
from pmed_core import files

target = Path(sys.argv[1])

def write(text):
    with files.written_whole(target) as beside:
        beside.mkdir()
        (beside / "a").write_text(text)
        (beside / "b").write_text(text)

def whole():
    return {name: (target / name).read_text() for name in ("a", "b")}

write("before")
killed = 0
while True:
    child = os.fork()
    if child == 0:
        lines = 0
        def trace(frame, event, argument):
            global lines
            if frame.f_code.co_filename == files.__file__:
                lines += event == "line"
                if lines > killed:
                    os._exit(9)
                return trace
            return trace if frame.f_code.co_name == "write" else None
        sys.settrace(trace)
        write("after")
        os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert whole() in ({"a": "before", "b": "before"}, {"a": "after", "b": "after"}), killed
    if ended == 0:
        break
    killed += 1
print(killed)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux swaps two folders in one step")
def test_killed_at_any_line_a_replaced_folder_is_before_or_after(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", KILLED_AT_LINE, str(tmp_path / "model")],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert int(finished.stdout) > 20


def test_a_full_disk_is_said_in_one_sentence_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "table"
    target.write_text("before")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="disk is full"), written_whole(target) as beside:
        beside.write_text("after")
    assert [path.name for path in tmp_path.iterdir()] == ["table"]
    assert target.read_text() == "before"


def write_weights(folder: Path) -> None:
    with written_whole(folder) as beside:
        beside.mkdir()
        (beside / "weights").write_bytes(bytes(5000))


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """Writing beyond so many bytes fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_the_system_refuses_leaves_nothing(tmp_path: Path) -> None:
    with files_at_most(1000), pytest.raises(UserError, match="disk is full"):
        write_weights(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_what_killed_writers_left_is_swept_when_it_is_old(tmp_path: Path) -> None:
    left = tmp_path / f".model.{'0' * 32}"
    left.mkdir()
    (tmp_path / ".hidden").touch()
    sweep(tmp_path)
    assert left.exists()
    long_ago = time.time() - ABANDONED_SECONDS - 1
    os.utime(left, (long_ago, long_ago))
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".hidden"]
