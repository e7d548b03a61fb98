"""A server of a test: a process on a free port that ends with the test, however that ends."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SECONDS = 90.0
"""That a busy machine may take to start one."""
SERVERS = Path(__file__).parents[2] / ".servers" / "bin" / "python"
"""The environment of servers (requirements.txt beside this file)."""
REQUIRED = os.environ.get("PMED_SERVERS") == "required"
"""Where a server that is not installed fails the tests, as in CI."""


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody does."""
    with socket.socket() as asked:
        asked.settimeout(1)
        return asked.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(
    command: Sequence[str], answers: Callable[[], bool], *, log: Path, end: str = "TERM",
) -> Iterator[subprocess.Popen[bytes]]:  # fmt: skip
    """The server, once it answers; it is told to end (a signal) afterwards, and when this process
    dies."""
    dying = [setpriv, "--pdeathsig", end] if (setpriv := shutil.which("setpriv")) else []
    with log.open("ab") as file:
        child = subprocess.Popen(
            [*dying, *command], cwd="/", stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )
    try:
        until = time.monotonic() + SECONDS
        while not answers():
            assert child.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < until, log.read_text(errors="replace")
            time.sleep(0.05)
        yield child
    finally:
        child.send_signal(signal.Signals[f"SIG{end}"])
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
