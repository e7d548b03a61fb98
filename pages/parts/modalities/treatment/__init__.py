"""How treatments are shown; see ``modalities.Showing``."""

from __future__ import annotations

from pages.parts.modalities.tabular import before_training, new_file, rows
from pages.parts.modalities.treatment.model import acting_view, comparing_view
from pages.parts.modalities.treatment.view import difference as number
from pages.parts.modalities.treatment.view import panels_of_treatment as panels

__all__ = [
    "ABOUT_VARIABLES", "EDITABLE", "GROWTH", "MODEL_VIEWS", "before_training", "new_file", "number",
    "panels", "rows",
]  # fmt: skip

MODEL_VIEWS, GROWTH = {"Before any effect": comparing_view, "Acting on it": acting_view}, False
EDITABLE = ("Name", "Kind", "Role", "Unit")
ABOUT_VARIABLES = (
    "The inputs must have been measured before the treatment. Set columns to 'ignore' that were "
    "recorded later, or that the treatment may have changed."
)
