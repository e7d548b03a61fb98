"""Patient: one patient's risk, and why."""

from __future__ import annotations

from pages.parts.patient_view import workspace
from pages.parts.pickers import heading, no_model
from pmed_core.service import models

beside = heading("Patient", "One patient, molecule or sequence: the prediction, and why.")
if entries := models.opened_on("patient"):
    workspace(entries, beside)
else:
    no_model()
