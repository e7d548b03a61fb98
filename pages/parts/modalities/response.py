"""How drug response is shown; see ``modalities.Showing``."""

from __future__ import annotations

from pages.parts.modalities.tables import before_training, new_file, rows
from pages.parts.response_view import panels_of_response as panels

__all__ = [
    "ABOUT_VARIABLES", "EDITABLE", "GROWTH", "MODEL_VIEWS", "before_training", "new_file", "panels",
    "rows",
]  # fmt: skip

MODEL_VIEWS, GROWTH = (), False
EDITABLE = ("Name", "Kind", "Role", "Unit")
ABOUT_VARIABLES = (
    "The model reads the profile and the structure of the drug alone. Rows of one cell line stay "
    "together."
)
