"""Judge a model on a file of patients that it has never seen."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.upload import LOOKED_AT, WHY_LOOK
from pages.parts.words import count, plain, short
from pmed_core.errors import UserError
from pmed_core.figures.wording import listed
from pmed_core.judgement import Judgement
from pmed_core.service import models
from pmed_core.service.entries import ModelEntry
from pmed_core.suffixes import PACKED, TABLES


def heldout_form(entry: ModelEntry) -> None:
    """Upload a table with the model's inputs and the outcome, or scans with their labels."""
    with st.form("heldout", clear_on_submit=True):
        looked_at = False
        if entry.reads_scans:
            file = st.file_uploader(
                "A ZIP with scans of other patients, one folder for each label or a table of "
                "labels", type="zip", key="heldout-scans",
            )  # fmt: skip
            st.caption("The labels are to be those of training.")
            looked_at = st.checkbox(
                LOOKED_AT,
                help=WHY_LOOK,
                key="heldout-looked",
            )
        else:
            file = st.file_uploader(
                "A table of other patients, with the model's inputs and the outcome",
                type=[*TABLES, *PACKED], key="heldout-file",
            )  # fmt: skip
            st.caption(
                f"It needs {_columns(entry)} and the inputs under the names of training; the order "
                "does not matter."
            )
        if st.form_submit_button("Judge on this file", type="primary", icon=":material/rule:"):
            with panel():
                if file is None:
                    raise UserError("No file is chosen", "", "Choose a file first.")
                with st.spinner(f"Evaluating on {plain(file.name)}"):
                    models.evaluate(entry.id, file.name, file, looked_at)
                state.say("The evaluation is kept with the model, under Performance.")
                st.rerun()


def _columns(entry: ModelEntry) -> str:
    names = [f"'{plain(short(name))}'" for name in entry.outcome.columns]
    return f"the column{'s' * (len(names) > 1)} {listed(names)}"


def pick_judgement(entry: ModelEntry) -> tuple[str, Judgement]:
    """The judgement to show and a key for it: that of training, or of a held-out file."""
    kept = models.evaluations(entry.id)
    if lost := models.unreadable_evaluations(entry.id):
        st.warning(f"{count(lost, 'evaluation')} on held-out files cannot be read.")
    if not kept:
        return f"{entry.id}-0", entry.judgement
    titles = [entry.judgement.on, *(one.on for one in kept)]
    number = st.selectbox(
        "Judged on", range(len(titles)), format_func=lambda i: short(titles[i], 80),
        key=f"judged-{entry.id}", width=520,
    )  # fmt: skip
    return f"{entry.id}-{number}", (entry.judgement, *kept)[number]
