"""A page says whose question it asks, so that nobody waits for somebody else's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts.state import visitor
from pmed_core.door import BROWSER
from pmed_core.engine.asker import asker, for_asker, tell_by
from pmed_core.service import patients
from tests.pages.conftest import Open


def show_asker() -> None:
    import streamlit as st

    from pmed_core.engine.asker import asker

    st.markdown(asker())


@pytest.fixture
def ann() -> Iterator[None]:
    """The thread of the test is that of a visitor; no other is."""
    here = threading.get_ident()
    tell_by(lambda: "ann" if threading.get_ident() == here else "")
    yield
    tell_by(lambda: "")


def elsewhere(function: Callable[[], str]) -> str:
    """What it returns in another thread."""
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_a_page_asks_for_its_session(opened: Open) -> None:
    opened("home")
    app = AppTest.from_function(show_asker).run()
    assert app.markdown[0].value
    assert not asker(), "outside of a page nobody in particular asks"
    assert not visitor()


def test_all_pages_of_a_browser_ask_for_one_visitor(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened("home")
    monkeypatch.setattr(type(st.context), "cookies", {BROWSER: "0.abc"})
    apps = [AppTest.from_function(show_asker).run() for _ in range(2)]
    assert [app.markdown[0].value for app in apps] == ["0.abc", "0.abc"]


@pytest.mark.usefixtures("ann")
def test_another_thread_asks_for_whom_it_works() -> None:
    assert elsewhere(asker) == ""
    assert elsewhere(for_asker(asker)) == "ann"
    assert elsewhere(asker) == "", "and for nobody afterwards"


@pytest.mark.usefixtures("ann")
def test_explanations_begin_however_many_hang_and_are_the_visitors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, go = threading.Semaphore(0), threading.Event()

    def hangs(*_: object) -> str:
        begun.release()
        go.wait(60)
        return asker()

    monkeypatch.setattr(patients, "explain", hangs)
    answers = [patients.explaining("model", {}, "ill") for _ in range(20)]
    assert all(begun.acquire(timeout=60) for _ in answers)
    go.set()
    assert {str(answer()) for answer in answers} == {"ann"}
