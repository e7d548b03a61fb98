"""Hands every request to the process that its browser is with.

What belongs to one visitor of Streamlit (the websocket, uploads, downloads) must reach the process
that holds the session. Each process puts its number into the cookie of a browser; here the cookie
is read from the head of the request, and bytes are passed on in both directions, whatever they are.
A connection carries one request, because the next one on it may be of another visitor where a
reverse proxy stands before this.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from pmed_core.door import BROWSER

HEAD_BYTES, HEAD_SECONDS = 65_536, 60.0
PART = 65_536
START_SECONDS, LOOK = 30.0, 0.1
LAST_SECONDS = 1.0
OF_BROWSER = re.compile(rb"(?:^|[;\s])" + BROWSER.encode() + rb"=(\d{1,4})\.")

Ports = Callable[[], list[int]]


def slot_of(head: bytes) -> int | None:
    """Which process the browser of that request is with; None where it has not been here."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"cookie" and (found := OF_BROWSER.search(value)):
            return int(found[1])
    return None


def alone(head: bytes) -> bytes:
    """The head of a request after whose answer the connection ends; a websocket's is unchanged."""
    lines = head.split(b"\r\n")
    named = [(line.partition(b":")[0].strip().lower(), line) for line in lines]
    if any(name == b"upgrade" for name, _ in named[1:]):
        return head
    kept = [line for name, line in named if name not in (b"connection", b"keep-alive")]
    return b"\r\n".join([kept[0], b"Connection: close", *kept[1:]])


def refusal(status: str, sentence: str) -> bytes:
    """An answer of the door itself."""
    body = sentence.encode()
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nRetry-After: 2\r\nConnection: close\r\n\r\n"
    ).encode() + body


@dataclass
class Door:
    """Listens for visitors.

    Attributes:
        ports: where the processes listen on this machine, by their numbers.
        visitors: how many connections each has now.
    """

    ports: Ports
    visitors: dict[int, int] = field(default_factory=dict)

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Open the door; raises ``OSError`` where the address is taken."""
        return await asyncio.start_server(self._welcome, host, port, limit=HEAD_BYTES)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # Of a visitor who leaves before the answer, nothing is left to do.
            with suppress(ConnectionError):
                await self._pass_on(reader, writer)
        finally:
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            writer.write(refusal("431 Request Header Fields Too Large", "The request is too long."))
            await _ignored(reader, writer)
            return
        except (TimeoutError, asyncio.IncompleteReadError):
            return
        slot = self._chosen(slot_of(head))
        self.visitors[slot] = self.visitors.get(slot, 0) + 1
        try:
            await self._to(slot, alone(head), reader, writer)
        finally:
            self.visitors[slot] -= 1

    def _chosen(self, known: int | None) -> int:
        """The process of that number, else the one with the fewest visitors."""
        slots = range(len(self.ports()))
        if known is not None and known in slots:
            return known
        return min(slots, key=lambda slot: self.visitors.get(slot, 0))

    async def _to(
        self, slot: int, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            there, back = await self._connected(slot)
        except TimeoutError:
            writer.write(refusal("503 Service Unavailable", "The app is starting. Reload soon."))
            return
        try:
            back.write(head)
            await _first(_copied(reader, back), _copied(there, writer))
        finally:
            back.close()

    async def _connected(self, slot: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Its process may just be starting; raises ``TimeoutError`` where it does not come."""
        async with asyncio.timeout(START_SECONDS):
            while True:
                with suppress(OSError):
                    return await asyncio.open_connection("127.0.0.1", self.ports()[slot])
                await asyncio.sleep(LOOK)


async def _ignored(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What still comes, for a moment: an answer is lost where much of the question is unread."""
    await writer.drain()
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_SECONDS):
            while await reader.read(PART):
                pass


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(PART):
            writer.write(data)
            await writer.drain()


async def _first(*directions: Awaitable[None]) -> None:
    """Until one side has ended; then the other has nobody to speak to."""
    tasks = [asyncio.ensure_future(one) for one in directions]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
