"""A project is deleted for good: whoever does so types its name."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.words import plain, short
from pmed_core.bounds import NAME_LENGTH
from pmed_core.service import users


def delete_project(project: str, name: str) -> None:
    """With all cohorts, models and jobs in it."""
    with (
        st.expander("Delete a project", icon=":material/delete_forever:", key="delete-project"),
        st.form(f"delete-{project}", border=False, clear_on_submit=True),
    ):
        st.markdown(
            f"All cohorts, models and jobs of **{plain(short(name, 60))}** are deleted for good, "
            "and the key that they are encrypted with is destroyed. Nobody can bring them back, "
            "except from a backup that was taken before. The audit stays."
        )
        typed = st.text_input(
            "Type the name of the project", max_chars=NAME_LENGTH, key=f"delete-name-{project}"
        )
        if st.form_submit_button("Delete this project for good", icon=":material/delete_forever:"):
            with panel():
                users.delete_project(project, typed)
                state.say("The project is deleted.")
                st.rerun()
