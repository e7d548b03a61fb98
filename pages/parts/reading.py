"""How a cohort was read, and the way to read it again otherwise."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.account import account, in_order, told
from pages.parts.words import count, plain
from pmed_core.service import cohorts, sources
from pmed_core.service.entries import CohortEntry


def reading_view(entry: CohortEntry) -> None:
    """The account of reading; what is decided otherwise waits to be saved with all else."""
    saved = cohorts.overruled(entry.address)
    if not entry.reading and not saved:
        st.info("Nothing had to be decided when this was read.", icon=":material/check_circle:")
        return
    again = sources.can_be_read_again(entry.id)
    guesses = sum(not one.proved and not saved.get(one.key) for one in entry.reading)
    st.caption(
        f"{count(len(entry.reading), 'decision')} of the reader, {guesses or 'none'} of them "
        f"{'a guess' if guesses == 1 else 'guesses'}. "
        + (
            "Change a decision that is wrong; saving reads the file again."
            if again
            else "The files of these scans are gone, because they identify patients. To change a "
            "decision, upload them again."
        )
    )
    for sentence in entry.notes:
        st.caption(f":material/info: {plain(sentence)}")
    if not again:
        for decision in in_order(entry.reading):
            with st.container(border=True, gap="small"):
                told(decision, saved)
        return
    drafted = state.decisions(entry.address)
    changed = account(
        entry.reading, saved, dict(drafted), f"reading-{entry.id}-{state.discarded()}"
    )
    drafted.clear()
    drafted.update(changed)
