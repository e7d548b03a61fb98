"""Treatment: what each option would do for one patient."""

from __future__ import annotations

from pages.parts.patient_view import workspace
from pages.parts.pickers import empty, heading
from pmed_core.service import models

beside = heading("Treatment", "What each option would do for one patient, as far as it is known.")
if entries := models.opened_on("treatment"):
    workspace(entries, beside)
else:
    empty(
        "There is no model of a treatment yet. Open a cohort, choose an outcome, and say which "
        "treatments are compared.", "pages/cohorts.py", "Open a cohort", ":material/compare:",
    )  # fmt: skip
