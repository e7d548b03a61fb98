"""Bring in a table or scans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.words import plain
from pmed_core.errors import UserError
from pmed_core.service import cohorts

TABLES = ("csv", "tsv", "txt", "xlsx", "xlsm", "parquet", "pq")
SCANS = ("zip", "dcm", "png", "jpg", "jpeg", "tif", "tiff", "nii", "gz")


def upload_form() -> None:
    """One file, one button."""
    with st.form("upload", clear_on_submit=True):
        files = st.file_uploader(
            "A table with one row for each patient and a header row, or scans",
            type=[*TABLES, *SCANS],
            accept_multiple_files=True,
            help="CSV and TSV in any common encoding, separator and decimal mark; Excel: the first "
            "sheet with a table; Parquet. Columns that look like names, addresses or record "
            "numbers are not kept. Scans: a ZIP with a folder for each label, or "
            "with a table of labels; many files: DICOM, PNG, JPEG, TIFF, NIfTI.",
            key="upload-file",
        )
        if st.form_submit_button("Bring in", type="primary", icon=":material/upload_file:"):
            with panel():
                if not files:
                    raise UserError("No file is chosen", "", "Choose a file first.")
                with st.spinner(f"Reading {plain(files[0].name)}"):
                    state.choose("cohort", _read(files))
                st.rerun()


def _read(files: Sequence[Any]) -> str:
    if len(files) == 1:
        return cohorts.bring_in(files[0].name, files[0])
    tables = [file.name for file in files if not file.name.lower().endswith(SCANS)]
    if len(tables) > 1:
        raise UserError("Several tables were chosen", tables[1], "Choose one table at a time.")
    return cohorts.bring_in_together([(file.name, file) for file in files])
