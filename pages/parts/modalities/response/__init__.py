"""How drug response is shown; see ``modalities.Showing``."""

from __future__ import annotations

from collections.abc import Callable

from pages.parts.modalities.response.view import panels_of_response as panels
from pages.parts.modalities.tabular import before_training, new_file, number, rows
from pmed_core.service.entries import ModelEntry

__all__ = [
    "ABOUT_VARIABLES", "EDITABLE", "GROWTH", "MODEL_VIEWS", "before_training", "new_file", "number",
    "panels", "rows",
]  # fmt: skip

MODEL_VIEWS: dict[str, Callable[[ModelEntry], None]] = {}
GROWTH = False
EDITABLE = ("Name", "Kind", "Role", "Unit")
ABOUT_VARIABLES = (
    "The model reads the profile and the structure of the drug alone. Rows of one cell line stay "
    "together."
)
