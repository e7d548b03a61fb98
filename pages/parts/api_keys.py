"""The keys with which other systems ask the models of a project."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pmed_core.accounts import ApiKey
from pmed_core.bounds import NAME_LENGTH
from pmed_core.service import apikeys

COLUMNS = ("System", "Key", "Made", "Revoked")


def api_keys(project: str) -> None:
    """Those of a project; one is made, or revoked."""
    with st.expander("Keys of other systems", icon=":material/key:", key="api-keys"):
        st.markdown(
            "With a key another system asks the models of this project for predictions "
            "('pmed serve'). It sees no cohort, and all that it asks goes on record."
        )
        known = apikeys.keys(project)
        if known:
            st.dataframe(
                pd.DataFrame([_row(one) for one in known], columns=list(COLUMNS)),
                hide_index=True, key=f"api-keys-{project}",
                column_config={
                    "System": st.column_config.TextColumn(pinned=True),
                    "Made": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
                    "Revoked": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
                },
            )  # fmt: skip
        _make(project)
        _revoke([one for one in known if not one.revoked])


def _row(one: ApiKey) -> tuple[object, ...]:
    revoked = datetime.fromtimestamp(one.revoked) if one.revoked else None
    return one.name, one.id, datetime.fromtimestamp(one.made), revoked


def _make(project: str) -> None:
    with st.form(f"api-key-{project}", border=False, clear_on_submit=True):
        name = st.text_input("System that will hold the key", max_chars=NAME_LENGTH)
        if st.form_submit_button("Make a key", icon=":material/add:"):
            with panel():
                made = apikeys.make(project, name)
                st.warning("Copy this key now: it is not shown again.", icon=":material/key:")
                st.code(made, language=None, wrap_lines=True)


def _revoke(holding: list[ApiKey]) -> None:
    if not holding:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = {one.id: f"{one.name} ({one.id})" for one in holding}
        chosen = st.selectbox(
            "Key to revoke", list(names), index=None, width=420, key="api-key-to-revoke",
            format_func=lambda one: names.get(one, ""),
        )  # fmt: skip
        if st.button("Revoke", icon=":material/block:", disabled=chosen is None):
            with panel():
                apikeys.revoke(str(chosen))
                state.say("The key opens nothing any more.")
                st.rerun()
