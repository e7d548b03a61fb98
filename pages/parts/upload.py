"""Bring in a table or scans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.parts import state
from pages.parts.errors import panel
from pages.parts.words import plain, short
from pmed_core.accounts import Right
from pmed_core.errors import UserError
from pmed_core.inspection import Inspection
from pmed_core.reading import JOINED
from pmed_core.service import access, cohorts, uploads
from pmed_core.suffixes import PACKED, SCANS, TABLES, is_table_name
from pmed_core.work import Inspect

LOOKED_AT = "I have checked that no image has a patient name or number burned in (scans only)"
WHY_LOOK = (
    "Ultrasound, secondary captures and some other pictures often have the patient's name written "
    "into them. They are left out unless you looked at them and say here that there is none."
)


def upload_form() -> None:
    """One file, one button."""
    with st.form("upload", clear_on_submit=True):
        files = st.file_uploader(
            "A table with a header row, molecules, sequences, variants, or scans",
            type=[*TABLES, *SCANS, *PACKED],
            accept_multiple_files=True,
            help="CSV and TSV in any common encoding, separator and decimal mark; workbooks of "
            "Excel and LibreOffice; SPSS, Stata and SAS; Parquet; JSON; SDF and MOL; FASTA. "
            "Columns that look like names, addresses or record numbers are not kept. Several "
            "tables are joined by the column they share: pairs of cell lines and drugs, "
            "expression of each line, structure of each drug; a VCF file and the table of its "
            "patients; a matrix of genes (CSV, TSV, GCT, h5ad) and the sheet of its samples. "
            "Scans: a ZIP with a folder for each label, or with a table of labels; many files: "
            "DICOM, PNG, JPEG, TIFF, NIfTI.",
            key="upload-file",
        )
        looked_at = st.checkbox(LOOKED_AT, help=WHY_LOOK)
        if st.form_submit_button("Upload", type="primary", icon=":material/upload_file:"):
            with panel():
                if not files:
                    raise UserError("No file is chosen", "", "Choose a file first.")
                with st.spinner(f"Reading {plain(files[0].name)}"):
                    _read(files, looked_at)
                st.rerun()
    if access.allowed(Right.FOLDERS) and (folders := cohorts.folders()):
        _server_form(folders)


def _server_form(folders: list[str]) -> None:
    """What already lies on the server need not be uploaded."""
    with st.form("server-folder"):
        name = st.selectbox("Or a folder of scans on the server", folders, format_func=short)
        looked_at = st.checkbox(LOOKED_AT, help=WHY_LOOK, key="looked-at-server")
        if st.form_submit_button("Upload this folder", icon=":material/folder_open:"):
            with panel():
                with st.spinner(f"Reading {plain(short(name))}"):
                    _wait(*uploads.inspect_folder(name, looked_at))
                st.rerun()


def _read(files: Sequence[Any], looked_at: bool) -> None:
    """What was chosen waits until a person has looked at how it was read."""
    tables = [file.name for file in files if is_table_name(file.name)]
    if len(tables) > 1 and len(tables) < len(files):
        raise UserError(
            "Several tables were chosen with other files", tables[1],
            "Choose one table with scans, or tables alone that are joined by a column they share.",
        )  # fmt: skip
    if len(files) > 1:
        together = [(file.name, file) for file in files]
        joined = (("files", JOINED),) * (len(tables) > 1)
        _wait(*uploads.inspect_together(together, looked_at, joined))
    else:
        _wait(*uploads.inspect(files[0].name, files[0], looked_at))


def _wait(file: Inspect, found: Inspection) -> None:
    before = state.pending()
    if before is not None and before.file.source != file.source:
        uploads.forget(before.file.source)
    state.wait_for(state.Pending(file, found))
