"""How expression is shown; see ``modalities.Showing``."""

from __future__ import annotations

from pages.parts.modalities.expression.view import genes_view
from pages.parts.modalities.expression.view import panels_of_expression as panels
from pages.parts.modalities.tabular import before_training, new_file, number, rows

__all__ = [
    "ABOUT_VARIABLES", "EDITABLE", "GROWTH", "MODEL_VIEWS", "before_training", "new_file", "number",
    "panels", "rows",
]  # fmt: skip

MODEL_VIEWS, GROWTH = {"Genes": genes_view}, False
EDITABLE = ("Name", "Kind", "Role", "Unit")
ABOUT_VARIABLES = (
    "The model reads the profiles of genes alone; other columns describe the patients. Samples of "
    "one patient stay together."
)
