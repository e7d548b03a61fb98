"""What the server adds to Streamlit's own: it calls nobody, and says what browsers may do with it.

``app.py`` hands it to ``st.App``, so that it is in force before the first request is answered.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import signal
import sys
import threading
import time
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from streamlit import net_util

from pages.parts import safety
from pages.parts.guard import Guard
from pages.parts.handed_out import Gate
from pages.parts.sign_in import Explained
from pmed_core.door import SLOT
from pmed_core.errors import UserError
from pmed_core.sealing.files import keep_off_the_disk
from pmed_core.service.hub import keep_taking_up_jobs, make_ready
from pmed_core.settings import settings
from pmed_core.store import retention
from pmed_core.store.rooms import keep_private

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOUR, MINUTE = 3600, 60
HEADERS = {
    # Streamlit draws with inline styles, and its widgets and plots run in workers of their own.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' "
    "'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' ws: wss: data: blob:; worker-src 'self' blob:; "
    "frame-ancestors 'self'; form-action 'self'; base-uri 'self'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
}


def middleware() -> list[Middleware]:
    """For ``st.App``; from now on Streamlit does not look up this machine's own address.

    It would ask a service on the internet, and wait for it, at each request of a foreign origin.
    """
    safety.refuse()
    net_util.get_external_ip = _unknown
    keep_private()
    keep_off_the_disk()
    threading.Thread(target=_load, name="load", daemon=True).start()
    threading.Thread(target=_end_in_time, name="retention", daemon=True).start()
    threading.Thread(target=keep_taking_up_jobs, args=(MINUTE,), name="jobs", daemon=True).start()
    if SLOT in os.environ:
        threading.Thread(target=_end_with_the_door, name="door", daemon=True).start()
    guarded = [Middleware(Guard), Middleware(Explained)] if settings().hosted else []
    return [Middleware(Headed), *guarded, Middleware(Gate)]


def _load() -> None:
    """Import what pages need while nobody has come yet: it takes longer than any page."""
    for part in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f"{__package__}.{part.name}")
    if settings().hosted:
        with suppress(UserError):  # then the first question says why
            make_ready()


def _end_in_time() -> None:
    """Once an hour delete the cohorts whose last day is over."""
    while True:
        try:
            retention.sweep(settings(), date.today())
        except (SQLAlchemyError, UserError, OSError) as error:
            # The store is busy or the disk is full for now. The log names no patient.
            sys.stderr.write(f"The retention of cohorts failed: {type(error).__name__}\n")
        time.sleep(HOUR)


def _end_with_the_door() -> None:
    """The pipe from the door ends when the door does, however that came about."""
    while sys.stdin.buffer.read(1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _unknown() -> None:
    return None


class Headed:
    """Every answer carries ``HEADERS``."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, headed)
