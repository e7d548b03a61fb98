"""An object store that speaks S3: moto, from the environment of servers."""

from __future__ import annotations

import select
import socket
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import pytest

from pmed_core import bucket
from pmed_core.settings import settings
from tests.servers.started import REQUIRED, SECONDS, SERVERS, free_port, listens, running

KEY, SECRET = "pmed-of-the-tests", "hold-this-back-too"


@dataclass
class Objects:
    """One server; what it holds is in its memory, and goes when it ends."""

    port: int
    log: Path
    made: int = 0
    runs: list[AbstractContextManager[Popen[bytes]]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """With nothing in it."""
        command = [str(SERVERS), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.runs.append(running(command, lambda: listens(self.port), log=self.log))
        self.runs[-1].__enter__()

    def stop(self) -> None:
        """At once."""
        self.runs.pop().__exit__(None, None, None)

    def fresh(self) -> str:
        """The address of a folder in a new bucket."""
        self.made += 1
        asked = urllib.request.Request(f"{self.address}/wards-{self.made}", method="PUT")
        urllib.request.urlopen(asked).close()
        return f"s3://wards-{self.made}/pmed"


@contextmanager
def behind_a_door(server: Objects) -> Iterator[threading.Event]:
    """The same server at another port, for as long as the event is set; else nobody answers there.
    What it holds is in its memory, so that it cannot be stopped itself."""
    inner, server.port, is_open = server.port, free_port(), threading.Event()
    is_open.set()
    ended = threading.Event()
    door = threading.Thread(target=_keep_the_door, args=(server.port, inner, is_open, ended))
    door.start()
    try:
        until = time.monotonic() + SECONDS
        while not listens(server.port) and time.monotonic() < until:
            time.sleep(0.02)
        yield is_open
    finally:
        ended.set()
        door.join()
        server.port = inner


def _keep_the_door(port: int, inner: int, is_open: threading.Event, ended: threading.Event) -> None:
    while not ended.is_set():
        if not is_open.wait(0.05):
            continue
        with socket.create_server(("127.0.0.1", port)) as door, ThreadPoolExecutor() as passing:
            door.settimeout(0.05)
            while is_open.is_set() and not ended.is_set():
                with suppress(TimeoutError):
                    guest = door.accept()[0]
                    passing.submit(_pass_on, guest, inner, is_open)


def _pass_on(guest: socket.socket, inner: int, is_open: threading.Event) -> None:
    with guest, socket.create_connection(("127.0.0.1", inner)) as host:
        other = {guest: host, host: guest}
        while is_open.is_set():
            for one in select.select([*other], [], [], 0.05)[0]:
                data = one.recv(2**16)
                if not data:
                    return
                other[one].sendall(data)


@contextmanager
def served() -> Iterator[Objects]:
    """A server of its own; the test is skipped where it is not installed."""
    if not SERVERS.exists():
        assert not REQUIRED, "The environment of servers is not there"
        pytest.skip("the environment of servers (tests/servers/requirements.txt) is not there")
    with tempfile.TemporaryDirectory() as folder:
        server = Objects(free_port(), Path(folder) / "log")
        server.start()
        try:
            yield server
        finally:
            if server.runs:
                server.stop()


def use(server: Objects, monkeypatch: pytest.MonkeyPatch) -> str:
    """From now on what lasts is there -> its address."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("PMED_ARTEFACTS", url := server.fresh())
    settings.cache_clear()
    bucket._opened.cache_clear()
    return url


@pytest.fixture(scope="session")
def objects() -> Iterator[Objects]:
    """One for all tests of a process."""
    with served() as server:
        yield server
