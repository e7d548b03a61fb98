"""What a hosted server asks of every request, beside what pages ask of whoever is signed in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from streamlit.auth_util import get_cookie_with_chunks, get_origin_from_redirect_uri
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from pages.parts.handed_out import made_by_a_session
from pmed_core.accounts import Claims, claims_of
from pmed_core.service import access

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
"""They tell what runs here, or drive the app without a browser, and ask nobody who they are."""
UPLOADS = "/_stcore/upload_file"
SECURE, ONE_YEAR = "; Secure", "max-age=31536000"


class Guard:
    """Files pass only to, and come only from, browsers whose sign-in holds; cookies are for
    encrypted connections alone where the app is opened through one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.encrypted = (get_origin_from_redirect_uri() or "").startswith("https:")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif any(path in scope["path"] for path in CLOSED):
            await PlainTextResponse("Not found", 404)(scope, receive, send)
        elif _of_somebody(scope["path"]) and not await _holds(HTTPConnection(scope)):
            await PlainTextResponse("Sign in first", 403)(scope, receive, send)
        else:
            await self.app(scope, receive, self._closed(send))

    def _closed(self, send: Send) -> Send:
        async def closed(message: Message) -> None:
            if message["type"] == "http.response.start" and self.encrypted:
                headers = MutableHeaders(scope=message)
                headers["Strict-Transport-Security"] = ONE_YEAR
                given = headers.getlist("set-cookie")
                del headers["set-cookie"]
                for cookie in given:
                    secure = "; secure" in cookie.lower()
                    headers.append("set-cookie", cookie if secure else f"{cookie}{SECURE}")
            await send(message)

        return closed


def _of_somebody(path: str) -> bool:
    """Whether it is the address of a file that a session made, or uploads one."""
    return UPLOADS in path or made_by_a_session(path)


async def _holds(asked: HTTPConnection) -> bool:
    signed = _signed(asked)
    return signed is not None and await run_in_threadpool(access.holds, signed)


def _signed(asked: HTTPConnection) -> Claims | None:
    """What the identity provider has signed, out of the cookie that our secret has sealed."""
    secret = get_cookie_secret()

    def opened(name: str) -> bytes | None:
        value = asked.cookies.get(name)
        return decode_signed_value(secret, name, value.encode("latin-1")) if value else None

    try:
        held = get_cookie_with_chunks(opened, USER_COOKIE_NAME)
        return claims_of(json.loads(held)) if held else None
    except ValueError:
        return None
