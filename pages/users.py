"""Users: who may use this installation, in which project, as what."""

from __future__ import annotations

import streamlit as st

from pages.parts.api_keys import api_keys
from pages.parts.people import new_project, people, roles_in_words
from pages.parts.pickers import heading
from pages.parts.project_deletion import delete_project
from pages.parts.words import short
from pmed_core.service import users

heading("Users", "Who may use this installation, in which project, and as what.")
projects = {one.id: one.name for one in users.projects()}
if projects:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Roles in the project", list(projects), width=420, key="users-project",
            format_func=lambda one: short(projects.get(one, ""), 60),
        )  # fmt: skip
    people(str(chosen))
    roles_in_words()
else:
    st.markdown("A project keeps its cohorts, models and jobs apart from all others. Make one.")
new_project()
if projects:
    api_keys(str(chosen))
    delete_project(str(chosen), projects.get(str(chosen), ""))
