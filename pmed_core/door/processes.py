"""Several processes that show pages, behind one door.

They share the home, and with it one supervisor of jobs. One that ends is started again; all end
with this process: each has a pipe from it, and ends when the pipe does.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
import tomllib
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from pmed_core.door import SLOT
from pmed_core.door.sticky import Door
from pmed_core.engine.python import command, environment
from pmed_core.errors import UserError
from pmed_core.settings import APP

PORT, ADDRESS = 8501, "127.0.0.1"
PAUSE = 1.0
LAST_SECONDS = 10.0


def free_port() -> int:
    """One on this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def option(name: str, variables: Mapping[str, str]) -> str:
    """An option of Streamlit's server, from its variable or the app's configuration."""
    variable = "".join(f"_{letter}" if letter.isupper() else letter for letter in name).upper()
    told = tomllib.loads((APP / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    return variables.get(f"STREAMLIT_SERVER_{variable}", str(told.get("server", {}).get(name, "")))


@dataclass
class Processes:
    """``number`` of them; ``ports`` by their numbers, ``running`` those that are alive."""

    number: int
    ports: list[int] = field(default_factory=list)
    running: dict[int, Process] = field(default_factory=dict)
    shared: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    async def keep(self) -> None:
        """Start them, and each again that ends, until this is cancelled; then end them."""
        self.ports = [free_port() for _ in range(self.number)]
        try:
            async with asyncio.TaskGroup() as group:
                for slot in range(self.number):
                    group.create_task(self._keep_one(slot))
        finally:
            await asyncio.gather(*(_ended(one) for one in self.running.values()))

    async def _keep_one(self, slot: int) -> None:
        while True:
            self.running[slot] = await self._started(slot)
            await self.running[slot].wait()
            await asyncio.sleep(PAUSE)
            self.ports[slot] = free_port()

    async def _started(self, slot: int) -> Process:
        line = command(
            "streamlit", "run", str(APP / "app.py"), "--server.address", ADDRESS,
            "--server.port", str(self.ports[slot]), "--server.headless", "true",
        )  # fmt: skip
        # Cookies that one process has signed hold for the others too.
        more = {SLOT: str(slot), "STREAMLIT_SERVER_COOKIE_SECRET": self.shared}
        return await asyncio.create_subprocess_exec(
            *line, stdin=PIPE, stdout=asyncio.subprocess.DEVNULL, env=environment(**more), cwd=APP
        )


async def _ended(process: Process) -> None:
    """Asked first, as a person may be in the middle of something; then made to."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(LAST_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def serve(number: int, port: int | None) -> None:
    """Show the app with so many processes until this one is ended; raises ``UserError``."""
    if option("sslCertFile", os.environ):
        raise UserError(
            "Several processes cannot share a certificate", "app --processes",
            "Put a reverse proxy before them that encrypts, and leave out server.sslCertFile.",
        )  # fmt: skip
    with suppress(asyncio.CancelledError):
        asyncio.run(_serve(number, port or int(option("port", os.environ) or PORT)))


async def _serve(number: int, port: int) -> None:
    address = option("address", os.environ) or ADDRESS
    processes = Processes(number)
    keeping = asyncio.create_task(processes.keep())
    for end in (signal.SIGTERM, signal.SIGINT):
        # Windows knows no handlers of a loop; there Ctrl-C interrupts the loop itself.
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(end, keeping.cancel)
    try:
        await asyncio.sleep(0)
        async with await Door(lambda: processes.ports).serve(address, port):
            sys.stdout.write(f"\n  URL: http://{address}:{port}  ({number} processes)\n\n")
            sys.stdout.flush()
            await keeping
    except OSError as error:
        raise UserError(
            f"The server cannot listen on {address}:{port}", "app --port", "Choose another port."
        ) from error
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
