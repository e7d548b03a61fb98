"""What a person has chosen: the only place that knows the session and the address bar.

Ids of cohorts, models and runs stand in the address too, so that reload, back and a shared link
lead to the same screen. A patient or scan does only by a keyed name (``service.links``), never by
an id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pmed_core.door import BROWSER
from pmed_core.inspection import Inspection
from pmed_core.service.access import Asking
from pmed_core.work import Inspect

Id = Literal["cohort", "model", "run", "project", "reference"]
Linked = Literal["patient", "scan"]
LINKS: tuple[Linked, ...] = ("patient", "scan")
Edits = dict[str, dict[str, Any]]
"""Variable name -> column of the table of variables -> what was typed there."""


@dataclass
class Draft:
    """Corrections of variables that are not saved yet.

    Attributes:
        view: the page of the table that is open, with the ``names`` on it.
        settled: what was corrected before that page was opened.
        shown: what differs on that page now; it alone counts for its names.
        decisions: of the reader, that are overruled: key -> value.
        decided: how often one was overruled elsewhere than in its own control.
    """

    view: str = ""
    names: tuple[str, ...] = ()
    settled: Edits = field(default_factory=dict)
    shown: Edits = field(default_factory=dict)
    decisions: dict[str, str] = field(default_factory=dict)
    decided: int = 0


@dataclass
class Pending:
    """A file that was previewed and is not added yet.

    Attributes:
        file: where it is kept meanwhile, and how it was read.
        inspection: what stands in it, as it was read so.
        times: how often it was read again.
    """

    file: Inspect
    inspection: Inspection
    times: int = 0

    @property
    def choices(self) -> dict[str, str]:
        """What was decided about its reading, by key."""
        return dict(self.file.choices)


@dataclass
class Chosen:
    """Everything a session remembers: ids, and corrections that wait to be saved.

    Attributes:
        earlier: the ids chosen so far, newest first.
        link: the keyed name of the patient or scan, as it stands in the address.
        asking: whoever has signed in; None on a laptop.
    """

    ids: dict[str, str] = field(default_factory=dict)
    earlier: dict[str, list[str]] = field(default_factory=dict)
    patient: str = ""
    link: str = ""
    messages: list[str] = field(default_factory=list)
    drafts: dict[str, Draft] = field(default_factory=dict)
    discarded: int = 0
    first_views: dict[str, str] = field(default_factory=dict)
    pending: Pending | None = None
    asking: Asking | None = None


def _chosen() -> Chosen:
    here = st.session_state.setdefault("chosen", Chosen())
    assert isinstance(here, Chosen)  # noqa: S101 - nobody else writes this key
    return here


def visitor() -> str:
    """Whose thread this is: a browser with all its pages, else one page; "" outside of any."""
    here = get_script_run_ctx(suppress_warning=True)
    return (st.context.cookies.get(BROWSER) or here.session_id) if here else ""


def asking() -> Asking | None:
    """Who asks in this thread, as the last run of its page found; None outside of any."""
    return _chosen().asking if get_script_run_ctx(suppress_warning=True) else None


def ask_as(who: Asking | None) -> None:
    """From now on this session asks as ``who``."""
    _chosen().asking = who


def project() -> str:
    """The id of the project that the session is in; empty where none was chosen."""
    return chosen("project")


def enter(identity: str) -> None:
    """Go into a project: what was chosen in another stays there."""
    st.query_params.clear()
    st.session_state["chosen"] = Chosen(discarded=_chosen().discarded + 1)
    choose("project", identity)


def pick(what: Id) -> str:
    """What the select box shows whose key ``picked`` gave."""
    return str(st.session_state[f"pick-{what}"] or "")


def chosen(what: Id) -> str:
    """The chosen id: of the address, else of the session; both are brought in line."""
    here = _chosen()
    value = str(st.query_params.get(what, "")) or here.ids.get(what, "")
    if here.ids.get(what) != value:
        choose(what, value)
    elif value and st.query_params.get(what) != value:
        st.query_params[what] = value
    return value


def choose(what: Id, value: str) -> None:
    """Choose an id; empty chooses none. Another model means another patient."""
    here = _chosen()
    if what == "model" and here.ids.get(what) != value:
        here.patient = ""
        if here.ids.get(what):
            show_link("")
    here.ids[what] = value
    if value:
        here.earlier[what] = [value, *(one for one in earlier(what) if one != value)]
        st.query_params[what] = value
    elif what in st.query_params:
        del st.query_params[what]


def earlier(what: Id) -> list[str]:
    """The ids chosen so far, newest first: a page that cannot show the newest shows another."""
    return _chosen().earlier.get(what, [])


def address(what: Id) -> dict[str, str]:
    """What goes with a link to a page that shows the chosen id."""
    value = _chosen().ids.get(what, "")
    return {what: value} if value else {}


def patient() -> str:
    """The chosen patient; empty where there is none."""
    return _chosen().patient


def choose_patient(value: str) -> None:
    """Remember the patient for this session only."""
    _chosen().patient = value


def followed_link(of: Linked = "patient") -> str:
    """The keyed name in the address, where it is not that of the chosen patient or scan."""
    token = str(st.query_params.get(of, ""))
    return "" if token == _chosen().link else token


def show_link(token: str, of: Linked = "patient") -> None:
    """Let the address lead to a patient or scan; empty: to none."""
    _chosen().link = token
    for name in LINKS:
        if name in st.query_params and not (token and name == of):
            del st.query_params[name]
    if token:
        st.query_params[of] = token


def show_in(box: str, value: str) -> None:
    """Let the box of that key, which is not drawn yet, show a value."""
    st.session_state[box] = value


def turn_to(value: str, box: str) -> None:
    """Callback: another patient or scan, whom the search box of that key shows too."""
    choose_patient(value)
    show_in(box, value)


def turned(table: str, patients: tuple[str, ...], box: str) -> None:
    """Callback: the patient whose row was picked in the table of that key."""
    rows = st.session_state[table]["selection"]["rows"]
    if rows:
        turn_to(patients[rows[0]], box)


def turned_to(what: Id, table: str, ids: tuple[str, ...]) -> None:
    """Callback: choose the id whose row was picked in the table of that key."""
    rows = st.session_state[table]["selection"]["rows"]
    if rows:
        choose(what, ids[rows[0]])


def point_at(table: str, row: int | None) -> None:
    """Show that row of a table as the picked one, whatever was picked before."""
    rows = [] if row is None else [row]
    st.session_state[table] = {"selection": {"rows": rows, "columns": [], "cells": []}}


def picked(what: Id, current: str) -> str:
    """Key of a select box that shows ``current``, whatever it showed before; empty: nothing."""
    key = f"pick-{what}"
    st.session_state[key] = current or None
    return key


def follow(what: Id) -> None:
    """Callback of that select box."""
    choose(what, pick(what))


def say(sentence: str) -> None:
    """A sentence that the frame shows once, on whatever page comes next."""
    _chosen().messages.append(sentence)


def said() -> tuple[str, ...]:
    """The sentences that wait to be shown; each is handed out once."""
    here = _chosen()
    messages, here.messages = tuple(here.messages), []
    return messages


def draft(cohort: str, view: str, names: tuple[str, ...], key: str) -> Draft:
    """Unsaved corrections of a cohort, for the table of that key.

    Streamlit forgets what was typed into a table as soon as a run does not draw it. A table that
    is drawn anew, or shows another page, therefore begins with what was corrected before.
    """
    found = _chosen().drafts.setdefault(cohort, Draft())
    if found.view != view or key not in st.session_state:
        found.settled = edits(cohort)
        found.shown = {n: edit for n, edit in found.settled.items() if n in names}
        found.view, found.names = view, names
    return found


def edits(cohort: str) -> Edits:
    """All unsaved corrections of a cohort."""
    found = _chosen().drafts.get(cohort, Draft())
    elsewhere = {n: edit for n, edit in found.settled.items() if n not in found.names}
    return elsewhere | found.shown


def decisions(cohort: str) -> dict[str, str]:
    """Decisions of the reader that are overruled and not saved: key -> value; may be changed."""
    return _chosen().drafts.setdefault(cohort, Draft()).decisions


def decide(cohort: str, key: str, value: str) -> None:
    """Overrule a decision elsewhere than in its own control."""
    decisions(cohort)[key] = value
    _chosen().drafts[cohort].decided += 1


def decided(cohort: str) -> int:
    """How often that was: part of the keys of these controls, which would otherwise show, and
    bring back, what was chosen in them before."""
    return _chosen().drafts.get(cohort, Draft()).decided


def drafted() -> list[str]:
    """Addresses of the cohorts that have unsaved corrections."""
    return [one for one, found in _chosen().drafts.items() if edits(one) or found.decisions]


def forget_draft(cohort: str) -> None:
    """Drop the unsaved corrections of a cohort."""
    here = _chosen()
    here.drafts.pop(cohort, None)
    here.discarded += 1


def discarded() -> int:
    """How often corrections were saved or dropped: part of the keys of what they are typed into,
    so that it shows nothing of them afterwards."""
    return _chosen().discarded


def view_key(cohort: str, first: str) -> str:
    """Key of the control with which a view of a cohort is chosen.

    It opens with ``first``, and again when that changes: then the cohort asks for another step.
    """
    key = f"view-{cohort}"
    if _chosen().first_views.get(cohort) != first or key not in st.session_state:
        _chosen().first_views[cohort] = st.session_state[key] = first
    return key


def show_view(cohort: str, view: str) -> None:
    """Callback: open that view."""
    st.session_state[f"view-{cohort}"] = view


def pending() -> Pending | None:
    """The file that was previewed and is not added yet."""
    return _chosen().pending


def wait_for(found: Pending | None) -> None:
    """Remember that file, or that there is none any more."""
    _chosen().pending = found


def kept_list(key: str) -> list[str]:
    """What a widget with several choices holds, also before it is drawn."""
    return [str(one) for one in st.session_state.get(key, ())]
