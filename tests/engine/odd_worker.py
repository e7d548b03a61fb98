"""A worker whose work does what its name says, to see what the engine makes of it."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import numpy as np

from pmed_core import bucket, worker
from pmed_core.errors import Busy, Cancelled, Unreachable, UserError
from pmed_core.progress import Progress
from pmed_core.sealing import files
from pmed_core.store.progress import JobProgress
from pmed_core.store.store import Store
from pmed_core.work import Fit, Read, Work

LONG = 120.0
OF = "00" * 32


def run(work: Work, store: Store, progress: Progress) -> str:
    assert isinstance(work, Fit | Read)
    if work.name.startswith("writes"):
        _write(store, work.name.split()[1])
    odd = ODD.get(work.name.partition(" #")[0])
    return (odd and odd(store, progress)) or f"{work.name} is done"


def _listen(_: Store, progress: Progress) -> str:
    progress.note("Started.")
    ends = time.monotonic() + LONG
    while time.monotonic() < ends:
        stop = progress.stop()
        if stop == "cancel":
            raise Cancelled
        if stop == "keep":
            return "kept"
        time.sleep(0.02)
    return "too late"


def _deaf(_: Store, progress: Progress) -> str:
    progress.epoch({"epoch": 1})
    time.sleep(LONG)
    return ""


def _ignoring(store: Store, progress: Progress) -> str:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return _deaf(store, progress)


def _die(_: Store, progress: Progress) -> str:
    """With all that it has said written."""
    progress.stage("Here it dies", 0.5)
    if isinstance(progress, JobProgress):
        progress.close()
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def _die_once(store: Store, _: Progress) -> str:
    mark = store.home / "died"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return ""


def _keep(progress: Progress) -> None:
    progress.checkpoint("networks", OF).keep(lambda: {"at": np.array(7)})


def _keep_and_die(store: Store, progress: Progress) -> str:
    _keep(progress)
    return _die(store, progress)


def _keep_and_be_deaf(store: Store, progress: Progress) -> str:
    _keep(progress)
    return _deaf(store, progress)


def _go_on(store: Store, progress: Progress) -> str:
    checkpoint = progress.checkpoint("networks", OF)
    kept = checkpoint.kept()
    if kept is None:
        checkpoint.keep(lambda: {"at": np.array(7)})
        return _die(store, progress)
    return f"went on from {kept['at']}"


def _write(store: Store, text: str) -> None:
    with (store.home / "logs" / "written").open("a") as file:
        file.write(f"{text}\n")


def _wait_and_hold(store: Store, progress: Progress) -> str:
    """Keep a result only where nobody else has the job by then."""
    assert isinstance(progress, JobProgress)
    progress.note("Started.")
    while not (store.home / "go").exists():
        time.sleep(0.02)
    progress.hold()
    _write(store, str(progress.token))
    return f"by token {progress.token}"


def _bug(*_: object) -> str:
    raise KeyError("Mrs Smith")


def _refuse(*_: object) -> str:
    raise UserError("The file is empty", "x.csv", "Choose another.")


def _busy_once(store: Store, _: Progress) -> str:
    mark = store.home / "was busy"
    if not mark.exists():
        mark.touch()
        _busy()
    return ""


def _busy(*_: object) -> str:
    raise Busy("The store is busy with what others are doing")


def _away(store: Store, _: Progress) -> str:
    """More often than a job may die."""
    with (store.home / "away").open("a") as file:
        file.write("x")
    if (store.home / "away").stat().st_size <= 4:
        raise Unreachable("The object store does not answer")
    return ""


def _add_a_model(store: Store, progress: Progress) -> str:
    """What a training does at its end, with a store that is asked only for a moment."""
    bucket.RETRY = timedelta(seconds=0.2)
    progress.note("Started.")
    while not (store.home / "go").exists():
        time.sleep(0.02)
    package = store.models.new_package("m")
    package.mkdir(parents=True, exist_ok=True)
    files.write_text(package / "manifest.json", '{"sha256": {}}')
    store.models.add("m", "Mine", "c")
    return "added"


def _tell_gpu(*_: object) -> str:
    return os.environ.get("CUDA_VISIBLE_DEVICES", "whatever there is") or "none"


def _full(*_: object) -> str:
    raise SystemExit(errno.ENOSPC)


def _noise(*_: object) -> str:
    sys.stdout.write('{"result": "noise"}\n')
    os.write(1, b"noise from C\n")
    return ""


def _eat(*_: object) -> str:
    return str(len(bytearray(64 * 2**30)))


ODD: dict[str, Callable[[Store, Progress], str]] = {
    "listens": _listen, "deaf": _deaf, "ignores being told to end": _ignoring, "dies": _die,
    "dies once": _die_once, "keeps and dies": _keep_and_die, "keeps and is deaf": _keep_and_be_deaf,
    "goes on": _go_on, "waits and holds": _wait_and_hold, "has a bug": _bug, "refuses": _refuse,
    "adds a model": _add_a_model, "finds the store away": _away, "finds the store busy": _busy,
    "finds the store busy once": _busy_once, "finds the disk full": _full, "makes noise": _noise,
    "eats memory": _eat, "says its GPU": _tell_gpu,
}  # fmt: skip


if __name__ == "__main__":
    worker.run = run
    worker.main(sys.argv[1:])
