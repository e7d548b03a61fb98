"""A worker whose work does what its name says, to see what the engine makes of it."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time

from pmed_core import worker
from pmed_core.errors import Cancelled, UserError
from pmed_core.progress import Progress
from pmed_core.store.store import Store
from pmed_core.work import Fit, Read, Work

LONG = 120.0


def run(work: Work, store: Store, progress: Progress) -> str:
    assert isinstance(work, Fit | Read)
    match work.name:
        case "listens":
            return _listen(progress)
        case "deaf":
            progress.epoch({"epoch": 1})
            time.sleep(LONG)
        case "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        case "dies once":
            _die_once(store)
        case "has a bug":
            raise KeyError("Mrs Smith")
        case "refuses":
            raise UserError("The file is empty", "x.csv", "Choose another.")
        case "finds the disk full":
            raise SystemExit(errno.ENOSPC)
        case "makes noise":
            sys.stdout.write('{"result": "noise"}\n')
            os.write(1, b"noise from C\n")
        case "eats memory":
            return str(len(bytearray(64 * 2**30)))
    return f"{work.name} is done"


def _listen(progress: Progress) -> str:
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


def _die_once(store: Store) -> None:
    mark = store.home / "died"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    worker.run = run
    worker.main(sys.argv[1:])
