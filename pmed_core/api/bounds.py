"""Limits of what is taken in: bytes of a body, seconds that it takes to come, calls of one key."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from pmed_core.settings import RESEARCH_ONLY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES = 2**20
BODY_SECONDS = 20.0
KEYS_KEPT = 4096


def refusal(status: int, what: str, where: str = "", remedy: str = "") -> JSONResponse:
    """An error as every other answer of the service tells it."""
    told = {"what": what, "where": where, "remedy": remedy}
    return JSONResponse({"error": told, "notice": RESEARCH_ONLY}, status)


class Bounded:
    """Reads a body before anything else sees it, within the limits; no answer is kept by others.

    Of a cell that is sent twice, JSON readers would silently take one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        send = _unkept(send)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(receive)
        except TimeoutError:
            await refusal(408, "The request did not come to its end")(scope, receive, send)
            return
        if body is None:
            told = f"The request is larger than {BODY_BYTES // 2**20} MB"
            await refusal(413, told, remedy="Ask about fewer patients.")(scope, receive, send)
            return
        if told := _unclear(body):
            await refusal(400, told)(scope, receive, send)
            return
        await self.app(scope, _again(body, receive), send)


async def _body(receive: Receive) -> bytes | None:
    """All of it; None where it is too large."""
    held = bytearray()
    while True:
        message = await receive()
        held += message.get("body", b"")
        if len(held) > BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(held)


def _unclear(body: bytes) -> str:
    """Why a body that JSON readers take does not say one thing; empty where it does, or where it
    is none at all, of which the routes tell."""
    if not body:
        return ""
    try:
        json.dumps(json.loads(body, object_pairs_hook=each_once), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "The request holds half of a character"
    except Twice:
        return "The request names something twice in one place"
    except (ValueError, RecursionError):
        pass
    return ""


class Twice(ValueError):
    """A name stands twice in one object of JSON."""


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; raises ``Twice``."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Twice
    return found


def _again(body: bytes, receive: Receive) -> Receive:
    waiting: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": body}]

    async def told() -> Message:
        return waiting.pop() if waiting else await receive()

    return told


def _unkept(send: Send) -> Send:
    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
            message["headers"] = [*message.get("headers", []), *headers]
        await send(message)

    return told


@dataclass
class Rate:
    """How often each key may ask: so many calls at once, which come back evenly over a minute."""

    a_minute: int
    left: dict[str, tuple[float, float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str, now: float | None = None) -> float:
        """Seconds to wait before the next call; 0 where this one may go on."""
        now = time.monotonic() if now is None else now
        with self.lock:
            if len(self.left) > KEYS_KEPT:
                self.left.clear()
            calls, since = self.left.get(key, (float(self.a_minute), now))
            calls = min(float(self.a_minute), calls + (now - since) * self.a_minute / 60)
            if calls < 1:
                self.left[key] = (calls, now)
                return (1 - calls) * 60 / self.a_minute
            self.left[key] = (calls - 1, now)
            return 0.0
