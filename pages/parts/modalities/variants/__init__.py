"""How variants are shown; see ``modalities.Showing``."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts.modalities.tabular import before_training, number, rows
from pages.parts.modalities.variants.view import panels_of_variants as panels
from pages.parts.modalities.variants.view import risk_genes_view
from pmed_core.modalities.variants import column_of
from pmed_core.service.entries import ModelEntry
from pmed_core.suffixes import PACKED, VARIANTS

__all__ = [
    "ABOUT_VARIABLES", "EDITABLE", "GROWTH", "MODEL_VIEWS", "before_training", "new_file", "number",
    "panels", "rows",
]  # fmt: skip

MODEL_VIEWS, GROWTH = {"Risk genes": risk_genes_view}, False
EDITABLE = ("Name", "Kind", "Role", "Unit")
ABOUT_VARIABLES = (
    "The model reads rare variants by gene, ancestry by common variants, and the other inputs. "
    "Genes are adjusted by the other inputs: set columns to 'ignore' that the disease may have "
    "changed."
)


def new_file(entry: ModelEntry, known: bool) -> tuple[Any, bool]:
    """A VCF file, or a ZIP of one with the table of its patients."""
    others = [v.name for v in entry.variables if v.name != column_of(entry.variables)]
    file = st.file_uploader(
        "A VCF file of other patients, or a ZIP of it with their table",
        type=[*VARIANTS, *PACKED], key=f"new-file-{known}",
    )  # fmt: skip
    needed = "with the outcome" if known else "with the other inputs" if others else ""
    st.caption(
        f"A ZIP of the VCF file and of a table of its patients {needed}, joined by the column that "
        "names the samples."
    )
    return file, False
