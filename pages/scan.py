"""Scan: what one scan says, and where."""

from __future__ import annotations

from pages.parts.pickers import empty, heading, pick_model
from pages.parts.scan_view import pick_scan, scan_view
from pmed_core.service import models

heading("Scan", "What the model says of one scan, and what on it speaks for and against.")
if entries := models.opened_on("scan"):
    entry = pick_model(entries)
    if chosen := pick_scan(entry):
        scan_view(entry, *chosen)
else:
    empty(
        "There is no model of scans yet. Bring in scans, then train one.",
        "pages/cohorts.py", "Add scans", ":material/radiology:",
    )  # fmt: skip
