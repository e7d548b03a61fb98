"""Scan: what one scan says, and where."""

from __future__ import annotations

from pages.parts.modalities.scan.view import workspace
from pages.parts.pickers import empty, heading
from pmed_core.service import models

beside = heading("Scan", "One scan's risk, and what on it speaks for and against.")
if entries := models.opened_on("scan"):
    workspace(entries, beside)
else:
    empty(
        "There is no model of scans yet. Upload scans, then train a model.",
        "pages/cohorts.py", "Add scans", ":material/radiology:",
    )  # fmt: skip
