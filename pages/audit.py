"""Audit: who did what, and whether the record is whole."""

from __future__ import annotations

import streamlit as st

from pages.parts.deeds import deeds, filters
from pages.parts.errors import panel
from pages.parts.pickers import heading
from pages.parts.words import plain
from pmed_core.service import audit

heading(
    "Audit",
    "Who signed in, saw which patient, asked which model, changed or took out what. Patients "
    "stand here under keyed names.",
)
if st.button("Verify the record", icon=":material/verified_user:", key="verify"):
    with panel():
        if found := audit.verify():
            st.error("\n\n".join(plain(one) for one in found), icon=":material/gpp_bad:")
        else:
            st.success("No entry was changed, removed or moved.", icon=":material/verified_user:")
deeds(filters())
