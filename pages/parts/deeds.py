"""The record of what was done, filtered, as a table to be taken away."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pandas as pd
import streamlit as st

from pages.parts import tables
from pages.parts.words import short
from pmed_core.audit import Entry, Wanted
from pmed_core.service import audit, users

AT_MOST, DAYS = 1000, 30
ROW, ROWS_AT_MOST = 36, 14
ANYBODY = ""


def filters() -> Wanted:
    """Which entries are wanted."""
    people = {ANYBODY: "Anybody"} | {one.id: one.name for one in users.users()}
    projects = {ANYBODY: "Any"} | {one.id: one.name for one in users.projects()}
    deeds = {ANYBODY: "Anything"} | {one: worded(one) for one in audit.actions()}
    today = date.today()
    who, where, what, when = st.columns(4)
    user = _picked(who, "Who", people, "audit-who")
    project = _picked(where, "Project", projects, "audit-project")
    action = _picked(what, "What", deeds, "audit-what")
    days = when.date_input("When", (today - timedelta(DAYS), today), key="audit-when")
    first, last = (days[0], days[-1]) if isinstance(days, tuple) and days else (today, today)
    return Wanted(
        user, project, action, _patient(project), _midnight(first),
        _midnight(last + timedelta(1)),
    )  # fmt: skip


def _picked(place: object, title: str, options: dict[str, str], key: str) -> str:
    found = place.selectbox(  # type: ignore[attr-defined]
        title, list(options), format_func=lambda one: short(options.get(one, one), 40), key=key
    )
    return str(found or "")


def _midnight(day: date) -> float:
    return datetime.combine(day, time()).timestamp()


def _patient(project: str) -> str:
    """The keyed name of one patient, within a project; that somebody looks goes on record too."""
    typed = st.text_input(
        "Patient or scan", key="audit-patient", disabled=not project, width=420,
        placeholder="The whole id" if project else "Choose a project first",
        help="What was done about this patient. Your question goes on record as well.",
    )  # fmt: skip
    return audit.patient(project, typed.strip()) if project and typed.strip() else ""


def deeds(wanted: Wanted) -> None:
    """The entries that are wanted, newest first."""
    found = audit.entries(wanted, AT_MOST)
    if not found:
        st.info("Nothing is on record that fits these filters.", icon=":material/search_off:")
        return
    projects = {one.id: one.name for one in users.projects()}
    tables.show(
        pd.DataFrame([_row(entry, projects) for entry in found]), "audit", "What was done",
        {
            "Number": st.column_config.NumberColumn(width="small"),
            "When": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm:ss"),
            "Refused": st.column_config.TextColumn(help="Why it was not done."),
            "Patient": st.column_config.TextColumn(help="The keyed name of a patient or scan."),
            "Input": st.column_config.TextColumn(help="Keyed digest of the cells or the file."),
        },
        height=(min(len(found), ROWS_AT_MOST) + 1) * ROW,
    )  # fmt: skip
    cut = f", the newest of those that fit; at most {AT_MOST:,} are shown"
    shown = "1 entry" if len(found) == 1 else f"{len(found):,} entries"
    st.caption(f"{shown}{cut * (len(found) == AT_MOST)}.")


def _row(entry: Entry, projects: dict[str, str]) -> dict[str, object]:
    deed = entry.deed
    return {
        "Number": entry.number, "When": datetime.fromtimestamp(deed.time), "Who": deed.name,
        "What": worded(deed.action), "Project": projects.get(deed.project, deed.project),
        "Refused": deed.refused, "Detail": deed.detail, "Model": deed.model,
        "Cohort": deed.cohort, "Patient": deed.patient, "Input": deed.input,
        "User": deed.user, "Seal": entry.seal,
    }  # fmt: skip


def worded(action: str) -> str:
    """ "patients: consult" of ``patients.consult``."""
    return action.replace(".", ": ").replace("_", " ")
