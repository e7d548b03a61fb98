"""Patient: one patient's risk, and why."""

from __future__ import annotations

import streamlit as st

from pages.parts import frame
from pages.parts.patient_pick import pick_case
from pages.parts.patient_view import patient_view
from pages.parts.pickers import heading, no_model, pick_model
from pmed_core.service import models

heading("Patient", "One patient's risk, what moved it, and who was like them.")
if entries := models.opened_on("patient"):
    entry = pick_model(entries)
    case = pick_case(entry)
    if case is None:
        frame.warm(entry.id)
        st.caption("The risk, its reasons and the report appear here.")
    else:
        patient_view(entry, case)
else:
    no_model()
