"""Cohorts and models that the list has lost: said, and listed again where somebody asks for it."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.words import count
from pmed_core.service import upkeep


def unlisted_note() -> None:
    """Nothing where the list knows all that is kept."""
    found = upkeep.unlisted()
    if not found:
        return
    several = [
        count(len(ids), what)
        for ids, what in ((found.cohorts, "cohort"), (found.models, "model"))
        if ids
    ]
    with st.container(border=True):
        st.warning(
            f"{' and '.join(several)} lie in the folder of this installation and are not in its "
            "list: pmed.sqlite is new, or older than they are. Jobs that were listed there are "
            "not known any more.", icon=":material/database_off:",
        )  # fmt: skip
        if st.button("List them again", type="primary", icon=":material/playlist_add:"):
            with panel():
                upkeep.list_again()
                state.say(f"Listed again: {' and '.join(several)}.")
                st.rerun()
