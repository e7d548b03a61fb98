"""Bring in a table."""

from __future__ import annotations

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.words import plain
from pmed_core.errors import UserError
from pmed_core.service import cohorts

TABLES = ("csv", "tsv", "txt", "xlsx", "xlsm", "parquet", "pq")


def upload_form() -> None:
    """One file, one button."""
    with st.form("upload", clear_on_submit=True):
        file = st.file_uploader(
            "A table with one row for each patient and a header row",
            type=TABLES,
            help="CSV and TSV in any common encoding, separator and decimal mark; Excel: the first "
            "sheet with a table; Parquet. Columns that look like names, addresses or record "
            "numbers are not kept.",
            key="upload-file",
        )
        if st.form_submit_button("Read the table", type="primary", icon=":material/upload_file:"):
            with panel():
                if file is None:
                    raise UserError("No file is chosen", "", "Choose a file first.")
                with st.spinner(f"Reading {plain(file.name)}"):
                    state.choose("cohort", cohorts.bring_in(file.name, file))
                st.rerun()
