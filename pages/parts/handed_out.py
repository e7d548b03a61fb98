"""Files that were asked for by a click are for that session alone, as long as it is open.

Streamlit serves them to whoever knows the address, which also stands in the logs of proxies and in
the history of the browser. So every browser gets a cookie that nobody can guess, what a session
makes is noted with the cookie of its browser, and ``Gate`` answers nobody else.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections import defaultdict
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from streamlit import runtime

from pmed_core.door import BROWSER, SLOT

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEDIA, BUNDLED, FIRST_ASKED = "/media/", "/static/media/", "/_stcore/health"


class HandedOut:
    """Who may fetch what: digest of a file -> session -> the cookie of its browser."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.files: dict[str, dict[str, str]] = defaultdict(dict)

    def note(self, content: bytes, session: str, browser: str) -> None:
        """A session has made this file."""
        with self.lock:
            self.files[hashlib.sha256(content).hexdigest()][session] = browser

    def may_have(self, content: bytes, browser: str) -> bool:
        """Whether a session that is open in that browser has made this file."""
        with self.lock:
            makers = dict(self.files.get(hashlib.sha256(content).hexdigest(), {}))
        return any(
            secrets.compare_digest(cookie.encode(), browser.encode()) and _open(session)
            for session, cookie in makers.items()
            if cookie
        )

    def forget_closed(self) -> None:
        """Drop what sessions made that are not open any more."""
        with self.lock:
            for digest, makers in list(self.files.items()):
                still = {one: cookie for one, cookie in makers.items() if _open(one)}
                if still:
                    self.files[digest] = still
                else:
                    del self.files[digest]


def _open(session: str) -> bool:
    return runtime.exists() and runtime.get_instance().is_active_session(session)


HANDED_OUT = HandedOut()


class Gate:
    """Lets a file pass to the browser of the session that made it; gives browsers their cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._answer(scope, receive, send)
            case "websocket":
                try:
                    await self.app(scope, receive, send)
                finally:
                    HANDED_OUT.forget_closed()
            case _:
                await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = HTTPConnection(scope)
        browser = asked.cookies.get(BROWSER, "")
        made = made_by_a_session(scope["path"])
        if made and not _allowed(scope["path"], browser):
            await PlainTextResponse("File not found", 404)(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if made:
                    headers["Cache-Control"] = "no-store"
                if not browser and _begins(scope["path"], headers):
                    headers.append("Set-Cookie", _cookie(asked))
            await send(message)

        await self.app(scope, receive, marked)


def made_by_a_session(path: str) -> bool:
    """Whether this is the address of such a file, and not of the fonts and icons that come with
    Streamlit and lie below ``/static/media/``."""
    return MEDIA in path and not (BUNDLED in path and _kept(path) is None)


def _allowed(path: str, browser: str) -> bool:
    content = _kept(path)
    return bool(browser) and content is not None and HANDED_OUT.may_have(content, browser)


def _kept(path: str) -> bytes | None:
    if not runtime.exists():
        return None
    file = runtime.get_instance().media_file_mgr.read_file(path.rpartition("/")[2])
    return None if file is None else file.content


def _begins(path: str, headers: MutableHeaders) -> bool:
    """Whether a browser asks this first: the page itself, or before it connects once more."""
    return path.endswith(FIRST_ASKED) or headers.get("content-type", "").startswith("text/html")


def _cookie(asked: HTTPConnection) -> str:
    encrypted = "https" in (asked.url.scheme, asked.headers.get("x-forwarded-proto", ""))
    value = f"{os.environ.get(SLOT, '0')}.{secrets.token_urlsafe(32)}"
    about = "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if encrypted else "")
    return f"{BROWSER}={value}; {about}"
