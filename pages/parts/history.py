"""The revisions of a cohort, and the way back to one."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.words import count, moment, plain, short
from pmed_core.history import Revision
from pmed_core.service import models, revisions
from pmed_core.service.entries import CohortEntry

SHOWN, SENTENCES = 30, 8


def history_view(entry: CohortEntry) -> None:
    """Newest first: when, what was changed, and the models that were trained on it."""
    found = revisions.history(entry.address)
    trained: dict[str, list[str]] = {}
    for model in models.models():
        trained.setdefault(model.cohort, []).append(model.name)
    st.caption(
        f"{count(len(found), 'revision')}, newest first. The address of the cohort stays the "
        "same; a model stays with the revision it was trained on."
    )
    numbered = list(enumerate(found, 1))[::-1]
    everything = len(numbered) <= SHOWN or st.toggle(f"Show all {len(numbered):,}", key="revisions")
    for number, one in numbered if everything else numbered[:SHOWN]:
        with st.container(border=True):
            _row(entry, number, one, trained.get(one.id, []))


def _row(entry: CohortEntry, number: int, one: Revision, trained: list[str]) -> None:
    newest = one.id == entry.id
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Revision {number}**, {moment(one.when)}", width="stretch")
        if newest:
            st.badge("Newest", icon=":material/check:", color="green")
        elif st.button("Go back to this revision", icon=":material/history:", key=f"back-{number}"):
            _go_back(entry, number)
    for sentence in one.said[:SENTENCES]:
        st.markdown(f"- {plain(_begun(sentence))}")
    if len(one.said) > SENTENCES:
        st.caption(f"And {count(len(one.said) - SENTENCES, 'other change')}.")
    if trained:
        names = ", ".join(short(name, 40) for name in trained)
        st.caption(f":material/neurology: Trained on it: {plain(names)}.")


def _begun(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _go_back(entry: CohortEntry, number: int) -> None:
    with panel():
        with st.spinner(f"Reading the cohort as in revision {number}"):
            revisions.go_back(entry.id, number)
        state.say(f"The cohort is again as in revision {number}; that is a revision of its own.")
        st.rerun()
