"""Evaluate a model on a file of patients that it has never seen."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.downloads import download
from pages.parts.file_form import Button, file_form
from pages.parts.outcomes import shown_by
from pages.parts.words import count, short
from pmed_core.evaluation import Evaluation
from pmed_core.service import groups, models
from pmed_core.service.entries import ModelEntry

BUTTON = Button("Evaluate on this file", ":material/rule:", "Evaluating on")


def report_button(entry: ModelEntry, evaluation: Evaluation) -> None:
    """The evaluation on a page, to be taken away; the model's own also by groups of patients."""

    def made() -> bytes:
        pictures = shown_by(evaluation.outcome).reported(evaluation, entry.alert, entry.card)
        own = evaluation == entry.evaluation
        divided = groups.usual(entry.id) if own else None
        return models.performance_report(entry.id, evaluation, pictures, divided)

    download(
        "Performance (PDF)", made, ("performance.pdf", "application/pdf"),
        f"performance-{entry.id}", icon=":material/picture_as_pdf:",
    )  # fmt: skip


def heldout_form(entry: ModelEntry) -> None:
    """Upload a table with the model's inputs and the outcome, or scans with their labels."""
    if file_form(entry, True, BUTTON, models.evaluate) is not None:
        state.say("The evaluation is kept with the model, under Performance.")
        st.rerun()


def pick_evaluation(entry: ModelEntry) -> tuple[str, Evaluation]:
    """The evaluation to show and a key for it: that of training, or of a held-out file."""
    kept = models.evaluations(entry.id)
    if lost := models.unreadable_evaluations(entry.id):
        st.warning(f"{count(lost, 'evaluation')} on held-out files cannot be read.")
    if not kept:
        return f"{entry.id}-0", entry.evaluation
    titles = [entry.evaluation.on, *(one.on for one in kept)]
    number = st.selectbox(
        "Evaluated on", range(len(titles)), format_func=lambda i: short(titles[i], 80),
        key=f"evaluated-{entry.id}", width=520,
    )  # fmt: skip
    return f"{entry.id}-{number}", (entry.evaluation, *kept)[number]
