"""Genes of a cohort that carry its risk, and the variants of one patient in them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.parts import plots, tables
from pages.parts.errors import panel, refreshed
from pages.parts.patient_panels import About, Panels, in_context, reasons
from pages.parts.patient_pick import Case
from pages.parts.words import plain
from pmed_core.modalities.variants import column_of, figures, words
from pmed_core.modalities.variants.risk_genes import risk_genes_of
from pmed_core.service import variants as asked
from pmed_core.service.entries import ModelEntry
from pmed_core.work import Consultation

P = st.column_config.NumberColumn(format="%.2g")
PERCENT = st.column_config.NumberColumn(format="%.1f %%")
COLUMNS = {
    "p": P, "p, burden": P, "p, SKAT": P,
    "q": st.column_config.NumberColumn(
        format="%.2g", help="The false discovery rate at which it would be reported."
    ),
    "Carriers with the event": PERCENT, "Carriers without": PERCENT,
    "Used by the network": st.column_config.NumberColumn(
        format="%.3f", help="Mean absolute SHAP value of held-out patients, in log-odds."
    ),
}  # fmt: skip


def risk_genes_view(entry: ModelEntry) -> None:
    """The tested genes, and what the network uses beside them."""
    found = risk_genes_of(entry.card)
    if found is None:
        st.info("This model was kept without its genes.", icon=":material/info:")
        return
    if found.reported:
        st.success(plain(words.verdict(found)), icon=":material/genetics:")
    else:
        st.info(plain(words.verdict(found)), icon=":material/balance:")
    st.caption(plain(words.adjusted(found)))
    for sentence in found.related:
        st.caption(f":material/family_restroom: {plain(sentence)}")
    for key, draw, caption in (
        ("manhattan", figures.manhattan, figures.manhattan_caption),
        ("qq", figures.qq, figures.qq_caption),
    ):
        plots.beside(key, draw(found), caption(found), figures.table(found))
    st.subheader("What the network uses", anchor=False)
    plots.beside("used", figures.used(found), figures.used_caption(found),
                 figures.used_table(found))  # fmt: skip
    st.subheader("All genes", anchor=False)
    tables.show(figures.table(found), "risk-genes", "Tested genes, the smallest p first", COLUMNS)
    st.caption(
        "Burden asks whether patients with the event carry more rare alleles, SKAT whether they "
        "carry others; p stands for both, compared with cohorts whose events are drawn anew from "
        "each patient's risk by ancestry and covariates alone."
    )


def panels_of_variants(entry: ModelEntry, case: Case, found: Consultation, about: About) -> Panels:
    """Of a patient whose variants are known."""
    label, answer = about
    if not case.cells.get(column_of(entry.variables)):
        return {"Variants": _nothing}
    panels: Panels = {"Variants": lambda: refreshed(lambda: _variants(entry, case))}
    panels["Reasons"] = lambda: reasons(entry, about)
    if answer is not None:
        panels["In context"] = lambda: in_context(entry, found, found.labels.index(label))
    return panels


def _nothing() -> None:
    st.caption("There are no variants of this patient.")


def _variants(entry: ModelEntry, case: Case) -> None:
    """The rare alleles, those in risk genes first."""
    with panel():
        with st.spinner("Looking up the variants"):
            carried = asked.carried(entry.id, case.cells, case.asked)
        tested = risk_genes_of(entry.card)
        risky = {gene.name for gene in tested.reported} if tested else set()
        st.markdown(plain(words.carried(carried, risky)))
        rows = [
            {
                "Gene": one.gene, "Risk gene": "yes" if one.gene in risky else "no",
                "Consequence": one.consequence or "not annotated", "Zygosity": one.zygosity,
                "Variant": f"{one.chromosome}:{one.position:,} {one.reference}>{one.alternative}",
                "Frequency": 100 * one.frequency,
                "Clinical significance": one.clinical or "not stated",
                "Review status": one.review, "Condition": one.condition,
                "p of the gene": one.p,
            }
            for one in carried
        ]  # fmt: skip
        told = pd.DataFrame(rows)
        empty = [name for name in ("Review status", "Condition") if not any(told.get(name, ()))]
        tables.show(
            told.drop(columns=empty, errors="ignore"), f"carried-{entry.id}",
            "Rare variants of this patient",
            {
                "Frequency": st.column_config.NumberColumn(
                    format="%.2f %%",
                    help="Of the allele among the patients of training; the only X of a man "
                    "counts as two.",
                ),
                "p of the gene": P,
                "Clinical significance": st.column_config.TextColumn(
                    help="As the VCF file states it (CLNSIG of ClinVar, or CLIN_SIG of VEP)."
                ),
            },
        )  # fmt: skip
        st.caption(
            "Rare alleles that were called, those in the genes of the smallest p first. What the "
            "file does not hold is not known, and not the reference. Association in a cohort does "
            "not make a single variant pathogenic."
        )
