"""How scans are shown; see ``modalities.Showing``."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts.doubted import doubted_view
from pages.parts.modalities.scan.preview import preview
from pages.parts.patient_panels import About, Panels, number
from pages.parts.patient_pick import Case
from pages.parts.scan_rows import scan_rows as rows
from pages.parts.upload import LOOKED_AT, WHY_LOOK
from pages.parts.words import short
from pmed_core.options import ScanOptions
from pmed_core.service import models
from pmed_core.service.entries import CohortEntry, ModelEntry
from pmed_core.work import Consultation

__all__ = [
    "ABOUT_VARIABLES", "EDITABLE", "GROWTH", "MODEL_VIEWS", "before_training", "new_file", "number",
    "panels", "rows",
]  # fmt: skip

MODEL_VIEWS, GROWTH = {"Doubted labels": doubted_view}, False
EDITABLE = ("Role",)
"""Scans are read once and their files forgotten, so names and kinds of columns stay."""
ABOUT_VARIABLES = (
    "The model reads the scans. Role 'patient' says whose scan it is, so that all scans of a "
    "patient stay on one side of every split."
)


def new_file(entry: ModelEntry, known: bool) -> tuple[Any, bool]:
    """A ZIP of scans, with their labels where these are ``known``."""
    labels = ", one folder for each label or a table of labels"
    file = st.file_uploader(
        f"A ZIP with scans of other patients{labels * known}", type="zip", key=f"new-file-{known}"
    )
    if known:
        st.caption("The labels are to be those of training.")
    return file, st.checkbox(LOOKED_AT, help=WHY_LOOK, key=f"new-looked-{known}")


def panels(entry: ModelEntry, case: Case, found: Consultation, about: About) -> Panels:
    """None: scans have a page of their own."""
    return {}


def before_training(entry: CohortEntry, options: ScanOptions) -> str:
    """Examples of what a network reads, and a kept model to continue."""
    preview(entry, options)
    return _start_from(entry)


def _start_from(entry: CohortEntry) -> str:
    """A kept model to continue with these scans; empty to train anew."""
    alike = models.opened_on(entry.modality.page)
    fitting = {one.id: one for one in alike if one.outcome == entry.outcome}
    if not fitting:
        return ""
    chosen = st.selectbox(
        "Start from", ["", *fitting], key=f"start-{entry.id}", width=420,
        format_func=lambda one: short(fitting[one].name, 50) if one else "None: train from scratch",
    )  # fmt: skip
    if chosen:
        st.caption(
            "The network and what it reads are those of that model; its weights are refined with "
            "these scans at a quarter of the usual rate, and so is how it outlines, where these "
            "scans have outlines."
        )
    return str(chosen)
