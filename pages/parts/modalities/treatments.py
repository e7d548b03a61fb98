"""How treatments are shown; see ``modalities.Showing``."""

from __future__ import annotations

from pages.parts.modalities.tables import ABOUT_VARIABLES, before_training, new_file, rows
from pages.parts.patient_panels import About, Panels, in_context, reasons
from pages.parts.patient_pick import Case
from pmed_core.service.entries import ModelEntry
from pmed_core.work import Consultation

__all__ = [
    "ABOUT_VARIABLES", "EDITABLE", "GROWTH", "MODEL_VIEWS", "before_training", "new_file", "panels",
    "rows",
]  # fmt: skip

MODEL_VIEWS, GROWTH = (), False
EDITABLE = ("Name", "Kind", "Role", "Unit")


def panels(entry: ModelEntry, case: Case, found: Consultation, about: About) -> Panels:
    """What moved the effect, and the outcome under each option."""
    label, answer = about
    panels: Panels = {"Reasons": lambda: reasons(entry, about)}
    if answer is not None:
        panels["In context"] = lambda: in_context(entry, found, found.labels.index(label))
    return panels
