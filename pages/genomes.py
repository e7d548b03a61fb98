"""Genomes: what published tables say of one, without a model."""

from __future__ import annotations

import streamlit as st

from pages.parts.genome_view import pharmacogenes_view, polygenic_view, positions_of
from pages.parts.pickers import empty, heading, pick_cohort
from pmed_core.service import genomes

heading(
    "Genomes",
    "What published tables say of a genome, without a model: alleles of pharmacogenes, and "
    "polygenic scores.",
)
if entries := genomes.genomes():
    entry = pick_cohort(entries)
    build = positions_of(entry)
    genes, scores = st.tabs(["Pharmacogenes", "Polygenic score"])
    with genes:
        pharmacogenes_view(entry, build)
    with scores:
        polygenic_view(entry, build)
else:
    empty(
        "There is no genome yet. Bring in a VCF file, alone or with a sheet of its patients.",
        "pages/cohorts.py", "Add genomes", ":material/genetics:",
    )  # fmt: skip
