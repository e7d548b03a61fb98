"""The frame round every page: configuration, navigation, the warning, the error panel.

app.py draws it. Streamlit also runs a file of ``pages/`` alone, past app.py, when a fresh server
is first asked for that page's address (a shared link, a reload after a restart); then the page
draws its own frame, and the call of ``st.navigation`` ends that way of running for the server.
"""

from __future__ import annotations

import logging
import threading
from contextvars import ContextVar
from urllib.parse import urlsplit

import streamlit as st
from streamlit.navigation.page import Page

from pages.parts import visit, ways
from pages.parts.errors import panel
from pages.parts.state import said, visitor
from pages.parts.unsaved import reminder
from pages.parts.ways import SECTIONS, Pages
from pmed_core.accounts import Right
from pmed_core.service import access, hub, patients, scans
from pmed_core.settings import RESEARCH_ONLY, settings

__all__ = ["SECTIONS", "require", "show", "warm"]

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#0F5C8C" '
    'stroke-width="2" stroke-linejoin="round"><path d="M12 21C5 16 2 12 2 8a5 5 0 0 1 10-1 5 5 0 0 '
    '1 10 1c0 4-3 8-10 13z"/><path d="M2 12h6l2-4 3 7 2-3h7"/></svg>'
)
"""A heart with a beat, drawn here: the browser fetches Streamlit's named icons of a tab from the
internet, and this product tells nobody that it is in use."""

_drawn: ContextVar[bool] = ContextVar("frame_drawn", default=False)


def _navigate(sections: dict[str, Pages]) -> Page:
    """Draw the navigation and return the page that was asked for."""
    files = [file for pages in sections.values() for file, _, _ in pages if ways.leads(file)]
    first = "home" if "home" in files else files[0]
    return st.navigation(
        {
            section: [_page(file, title, icon, file == first) for file, title, icon in pages]
            for section, pages in sections.items()
        },
        expanded=True,
    )


def _page(file: str, title: str, icon: str, first: bool) -> Page:
    """One that is not shown has an address all the same, and says why."""
    if ways.leads(file):
        return st.Page(f"pages/{file}.py", title=title, icon=icon, default=first)
    return st.Page(_refused, title=title, url_path=file, visibility="hidden")


def _refused() -> None:
    st.title("Precision medicine", anchor=False)
    st.warning(
        "Your role does not let you open this page. Ask an administrator.", icon=":material/lock:"
    )


def _closed() -> None:
    """No page is drawn for whoever may not come in, whatever the address says."""
    files = [file for pages in SECTIONS.values() for file, _, _ in pages]
    st.navigation(
        [st.Page(_nothing, title="pmed", url_path=f, default=f == "home") for f in files],
        position="hidden",
    )
    st.caption(f":material/science: {RESEARCH_ONLY}")


def _nothing() -> None:
    """What there is to see of the page that was asked for."""


def _lost(address: str, sections: dict[str, Pages]) -> bool:
    """Whether an address names a page that is not there: Streamlit shows Home for it."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    path = urlsplit(address).path.strip("/").removeprefix(base).strip("/")
    return path not in ("", *(file for pages in sections.values() for file, _, _ in pages))


def show() -> None:
    """Draw the frame and the page inside it."""
    hub.tell_by(visitor)
    st.set_page_config(page_title="pmed", page_icon=ICON, layout="wide")
    if instead := visit.instead():
        _closed()
        instead()
        return
    sections = ways.sections()
    page = _navigate(sections)
    st.caption(f":material/science: {RESEARCH_ONLY}")
    for sentence in said():
        st.toast(sentence, icon=":material/check_circle:")
    token = _drawn.set(True)
    try:
        with panel():
            if page.title == "Home" and _lost(st.context.url or "", sections):
                st.warning(
                    "There is no page at this address. This is Home.", icon=":material/link_off:"
                )
            if page.title != "Cohorts" and ways.leads("cohorts"):
                reminder()
            page.run()
    finally:
        _drawn.reset(token)
    warm()


def require() -> None:
    """Draw the frame, with the page inside, round a page that was started alone."""
    if not _drawn.get():
        show()
        st.stop()


def warm(model: str = "", scans_of: str = "") -> None:
    """Start the model process, and load a model, once: beside the page and not before it.

    Whoever opens a model that does not load waits for it; the process itself is everybody's.
    """
    if access.allowed(Right.ASK):
        _warm(model, scans_of)


@st.cache_resource(show_spinner=False)
def _warm(model: str, scans_of: str) -> None:
    start = hub.for_asker(_start) if model or settings().hosted else _start
    threading.Thread(target=start, args=(model, scans_of), name="warm", daemon=True).start()


def _start(model: str, scans_of: str) -> None:
    try:
        if scans_of:
            scans.warm(model, scans_of)
        else:
            patients.warm(model)
    except Exception:
        logging.getLogger("pmed").exception("the model process could not be started early")
