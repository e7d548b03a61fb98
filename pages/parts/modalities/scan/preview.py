"""What a network would read, on real examples."""

from __future__ import annotations

import streamlit as st

from pages.parts.errors import panel
from pages.parts.scan_rows import address
from pages.parts.words import plain, short
from pmed_core.options import ScanOptions
from pmed_core.service import scans
from pmed_core.service.entries import CohortEntry

AT_MOST = 5


def preview(entry: CohortEntry, options: ScanOptions) -> None:
    """Some scans as they are read, prepared, and changed while training."""
    shown = st.toggle(
        "Show what the network reads", key=f"preview-{entry.id}",
        help="Three scans before and after the steps chosen above; the same steps are kept with "
        "the model and run at every prediction. Augmentation changes scans in training alone.",
    )  # fmt: skip
    if not shown:
        return
    with panel():
        with st.spinner("Preparing examples"):
            found = scans.examples(entry.id, options)
        for name, pictures in found:
            st.caption(plain(short(name, 60)))
            for column, (title, picture) in zip(st.columns(AT_MOST), pictures, strict=False):
                column.image(address(picture), caption=title, width="stretch")
