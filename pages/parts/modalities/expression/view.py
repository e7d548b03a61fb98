"""Genes of a model: which differ, which it reads, which sets they belong to; and of one patient."""

from __future__ import annotations

import streamlit as st

from pages.parts import plots, tables
from pages.parts.errors import panel, refreshed
from pages.parts.patient_panels import About, Panels, in_context, reasons
from pages.parts.patient_pick import Case
from pages.parts.words import plain, short
from pmed_core.modalities.expression import figures as drawn
from pmed_core.modalities.expression.genes import Genes, Sets, parsed_sets
from pmed_core.service import expression as asked
from pmed_core.service.entries import ModelEntry
from pmed_core.work import Consultation

MEANING = (
    "Values are as the file has them. Genes that vary together share what they add; what moved the "
    "model, not causes."
)
NUMBERS = {
    "Mean absolute SHAP value": st.column_config.NumberColumn(format="%.4f"),
    "p": st.column_config.NumberColumn(format="%.2e"),
    "False discovery rate": st.column_config.NumberColumn(format="%.2e"),
}


def genes_view(entry: ModelEntry) -> None:
    """What there is to see of the genes of all training patients."""
    refreshed(lambda: _genes(entry))


def _genes(entry: ModelEntry) -> None:
    labels = entry.outcome.labels
    label = labels[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(labels) > 1:
            label = st.selectbox(
                "Compare with all others", labels, format_func=short, width=260,
                key=f"genes-label-{entry.id}",
            )  # fmt: skip
        file = st.file_uploader(
            "Gene sets (GMT), such as pathways", type=["gmt", "txt"], key=f"gene-sets-{entry.id}",
            help="A set a line: its name, a description and its genes, with tabs between them.",
        )  # fmt: skip
    with panel():
        sets: Sets = parsed_sets(file.getvalue(), file.name) if file is not None else ()
        with st.spinner("Comparing genes"):
            found = asked.genes(entry.id, label, sets)
        _drawn(entry, found)


def _drawn(entry: ModelEntry, found: Genes) -> None:
    key = f"{entry.id}-{found.label}"
    st.subheader("Differences between the groups", anchor=False)
    plots.plot(
        f"volcano-{key}", drawn.volcano(found), drawn.volcano_caption(found),
        drawn.genes_table(found),
    )  # fmt: skip
    if found.sets:
        st.subheader("Gene sets", anchor=False)
        tables.show(drawn.sets_table(found), f"sets-{key}", "Gene sets, smallest p first", NUMBERS)
        st.caption(plain(drawn.sets_caption(found)))
    elif found.unknown:
        st.warning("None of the sets has three genes that were measured: are names spelt alike?")
    st.subheader("Risk genes", anchor=False)
    table = drawn.genes_table(found).sort_values("Rank in the model", na_position="last")
    tables.show(table.head(200), f"risk-genes-{key}", "Genes that move the model most", NUMBERS)
    st.caption(
        f"By the mean absolute SHAP value of {found.explained} patients whose predictions lie "
        "evenly, beside the difference of each gene alone. Genes that vary together share what "
        "they add: a gene may differ clearly and be read little. What moves the model, not causes."
    )
    st.subheader("Heat map", anchor=False)
    plots.plot(
        f"heat-{key}", drawn.heat_map(found), drawn.heat_caption(found), drawn.heat_table(found)
    )


def panels_of_expression(
    entry: ModelEntry, case: Case, found: Consultation, about: About
) -> Panels:
    """Of a patient whose profile is known."""
    label, answer = about
    if answer is None:
        return {"Genes": lambda: reasons(entry, about)}
    return {
        "Genes": lambda: reasons(entry, about, MEANING),
        "In context": lambda: in_context(entry, found, found.labels.index(label)),
    }
