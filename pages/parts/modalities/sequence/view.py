"""One sequence: which of its letters matter, and what another letter would change."""

from __future__ import annotations

import streamlit as st

from pages.parts import plots
from pages.parts.errors import panel, refreshed
from pages.parts.patient_panels import About, Panels, in_context, reasons
from pages.parts.patient_pick import Case
from pages.parts.words import plain
from pmed_core.modalities.sequence import column_of
from pmed_core.modalities.sequence import logo_figures as logo
from pmed_core.modalities.sequence.mutagenesis import Mutagenesis
from pmed_core.service import sequences as asked
from pmed_core.service.entries import ModelEntry
from pmed_core.work import Consultation

OF_STRETCHES = (
    "A stretch's share is what the prediction loses, on average, where the letters of a typical "
    "sequence stand in its place: motifs that act together share what they do."
)
"""What neighbouring letters add together."""


def panels_of_sequence(entry: ModelEntry, case: Case, found: Consultation, about: About) -> Panels:
    """Of a sequence, where there is one."""
    (label, answer), panels = about, Panels()
    if not case.cells.get(column_of(entry.variables)):
        return {"Letters": _nothing}
    if answer is None:
        return {"Letters": lambda: reasons(entry, about)}
    panels["Letters"] = lambda: refreshed(lambda: _letters(entry, case, label))
    panels["Stretches"] = lambda: reasons(entry, about, OF_STRETCHES)
    panels["Variant"] = lambda: refreshed(lambda: _variant(entry, case, label))
    panels["In context"] = lambda: in_context(entry, found, found.labels.index(label))
    return panels


def _nothing() -> None:
    st.caption("There is no sequence to be shown.")


def _mutated(entry: ModelEntry, case: Case, label: str) -> Mutagenesis:
    with st.spinner("Exchanging each letter"):
        return asked.mutate(entry.id, case.cells, label, case.asked)


def _letters(entry: ModelEntry, case: Case, label: str) -> None:
    """The sequence as letters that are as high as they matter."""
    with panel():
        found = _mutated(entry, case, label)
        last = found.first + len(found.letters) - 1
        first, end = found.first, last
        if len(found.letters) > logo.FITTING:
            first, end = st.slider(
                "Positions", found.first, last, logo.window(found), key=f"logo-{entry.id}",
                help="Draw the ends together to see the letters.",
            )  # fmt: skip
        plots.plot(
            f"logo-{entry.id}-{label}", logo.logo(found, first, max(end, first + 1)),
            logo.logo_caption(found), logo.logo_table(found),
        )  # fmt: skip
        if found.whole > len(found.letters):
            st.caption(
                f"The model reads positions {found.first:,} to {last:,} of {found.whole:,}: the "
                "sequence was cropped round its centre."
            )


def _variant(entry: ModelEntry, case: Case, label: str) -> None:
    """One letter exchanged, and how far the prediction moves."""
    with panel():
        found = _mutated(entry, case, label)
        text = st.text_input(
            "Exchange of one letter", key=f"variant-{entry.id}-{case.patient}", width=320,
            placeholder=logo.example(found), help="Position, letter that is there > other letter.",
        )  # fmt: skip
        if not text.strip():
            st.caption(f"For example {logo.example(found)}, the exchange that would move it most.")
            return
        said, one = found.quantity, found.variant(text)
        with st.container(horizontal=True):
            st.metric(f"{plain(said.title)} now", said.said(one.value), border=True)
            st.metric(
                f"{plain(said.title)} with {one.alternative} at {one.position:,}",
                said.said(one.changed), border=True,
                delta=said.difference(one.value, one.changed), delta_color="off",
                delta_arrow="off",
            )  # fmt: skip
        if found.models > 1:
            low, high = (said.difference(one.value, one.value + d) for d in (one.low, one.high))
            st.markdown(f"The change lies between **{low}** and **{high}**.")
        st.caption(
            f"Interval: {found.interval}. What the model would say, not what the variant does in "
            "a cell."
        )
