"""The users of an installation, and their roles in one project."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pmed_core.accounts import ALLOWED, Role, User
from pmed_core.bounds import NAME_LENGTH
from pmed_core.quota import MOST_HOURS
from pmed_core.service import users
from pmed_core.settings import settings

NO_ROLE = "no role"
ROLE, ADMINISTRATOR, HOURS = "Role", "Administrator", "Machine hours a day"


def people(project: str) -> None:
    """Everybody who has signed in, with the role that each has there; changed and saved here."""
    known = users.users()
    had = {one.user: str(one.role) for one in users.members() if one.project == project}
    before = pd.DataFrame([_row(one, had.get(one.id, NO_ROLE)) for one in known])
    with st.form(f"people-{project}", border=False):
        after = st.data_editor(
            before, hide_index=True, key=f"people-table-{project}-{state.discarded()}",
            placeholder=_usual(),
            disabled=[name for name in before.columns if name not in (ROLE, ADMINISTRATOR, HOURS)],
            column_config={
                "Name": st.column_config.TextColumn(pinned=True),
                ROLE: st.column_config.SelectboxColumn(
                    options=[NO_ROLE, *(str(one) for one in Role)], required=True
                ),
                ADMINISTRATOR: st.column_config.CheckboxColumn(
                    help="Of the whole installation: users, projects and the audit."
                ),
                HOURS: st.column_config.NumberColumn(
                    min_value=0, max_value=MOST_HOURS, format="%g",
                    help=f"Of jobs in all projects, in any 24 hours. Empty: {_usual()}.",
                ),
                "First signed in": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
            },
        )  # fmt: skip
        if st.form_submit_button("Save users", type="primary", icon=":material/save:"):
            with panel():
                _save(project, known, before, after)
                state.say("The users are saved.")
                st.rerun()
    st.caption("Whoever signs in appears here, and may do nothing until a role is given.")


def _usual() -> str:
    hours = settings().quota_hours
    return f"usual: {hours:g}" if hours else "no limit"


def _row(one: User, role: str) -> dict[str, object]:
    return {
        "Name": one.name, ROLE: role, ADMINISTRATOR: one.administrator,
        HOURS: float("nan") if one.hours is None else one.hours, "E-mail": one.email,
        "Subject": one.subject, "First signed in": datetime.fromtimestamp(one.created),
    }  # fmt: skip


def _save(project: str, known: tuple[User, ...], before: pd.DataFrame, after: pd.DataFrame) -> None:
    """What differs, and nothing else: another administrator may be at it too."""
    for user, old, new in zip(
        known, before.to_dict("records"), after.to_dict("records"), strict=True
    ):
        if old[ROLE] != new[ROLE]:
            users.give(user.id, project, None if new[ROLE] == NO_ROLE else Role(str(new[ROLE])))
        if old[ADMINISTRATOR] != new[ADMINISTRATOR]:
            users.make_administrator(user.id, bool(new[ADMINISTRATOR]))
        hours = None if pd.isna(new[HOURS]) else float(new[HOURS])
        if hours != user.hours:
            users.give_hours(user.id, hours)


def roles_in_words() -> None:
    """What each role may do."""
    with st.expander("What each role may do", icon=":material/help:", key="roles-in-words"):
        for role, rights in ALLOWED.items():
            told = "; ".join(str(one) for one in type(next(iter(rights))) if one in rights)
            st.markdown(f"**{str(role).capitalize()}**: {told}.")
        st.markdown(
            "**Administrator**: keep users, projects and the audit. In a project an administrator "
            "has only the role that is given there."
        )


def new_project() -> None:
    """A name, and there it is."""
    with (
        st.expander("New project", icon=":material/create_new_folder:", key="new-project"),
        st.form("project", border=False, clear_on_submit=True),
    ):
        name = st.text_input("Name of the project", max_chars=NAME_LENGTH, key="project-name")
        if st.form_submit_button("Make the project", icon=":material/add:"):
            with panel():
                users.add_project(name)
                state.say("The project is made. Give its users a role in it.")
                st.rerun()
