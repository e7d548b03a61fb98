"""Predict the patients of a file: all at once, to be taken away as a table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import tables
from pages.parts.errors import panel
from pages.parts.modalities import shown_by
from pages.parts.standing import tells, trust_badges
from pages.parts.words import count, plain
from pmed_core.errors import UserError
from pmed_core.figures import wording
from pmed_core.service import models
from pmed_core.service.entries import ModelEntry
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.work import Predicted

SHOWN = 1000


def new_patients_form(entry: ModelEntry) -> None:
    """Upload a file with the model's inputs; see what is said of each patient."""
    if not tells(entry.evaluation, entry.modality.one):
        return
    found = None
    with st.form("new-patients", clear_on_submit=True):
        file, looked_at = shown_by(entry.modality).new_file(entry, known=False)
        if st.form_submit_button("Predict", type="primary", icon=":material/calculate:"):
            with panel():
                if file is None:
                    raise UserError("No file is chosen", "", "Choose a file first.")
                with st.spinner(f"Predicting {plain(file.name)}"):
                    found = models.predict(entry.id, file.name, file, looked_at)
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
    table = pd.DataFrame(found.columns).assign(**{"unlike training": list(found.outside)})
    more = f" The first {SHOWN:,} are shown; the file has all." * (len(table) > SHOWN)
    st.caption(
        plain(
            f"{count(len(table), one)}; low and high: {found.interval}.{more} Nothing of it is "
            f"kept: download it now. {RESEARCH_ONLY}"
        )
    )
    tables.show(table, f"predictions-{entry.id}", "Predictions of new patients", height=460)
