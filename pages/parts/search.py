"""One box in which a patient or a scan is found, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.parts.words import plain, short

FOUND = 50
"""So many are listed; the others are found by what is typed."""
Find = Callable[[str, int], Sequence[str]]
"""(text, limit) -> ids that contain the text, the one that is the text first."""


def search_box(label: str, find: Find, chosen: str, key: str) -> str | None:
    """The picked id, or None until there is one; typing part of an id searches all of them."""
    listed = list(find("", FOUND))
    there = bool(chosen) and list(find(chosen, 1)) == [chosen]
    if there:
        # First, whatever is typed or picked elsewhere: a box has one default at most.
        listed = [chosen, *(one for one in listed if one != chosen)]
    typed = st.selectbox(
        label, listed, index=0 if there else None,
        placeholder="Choose one, or type part of an id", key=key, width=420,
        accept_new_options=True,
    )  # fmt: skip
    if typed is None or typed in listed:
        return typed
    found = matching(typed, find)
    if len(found) == 1:
        return found[0]
    if not found:
        st.info(f"No id contains '{plain(short(typed))}'.", icon=":material/search_off:")
        return None
    more = f" (the first {FOUND})" if len(found) >= FOUND else ""
    return st.selectbox(
        f"Ids with '{plain(short(typed, 30))}'{more}", found, index=None, width=420,
        placeholder="Choose one", key=f"{key}-{typed}",
    )  # fmt: skip


def matching(typed: str, find: Find) -> list[str]:
    """The id itself where it is one, else those that contain what was typed."""
    found = list(find(typed, FOUND))
    exact = [one for one in found if one.casefold() == typed.strip().casefold()]
    return exact if len(exact) == 1 else found
