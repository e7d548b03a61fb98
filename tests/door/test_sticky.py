"""Each visitor stays with one process, and bytes pass the door unchanged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from pmed_core.door import BROWSER, sticky
from pmed_core.door.sticky import Door, alone, slot_of
from tests.waiting import awaited

Exchange = Callable[[bytes], Awaitable[bytes]]


def request(*lines: str, body: bytes = b"", path: str = "/") -> bytes:
    head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *lines])
    return f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def process(number: int) -> asyncio.Server:
    """One that answers with its number and what it was sent."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(size)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n%d|%s|%s" % (number, head, body))
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


async def exchanged(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    found = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return found


def behind_a_door(use: Callable[[Exchange, Door], Awaitable[None]], number: int = 2) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(await process(n)) for n in range(number)]
            door = Door(lambda: [port_of(one) for one in servers])
            entrance = await stack.enter_async_context(await door.serve("127.0.0.1", 0))
            await use(lambda sent: exchanged(port_of(entrance), sent), door)

    awaited(run())


def served_by(answer: bytes) -> int:
    return int(answer.split(b"\r\n\r\n", 1)[1].split(b"|")[0])


def test_a_browser_that_is_known_stays_where_it_is() -> None:
    async def use(exchange: Exchange, door: Door) -> None:
        for slot in (0, 1, 1, 0):
            cookie = f"Cookie: _streamlit_xsrf=a; {BROWSER}={slot}.secret"
            assert served_by(await exchange(request(cookie))) == slot

    behind_a_door(use)


def test_new_visitors_are_shared_out_by_the_connections_that_are_open() -> None:
    async def use(exchange: Exchange, door: Door) -> None:
        door.visitors = {0: 3, 1: 2}
        assert served_by(await exchange(request())) == 1
        door.visitors = {0: 2, 1: 3}
        assert served_by(await exchange(request())) == 0
        assert door.visitors == {0: 2, 1: 3}

    behind_a_door(use)


def test_one_that_is_not_there_any_more_is_replaced() -> None:
    async def use(exchange: Exchange, door: Door) -> None:
        assert served_by(await exchange(request(f"Cookie: {BROWSER}=7.secret"))) in (0, 1)

    behind_a_door(use)


def test_a_large_body_arrives_whole() -> None:
    body = bytes(range(256)) * 20_000

    async def use(exchange: Exchange, door: Door) -> None:
        answer = await exchange(request(body=body))
        assert answer.endswith(body)

    behind_a_door(use)


def test_a_connection_carries_one_request() -> None:
    """The next may be of another visitor, where a proxy shares its connections."""

    async def use(exchange: Exchange, door: Door) -> None:
        answer = await exchange(request("Connection: keep-alive", "Keep-Alive: timeout=5"))
        assert b"Connection: close" in answer
        assert b"keep-alive" not in answer.lower()

    behind_a_door(use)


def test_a_websocket_keeps_its_head() -> None:
    head = b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert alone(head) == head


@pytest.mark.parametrize(
    ("line", "slot"),
    [
        (f"Cookie: {BROWSER}=3.abc", 3), (f"COOKIE:{BROWSER}=12.abc; a=b", 12),
        (f"Cookie: a=b;{BROWSER}=0.x", 0), (f"Cookie: not-{BROWSER}=3.abc", None),
        (f"Cookie: {BROWSER}=abc", None), (f"X: {BROWSER}=3.abc", None), ("Cookie:", None),
    ],
)  # fmt: skip
def test_only_the_cookie_says_where_a_browser_is(line: str, slot: int | None) -> None:
    assert slot_of(request(line)) == slot
    assert slot_of(request(path=f"/?Cookie: {BROWSER}=3.a")) is None


def test_what_is_no_request_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(exchange: Exchange, door: Door) -> None:
        monkeypatch.setattr(sticky, "LAST_SECONDS", 0.1)
        long = await exchange(b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n")
        assert long.startswith(b"HTTP/1.1 431 ")
        monkeypatch.setattr(sticky, "HEAD_SECONDS", 0.05)
        assert await exchange(b"GET / HTTP/1.1\r\nX") == b""

    behind_a_door(use)


def test_a_process_that_does_not_come_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sticky, "START_SECONDS", 0.1)

    async def use(exchange: Exchange, door: Door) -> None:
        nobody = await process(9)
        port = port_of(nobody)
        nobody.close()
        await nobody.wait_closed()
        door.ports = lambda: [port]
        answer = await exchange(request())
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert answer.endswith(b"The app is starting. Reload soon.")

    behind_a_door(use, 1)
