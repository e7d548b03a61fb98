"""A PostgreSQL that the tests start: Debian's package, with data of its own that nobody keeps.

It refuses to run as root, as whom tests run in containers: the user of its package runs it then.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Pool, event

from pmed_core.settings import settings
from tests.servers.started import REQUIRED, free_port, listens, running

USER, PASSWORD = "pmed", "hold-this-back"
FAST = {
    "fsync": "off", "full_page_writes": "off", "max_connections": "60",
    "shared_buffers": "16MB", "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
}  # fmt: skip
"""What was committed outlasts the server, and need not outlast the machine."""
USUAL_PORT = 5432
AT_ONCE = "QUIT"
"""The signal at which it drops what was not committed."""


def programs() -> Path | None:
    """Where Debian's package, or another, has put them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda one: one.parts[4])
    named = shutil.which("postgres")
    return found[-1].parent if found else Path(named).parent if named else None


def _of_its_user() -> list[str]:
    """What begins a command that root must not run."""
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups",
            "--pdeathsig", AT_ONCE]  # fmt: skip


@dataclass
class Server:
    """One server; ``stop`` and ``start`` as an administrator or a power cut would.

    ``socket``: it listens on no network, and lets in whoever has its socket, which lies in its
    folder under the usual port.
    """

    programs: Path
    folder: Path
    port: int
    socket: bool = False
    made: int = 0
    runs: list[AbstractContextManager[subprocess.Popen[bytes]]] = field(default_factory=list)

    def prepare(self) -> None:
        """Make an empty one."""
        (self.folder / "password").write_text(PASSWORD)
        if os.getuid() == 0:
            for path in (self.folder, self.folder / "password"):
                shutil.chown(path, "postgres", "postgres")
        subprocess.run(
            [*_of_its_user(), str(self.programs / "initdb"), "--no-sync",
             "-A", "trust" if self.socket else "scram-sha-256", "-U", USER,
             f"--pwfile={self.folder / 'password'}", "-E", "UTF8", "--locale=C",
             "-D", str(self.folder / "data")],
            check=True, capture_output=True, cwd="/",
        )  # fmt: skip

    def start(self) -> None:
        """Go on with what it holds."""
        here = {"listen_addresses": "", "unix_socket_directories": str(self.folder)}
        chosen = FAST | (here if self.socket else {})
        said = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        self.runs.append(
            running(
                [*_of_its_user(), str(self.programs / "postgres"), "-D", str(self.folder / "data"),
                 "-p", str(self.port), *said],
                self.answers, log=self.folder / "log", end=AT_ONCE,
            )
        )  # fmt: skip
        self.runs[-1].__enter__()

    def stop(self) -> None:
        """At once, without asking anybody: what was not committed is gone."""
        self.runs.pop().__exit__(None, None, None)

    def answers(self) -> bool:
        """Whether it lets its user in."""
        if not self.socket and not listens(self.port):
            return False
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, name: str) -> str:
        """Of one of its databases."""
        if self.socket:
            return f"postgresql://{USER}@/{name}?host={self.folder}"
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def fresh(self) -> str:
        """The address of a new, empty database."""
        self.made += 1
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE test_{self.made}".encode())
        return self.url(f"test_{self.made}")


@contextmanager
def served(socket: bool = False) -> Iterator[Server]:
    """A server of its own; the test is skipped where it is not installed."""
    found = programs()
    if found is None:
        assert not REQUIRED, "PostgreSQL is not installed"
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pmed-postgres-", dir="/tmp"))
    server = Server(found, folder, USUAL_PORT if socket else free_port(), socket)
    try:
        server.prepare()
        server.start()
        yield server
    finally:
        if server.runs:
            server.runs.pop().__exit__(None, None, None)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One for all tests of a process."""
    with served() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Which of them the store of this test lies in."""
    kind = str(request.param)
    if kind == "sqlite":
        yield kind
        return
    server: Server = request.getfixturevalue("postgres")
    monkeypatch.setenv("PMED_DATABASE", server.fresh())
    settings.cache_clear()
    with closed_afterwards():
        yield kind


@contextmanager
def closed_afterwards() -> Iterator[None]:
    """Connections that stores keep open while a process lives."""
    held: list[psycopg.Connection[tuple[object, ...]]] = []

    def note(connection: object, _: object) -> None:
        if isinstance(connection, psycopg.Connection):
            held.append(connection)

    event.listen(Pool, "connect", note)
    try:
        yield
    finally:
        event.remove(Pool, "connect", note)
        for connection in held:
            connection.close()
