"""Where signing in does not work, the browser goes back to the page that says so.

Streamlit answers "Authentication error", or leads back to the start without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOGIN, CALLBACK = "/auth/login", "/oauth2callback"
NAME = "sign_in"
"""Of the part of the address that says what went wrong."""
SENTENCES = {
    "away": "The sign-in service of your institution does not answer. Wait a minute and try again. "
    "If it still does not answer, tell whoever looks after this app.",
    "failed": "Signing in did not work: it was cancelled, took too long, or the answer of your "
    "institution's sign-in service was not accepted. Try again. If it fails again, tell whoever "
    "looks after this app.",
}


class Explained:
    """Signing in ends on a page of the app, whatever the identity provider does."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path.endswith(LOGIN):
            await self._asked(scope, receive, send)
        elif path.endswith(CALLBACK) and _answered(scope):
            await self.app(scope, receive, _marked(send))
        else:
            await self.app(scope, receive, send)

    async def _asked(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The way to the provider, whose own description is read first."""
        failed = False

        async def passed(message: Message) -> None:
            nonlocal failed
            if message["type"] == "http.response.start":
                failed = message["status"] >= 400
            if not failed:
                await send(message)

        await self.app(scope, receive, passed)
        if failed:
            start = f"{scope['path'].removesuffix(LOGIN)}/?{NAME}=away"
            await RedirectResponse(start, 302)(scope, receive, send)


def _answered(scope: Scope) -> bool:
    """Whether the provider has said anything; whoever signs out comes back here, too."""
    said = parse_qs(scope["query_string"].decode("latin-1"))
    return bool(said.keys() & {"code", "error"})


def _marked(send: Send) -> Send:
    """Whoever comes back without a sign-in is told."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            given = (one.partition(";")[0] for one in headers.getlist("set-cookie"))
            names = {name for name, _, value in (one.partition("=") for one in given)
                     if value.strip('"')}  # fmt: skip
            if USER_COOKIE_NAME not in names and "location" in headers:
                headers["location"] += f"?{NAME}=failed"
        await send(message)

    return marked
