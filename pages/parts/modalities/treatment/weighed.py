"""Benefit and harm of one treatment for the same patient, by a weight that the user sets."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import plots
from pages.parts.errors import panel
from pages.parts.patient_pick import Case
from pages.parts.words import plain, short
from pmed_core.outcomes.effect import effect_of
from pmed_core.outcomes.effect import weighed_figures as weighed
from pmed_core.service import patients
from pmed_core.service.entries import ModelEntry
from pmed_core.work import Consultation


def weighed_view(
    entry: ModelEntry, case: Case, found: Consultation, others: Sequence[ModelEntry]
) -> None:
    """Another outcome beside this one, and both together."""
    first = weighed.Side(effect_of(entry.outcome), found)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        picked = st.selectbox(
            "Put beside", others, width=320,
            format_func=lambda one: short(f"{effect_of(one.outcome).of.question()} ({one.name})"),
            key=f"beside-{entry.id}",
        )  # fmt: skip
        usual = weighed.at_first(first.effect, effect_of(picked.outcome))
        weight = st.number_input(
            "Weight", 0.0, 1000.0, usual, min(usual, 0.1), key=f"weight-{entry.id}-{picked.id}",
            format="%g", width=160,
            help="How much one unit of the other outcome counts, in units of this one. It is "
            "yours, or the patient's, to choose: no data tell it.",
        )  # fmt: skip
        k = _chosen(entry, first)
    with panel():
        said = patients.consult(picked.id, case.cells, case.patient)
        second = weighed.Side(effect_of(picked.outcome), said)
        for sentence in said.outside:
            st.warning(plain(sentence), icon=":material/wrong_location:")
        plots.plot("weighed", weighed.figure(first, second, k, weight),
                   weighed.caption(first, second, k, weight),
                   weighed.table(first, second, k, weight))  # fmt: skip


def _chosen(entry: ModelEntry, first: weighed.Side) -> int:
    """Which option is compared with the reference."""
    names = first.effect.options[1:]
    if len(names) < 2:
        return 0
    picked = st.selectbox("Option", names, format_func=short, key=f"weighed-option-{entry.id}")
    return names.index(picked)
