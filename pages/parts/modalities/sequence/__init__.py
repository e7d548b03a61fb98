"""How sequences are shown; see ``modalities.Showing``."""

from __future__ import annotations

from pages.parts.modalities.sequence.motifs import motifs_view
from pages.parts.modalities.sequence.view import panels_of_sequence as panels
from pages.parts.modalities.tabular import before_training, new_file, number, rows

__all__ = [
    "ABOUT_VARIABLES", "EDITABLE", "GROWTH", "MODEL_VIEWS", "before_training", "new_file", "number",
    "panels", "rows",
]  # fmt: skip

MODEL_VIEWS, GROWTH = {"Motifs": motifs_view}, False
EDITABLE = ("Name", "Kind", "Role", "Unit")
ABOUT_VARIABLES = (
    "The model reads the sequences alone. Near-identical ones, and reverse complements, stay on "
    "one side of every split; so do chromosomes where the ids name them."
)
