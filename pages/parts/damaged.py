"""Entries that cannot be read: said with their reason, and removed where somebody asks for it."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.words import count, plain, short
from pmed_core.accounts import Right
from pmed_core.service import access, damaged
from pmed_core.store.damaged import Damaged

LOST: dict[damaged.What, str] = {
    "cohort": "Its table and its file are deleted for everyone.",
    "model": "The model and its evaluation are deleted for everyone.",
    "job": "It leaves this list; what it has made stays.",
}


def damaged_list(what: damaged.What) -> None:
    """Nothing where everything can be read."""
    found = damaged.damaged(what)
    if not found:
        return
    st.warning(
        f"{count(len(found), what)} cannot be read. All others are as they were.",
        icon=":material/broken_image:",
    )
    for one in found:
        _row(what, one)


def _row(what: damaged.What, one: Damaged) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container():
            # Of some nothing is left but a long id.
            name = short(one.name) if one.name != one.id else f"{what.capitalize()} {one.id[:8]}"
            st.markdown(f"**{plain(name)}**")
            st.caption(plain(one.why))
        if access.allowed(Right.BUILD):
            _delete(what, one)


def _delete(what: damaged.What, one: Damaged) -> None:
    with st.popover("Delete", icon=":material/delete:", key=f"damaged-{one.id}"):
        st.markdown(LOST[what])
        if st.button(f"Delete this {what}", type="primary", key=f"damaged-delete-{one.id}"):
            with panel():
                damaged.remove(what, one.id)
                state.say(f"The damaged {what} is deleted.")
                st.rerun()
