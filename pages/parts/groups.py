"""How good a model is for women and men, the young and the old, each hospital."""

from __future__ import annotations

import streamlit as st

from pages.parts import plots
from pages.parts.errors import panel
from pages.parts.words import plain, titled
from pmed_core.figures import groups
from pmed_core.service import cohorts
from pmed_core.service import groups as by
from pmed_core.service.entries import ModelEntry


def groups_view(entry: ModelEntry) -> None:
    """Choose a variable, and see the parts beside one another."""
    found = {v.name: v for v in by.divisible(entry.id)}
    if not found:
        st.caption(_none(entry))
        return
    chosen = st.selectbox(
        "Variable", list(found), index=None, placeholder="Sex, age, hospital …", width=420,
        format_func=lambda name: titled(found[name]), key=f"groups-{entry.id}",
    )  # fmt: skip
    if chosen is None:
        st.caption(
            "Whether the model is as good in each group of its patients: by an input, or by a "
            "variable that it does not read. Held-out predictions are evaluated."
        )
        return
    with panel():
        with st.spinner("Evaluating each group"):
            told = by.divide(entry.id, chosen)
        st.markdown(f"**{plain(told.verdict)}**")
        plots.beside(
            f"groups-{entry.id}", groups.groups(told), groups.groups_caption(told, entry.outcome),
            groups.groups_table(told, entry.outcome),
        )  # fmt: skip


def _none(entry: ModelEntry) -> str:
    """Why there are no groups."""
    many = entry.modality.many
    if cohorts.here(entry.cohort):
        return f"No column of its cohort says to which group its {many} belong."
    return (
        f"Groups are made of the model's own {many}, which are not here: it was imported, or its "
        "cohort was removed."
    )
