"""The scans of a cohort as small pictures, page by page."""

from __future__ import annotations

import base64

import pandas as pd
import streamlit as st

from pages.parts import tables
from pmed_core.service import cohorts, scans
from pmed_core.service.entries import CohortEntry

ON_A_PAGE = 20
PICTURE, PICTURE_HEIGHT = st.column_config.ImageColumn("", width=110), 88


def scan_rows(entry: CohortEntry) -> None:
    """Picture, name, label and patient of each."""
    pages = -(-entry.rows // ON_A_PAGE)
    page = 1
    if pages > 1:
        page = int(
            st.number_input(f"Page (of {pages:,})", 1, pages, key=f"scans-{entry.id}", width=160)
        )
    table = cohorts.rows(entry.id, (page - 1) * ON_A_PAGE, ON_A_PAGE)
    scan = next(v.name for v in entry.variables if v.name in table.columns and v.kind == "scan")
    pictures = [address(scans.thumbnail(entry.id, name)) for name in table[scan]]
    shown = pd.concat([pd.Series(pictures, name="Picture", index=table.index), table], axis=1)
    tables.show(
        shown, "scan-rows", "Scans of the cohort", drawn=["Picture"], row_height=PICTURE_HEIGHT,
        columns={"Picture": PICTURE},
    )  # fmt: skip


def address(picture: bytes) -> str:
    """Within the page itself: a file that the server hands out could be read by others."""
    return "data:image/png;base64," + base64.b64encode(picture).decode()
