"""A Ray cluster of processes on this machine: a head that runs no jobs, and workers."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.servers.started import REQUIRED, free_port, running

RAY = Path(sys.executable).parent / "ray"
STARTED = "Ray runtime started"
OBJECTS = str(80 * 2**20)
"""Bytes of memory for what Ray keeps itself: nothing of a job is."""


@dataclass
class Machine:
    """One of the cluster: ``ray start``, and all that it has started."""

    name: str
    process: subprocess.Popen[bytes]

    def below(self) -> dict[int, str]:
        """Command lines of its processes, by number, also of those in sessions of their own."""
        children: dict[int, list[int]] = {}
        said: dict[int, str] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                pid = int(folder.name)
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                children.setdefault(int(parent), []).append(pid)
                said[pid] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        found, waiting = dict[int, str](), [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found[pid] = said.get(pid, "")
            waiting += children.get(pid, [])
        return found

    def worker(self, job: str) -> int:
        """The process that works on a job here; 0 where none does."""
        return next((pid for pid, said in self.below().items() if f" job {job} " in said), 0)

    def kill(self) -> None:
        """All of it at once, as when the power fails."""
        for pid in self.below():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class RayCluster:
    """A running cluster; its settings are those of the environment that it was started in.

    Attributes:
        known: the variables of all its machines, and of who asks them.
        gpus: how many each of its workers is said to have.
        folder: where Ray keeps its sockets and logs.
    """

    folder: Path
    known: dict[str, str]
    lasting: ExitStack
    gpus: Mapping[str, int]
    machines: dict[str, Machine] = field(default_factory=dict)

    def start(self, name: str, *how: str, **more: str) -> Machine:
        """One more machine, once it is there."""
        log = self.folder / f"{name}.log"
        known = {f"--{key}={said}" for key, said in {
            "object-store-memory": OBJECTS, "node-name": name,
        }.items()}  # fmt: skip
        assigned = [f"{key}={said}" for key, said in (self.known | more).items()]
        process = self.lasting.enter_context(running(
            ["env", *assigned, str(RAY), "start", "--block", *known, *how],
            lambda: STARTED in log.read_text(errors="replace"), log=log,
        ))  # fmt: skip
        self.machines[name] = Machine(name, process)
        return self.machines[name]

    def worker(self, name: str) -> Machine:
        """One with room for one job, and GPUs as Ray is told, which need not be there."""
        room = ("--num-cpus=1", f"--num-gpus={self.gpus[name]}")
        return self.start(name, f"--address={self.known['RAY_ADDRESS']}", *room)

    def head(self) -> Machine:
        """The one that the others, and whoever asks, join."""
        port = self.known["RAY_ADDRESS"].rpartition(":")[2]
        return self.start(
            "head", "--head", f"--port={port}", "--num-cpus=0", "--include-dashboard=false",
            "--disable-usage-stats", f"--temp-dir={self.folder / 'ray'}",
        )  # fmt: skip


@contextmanager
def served(known: Mapping[str, str], gpus: Mapping[str, int]) -> Iterator[RayCluster]:
    """A cluster that asks for a token; skips where Ray is not installed and need not be."""
    if find_spec("ray") is None and not REQUIRED:
        pytest.skip("Ray is not installed (requirements-ray.txt)")
    # Not pytest's folder: the name of a socket may have 107 letters.
    with tempfile.TemporaryDirectory(prefix="ray") as folder, ExitStack() as lasting:
        token = Path(folder, "token")
        token.touch(mode=0o600)
        token.write_text(secrets.token_hex(32))
        address = f"127.0.0.1:{free_port()}"
        told = {
            "RAY_ADDRESS": address, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_USAGE_STATS_ENABLED": "0",
            # Else Ray gives its workers the last place on the machine; ours give way by themselves.
            "RAY_worker_niceness": "0",
        }  # fmt: skip
        found = RayCluster(Path(folder), {**known, **told}, lasting, gpus)
        found.head()
        for name in gpus:
            found.worker(name)
        yield found
