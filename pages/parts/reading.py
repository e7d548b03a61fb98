"""How a cohort was read, and the way to read it again otherwise."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.account import account, in_order, told
from pages.parts.words import count, plain, short
from pmed_core.service import cohorts, sources
from pmed_core.service.entries import CohortEntry
from pmed_core.variable import Kind


def reading_view(entry: CohortEntry) -> None:
    """The account of reading; what is decided otherwise waits to be saved with all else."""
    saved, drafted = cohorts.overruled(entry.address), state.decisions(entry.address)
    again = sources.can_be_read_again(entry.id)
    if again:
        _in_bands(entry)
    if not entry.reading and not saved and not drafted:
        st.info("Nothing had to be decided when this was read.", icon=":material/check_circle:")
        return
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
    key = f"reading-{entry.id}-{state.discarded()}-{state.decided(entry.address)}"
    changed = account(entry.reading, saved, dict(drafted), key)
    drafted.clear()
    drafted.update(changed)


def _in_bands(entry: CohortEntry) -> None:
    """A decision that no reader takes by itself: a number becomes the category of its band."""
    numbers = [v.column for v in entry.variables if v.kind is Kind.NUMBER or v.written.bands]
    if not numbers:
        return
    # With a key of its own after each decision, so that it closes.
    key = f"bands-{entry.id}-{state.discarded()}-{state.decided(entry.address)}"
    with st.popover("Read a number in bands", icon=":material/view_week:", key=key), st.form(
        f"form-{key}", border=False
    ):  # fmt: skip
        chosen = st.selectbox(
            "Number", numbers, format_func=short, index=None, placeholder="A dose, for instance"
        )  # fmt: skip
        limits = st.text_input(
            "Upper limits of the bands", placeholder="0; 10; 50", max_chars=200,
            help="Rising numbers with a decimal point. 0; 10; 50 makes four bands: 0, above 0 to "
            "10, above 10 to 50, and above 50.",
        )  # fmt: skip
        st.caption("It becomes a category; as a treatment, its bands are compared.")
        if st.form_submit_button("Use these bands") and chosen and limits.strip():
            state.decide(entry.address, f"bands:{chosen}", limits.strip())
            st.rerun()
