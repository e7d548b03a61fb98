"""A hosted app, and browsers without a screen that sign in to it."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey

from pmed_core.sealing import keys
from tests.hosted.provider import CLIENT, CLIENT_SECRET, Provider
from tests.journeys.server import running
from tests.journeys.visitor import connected, visiting
from tests.servers.started import free_port
from tests.waiting import awaited

COOKIE_SECRET = secrets.token_hex(32)
USER_COOKIE = "_streamlit_user"


@contextmanager
def hosted(
    folder: Path, provider: Provider, opened: str = "", processes: int = 1, **more: str
) -> Iterator[str]:
    """The address of a hosted app whose users that provider knows.

    ``opened``: where users open it, if a proxy stands before it; ``more``: variables.
    """
    port = free_port()
    opened = opened or f"http://127.0.0.1:{port}"
    secret = folder / "secrets.toml"
    secret.write_text(
        f'[auth]\nredirect_uri = "{opened}/oauth2callback"\n'
        f'cookie_secret = "{COOKIE_SECRET}"\nclient_id = "{CLIENT}"\n'
        f'client_secret = "{CLIENT_SECRET}"\n'
        f'server_metadata_url = "{provider.address}/.well-known/openid-configuration"\n'
    )
    if not (folder / "master.key").exists():
        keys.make(folder / "master.key")
    environment = os.environ | {
        "PMED_KEY_FILE": str(folder / "master.key"),
        "PMED_HOME": str(folder / "home"), "PMED_ENGINE": "inline", "PMED_HOSTED": "1",
        "PMED_ADMINISTRATOR": "boss@example.org", "STREAMLIT_SERVER_HEADLESS": "true",
        "STREAMLIT_SECRETS_FILES": str(secret),
    } | more  # fmt: skip
    command = [sys.executable, "-m", "pmed_core", "app", "--port", str(port)]
    command += ["--processes", str(processes)] if processes > 1 else []
    with running(command, environment, port) as address:
        yield address


@dataclass
class Browser:
    """Follows redirects by hand, with its cookies.

    Attributes:
        callback: the address by which the provider sent it back.
        landed: where the app led from there.
        told: each cookie as it was set, with what is said about it.
    """

    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    callback: str = ""
    landed: str = ""
    told: list[str] = field(default_factory=list)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def get(self, url: str, **headers: str) -> tuple[int, str]:
        """(status, where it leads)."""
        where = urlsplit(url)
        with closing(connected(url, 30)) as connection:
            sent = {"Cookie": self.cookie} if url.startswith(self.address) else {}
            connection.request("GET", f"{where.path}?{where.query}", headers=sent | headers)
            answer = connection.getresponse()
            answer.read()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    self._keep(value)
            return answer.status, answer.getheader("Location") or ""

    def _keep(self, told: str) -> None:
        self.told.append(told)
        pair, _, about = told.partition(";")
        name, _, value = pair.partition("=")
        if "max-age=0" in about.lower() or not value.strip('"'):
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value

    def ask(self) -> str:
        """Click "Sign in" -> where the app leads."""
        token = jwt.encode(
            {"alg": "HS256"}, {"provider": "default", "exp": int(time.time()) + 60},
            OctKey.import_key(COOKIE_SECRET),
        )  # fmt: skip
        for path in ("/", "/_stcore/health", "/_stcore/host-config"):
            self.get(f"{self.address}{path}")
        return self.get(f"{self.address}/auth/login?provider={token}")[1]

    def sign_in(self) -> bool:
        """Go to the provider and come back -> whether the app has taken what it said."""
        _, self.callback = self.get(self.ask())
        _, self.landed = self.get(self.callback)
        return self.signed_in

    @property
    def signed_in(self) -> bool:
        return USER_COOKIE in self.cookies


async def _seen(browser: Browser, page: str, query: str, **headers: str) -> str:
    async with visiting(browser.address, browser.cookie, **headers) as visitor:
        await visitor.open(page, query)
        return visitor.texts()


def looked(browser: Browser, page: str = "", query: str = "", **headers: str) -> str:
    """All that a page draws for that browser."""
    return awaited(_seen(browser, page, query, **headers))
