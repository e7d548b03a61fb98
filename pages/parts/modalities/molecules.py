"""How molecules are shown; see ``modalities.Showing``."""

from __future__ import annotations

from pages.parts.modalities.tables import before_training, new_file, rows
from pages.parts.molecule_view import panels_of_molecule as panels

__all__ = [
    "ABOUT_VARIABLES", "EDITABLE", "GROWTH", "MODEL_VIEWS", "before_training", "new_file", "panels",
    "rows",
]  # fmt: skip

MODEL_VIEWS, GROWTH = (), False
EDITABLE = ("Name", "Kind", "Role", "Unit")
ABOUT_VARIABLES = (
    "The model reads the molecules, with the other inputs beside them. Set columns to 'ignore' "
    "that hold what another model said, or what is known only afterwards."
)
