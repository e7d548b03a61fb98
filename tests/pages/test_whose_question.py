"""A page says whose question it asks, so that nobody waits for somebody else's."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from pages.parts.state import session
from pmed_core.engine.asker import asker
from tests.pages.conftest import Open


def show_asker() -> None:
    import streamlit as st

    from pmed_core.engine.asker import asker

    st.markdown(asker())


def test_a_page_asks_for_its_session(opened: Open) -> None:
    opened("home")
    app = AppTest.from_function(show_asker).run()
    assert app.markdown[0].value
    assert not asker(), "outside of a page nobody in particular asks"
    assert not session()
