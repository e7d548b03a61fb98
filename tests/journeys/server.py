"""The app on a port of its own, for journeys and for what is timed in a browser."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers.started import free_port

ROOT = Path(__file__).parents[2]


@contextmanager
def served(home: Path, more: Mapping[str, str] | None = None, processes: int = 1) -> Iterator[str]:
    """The address of an app with that installation and the local engine.

    ``more``: variables of its environment; ``processes``: how many show the pages.
    """
    port = free_port()
    environment = os.environ | {"PMED_HOME": str(home), "PMED_ENGINE": "local"} | dict(more or {})
    environment["STREAMLIT_SERVER_HEADLESS"] = "true"
    command = [sys.executable, "-m", "pmed_core", "app", "--port", str(port)]
    several = ["--processes", str(processes)] if processes > 1 else []
    with running([*command, *several], environment, port) as address:
        yield address


@contextmanager
def page_alone(script: Path, home: Path) -> Iterator[str]:
    """The address of one page that is no part of the app, with that installation."""
    port = free_port()
    environment = os.environ | {"PMED_HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true"]
    with running([*command, "--server.port", str(port)], environment, port) as address:
        yield address


@contextmanager
def running(
    command: list[str], environment: Mapping[str, str], port: int, folder: Path = ROOT
) -> Iterator[str]:
    """The address of the app that a command starts in a folder, once it answers."""
    app = subprocess.Popen(command, cwd=folder, env=environment)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_healthy(address)
        yield address
    finally:
        app.terminate()
        app.wait(timeout=60)


def _wait_until_healthy(address: str) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.25)
    raise RuntimeError("The app did not start.")


def showing(home: Path) -> list[int]:
    """The processes that show pages of that home."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().split(b"\0")
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"streamlit" in line and f"PMED_HOME={home}".encode() in variables:
            found.append(int(folder.name))
    return found
