"""How long a cohort is kept: set beside the button that deletes it, and said in time."""

from __future__ import annotations

from datetime import date

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.words import count, plain, short
from pmed_core.service import retention
from pmed_core.service.entries import CohortEntry


def last_day(entry: CohortEntry) -> None:
    """Chosen and saved here."""
    term = None
    with panel():
        term = retention.term(entry.address)
    with panel():
        st.markdown(
            "**Or delete it after a last day**, with its file and the models trained on it. Thirty "
            "days before, Home and Models say so."
        )
        chosen = st.date_input(
            "Last day", term.last if term else None,
            min_value=min(date.today(), term.last) if term else date.today(),
            format="YYYY-MM-DD", key=f"last-day-{entry.address}",
        )  # fmt: skip
        if st.button("Save the last day", disabled=chosen is None):
            _save(entry, chosen, "The last day is saved.")
        if term and st.button("Keep without a last day"):
            _save(entry, None, "The cohort is kept until somebody deletes it.")


def _save(entry: CohortEntry, last: date | None, said: str) -> None:
    retention.keep_until(entry.address, last)
    state.say(said)
    st.rerun()


def notice(address: str, name: str = "") -> None:
    """That a cohort is soon deleted; without its ``name``, on its own page, also long before."""
    with panel():
        term = retention.term(address)
        if term is None or (name and not term.soon):
            return
        what = f"The cohort '{plain(short(name))}'" if name else "This cohort"
        models = f" with {count(term.models, 'model')} trained on it" if term.models else ""
        told = f"{what} is deleted{models} after {term.last.day} {term.last:%B %Y}."
        if term.soon:
            st.warning(told, icon=":material/event_busy:")
        else:
            st.caption(told)
