"""The one error panel: a sentence for a person, a line in the log for us."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from pages.parts.words import plain
from pmed_core.errors import UserError
from pmed_core.service import access

logger = logging.getLogger("pmed.pages")


@contextmanager
def panel() -> Iterator[None]:
    """Show whatever goes wrong inside as one sentence; never a traceback."""
    try:
        yield
    except UserError as error:
        st.error(plain(error.on_screen()), icon=":material/error:")
    except Exception as error:
        logger.exception("a page failed")
        st.error(
            f"Something went wrong on our side ({plain(type(error).__name__)}). Nothing was lost. "
            "Reload the page; if it happens again, send the last lines of the server's log to "
            "the administrator of this installation.",
            icon=":material/bug_report:",
        )


def refreshed(draw: Callable[[], None], seconds: float | None = None) -> None:
    """Draw now and then alone: every ``seconds``, or when something inside it is touched.

    Only a touch counts as a sign that somebody is still there.
    """

    def framed() -> None:
        with panel():
            if seconds is None:
                access.arrive()
            draw()

    # Fragments run outside the frame of app.py, so they bring the error panel with them.
    framed.__qualname__ = f"{draw.__module__}.{draw.__qualname__}"
    st.fragment(framed, run_every=seconds)()
