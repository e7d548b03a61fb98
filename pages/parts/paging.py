"""A search box and a page number, so that thousands of variables never reach the browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.parts.words import count
from pmed_core.variable import Variable


@dataclass(frozen=True)
class Shown:
    """Some of the variables, and which view of them this is."""

    variables: tuple[Variable, ...]
    view: str


def page_of(variables: Sequence[Variable], key: str, size: int) -> Shown:
    """The variables of one page; the controls appear where one page is not enough."""
    if len(variables) <= size:
        return Shown(tuple(variables), "all")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Find a variable", placeholder="part of its name", key=f"{key}-search", width=320,
            icon=":material/search:",
        )  # fmt: skip
        found = [v for v in variables if text.strip().casefold() in v.name.casefold()]
        pages = max(1, -(-len(found) // size))
        number = st.number_input(
            f"Page (of {pages:,})", 1, pages, 1, key=f"{key}-page-{text}-{pages}", width=140
        )
    st.caption(f"{count(len(found), 'variable')} found; {size} on a page.")
    start = (int(number) - 1) * size
    return Shown(tuple(found[start : start + size]), f"{text}/{number}")
