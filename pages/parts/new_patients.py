"""Predict the patients of a file: all at once, to be taken away as a table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import tables
from pages.parts.file_form import Button, file_form
from pages.parts.standing import tells, trust_badges
from pages.parts.words import count, percent, plain
from pmed_core.figures import wording
from pmed_core.service import models
from pmed_core.service.entries import ModelEntry
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.work import Predicted

BUTTON = Button("Predict", ":material/calculate:", "Predicting")
UNLIKE = "unlike training"


def new_patients_form(entry: ModelEntry) -> None:
    """Upload a file with the model's inputs; see what is said of each patient."""
    if tells(entry.evaluation, entry.modality.one):
        found = file_form(entry, False, BUTTON, models.predict)
        if found is not None:
            _predicted(entry, found)


def _predicted(entry: ModelEntry, found: Predicted) -> None:
    """The numbers of all, and which are not to be relied upon."""
    trust_badges(entry.evaluation, "new", ("New patients", "Predicted by all networks together."))
    for note in found.notes:
        st.warning(plain(note), icon=":material/warning:")
    one, strange = entry.modality.one, sum(found.outside)
    if strange:
        st.warning(
            f"**{count(strange, one)} of {len(found.outside):,}: {wording.OUTSIDE}.** Do not rely "
            "on their numbers; they are marked in the table.", icon=":material/wrong_location:",
        )  # fmt: skip
    table = pd.DataFrame(found.columns)
    table[_free(table, UNLIKE)] = list(found.outside)
    if found.alerts and entry.alert is not None:
        name = _free(table, f"at or above {percent(entry.alert)}")
        # No alert is raised, or spared, by a number that is not to be relied upon.
        pairs = zip(found.alerts, found.outside, strict=True)
        table[name] = [None if outside else alert for alert, outside in pairs]
        _alerts(table[name].eq(True).sum(), len(table), entry.alert)
    st.caption(
        plain(
            f"{count(len(table), one)}; low and high: {found.interval}. Nothing of it is kept: "
            f"download it now. {RESEARCH_ONLY}"
        )
    )
    tables.show(table, f"predictions-{entry.id}", "Predictions of new patients", height=460)


def _alerts(reached: int, of: int, threshold: float) -> None:
    st.badge(
        f"{reached:,} of {of:,} at or above the alert threshold of {percent(threshold)}",
        icon=":material/notifications_active:", color="orange" if reached else "gray",
    )  # fmt: skip


def _free(table: pd.DataFrame, name: str) -> str:
    """A name for a column of the model; a file's own column of that name stays."""
    return f"{name} (model)" if name in table else name
