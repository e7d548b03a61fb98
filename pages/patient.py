"""Patient: one patient's risk, and why."""

from __future__ import annotations

from pages.parts.patient_view import workspace
from pages.parts.pickers import heading, no_model
from pmed_core.service import models

heading(
    "Patient", "One patient, molecule or sequence: what is predicted, why, and what is similar."
)
if entries := models.opened_on("patient"):
    workspace(entries)
else:
    no_model()
