"""One tumour: the drugs it should respond to, and which genes moved what is predicted of one."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts import plots, tables
from pages.parts.errors import panel
from pages.parts.patient_panels import About, Panels, in_context
from pages.parts.patient_pick import Case
from pages.parts.words import plain, short
from pmed_core.figures.trust import certainty
from pmed_core.modalities.response import columns_of
from pmed_core.modalities.response.drug import Drug, order, sensitive_is_high
from pmed_core.service import patients
from pmed_core.service import response as asked
from pmed_core.service.entries import ModelEntry
from pmed_core.work import Consultation


def panels_of_response(entry: ModelEntry, case: Case, found: Consultation, about: About) -> Panels:
    """Of a tumour whose profile is known."""
    label, answer = about
    panels: Panels = {"Drugs": lambda: _drugs(entry, case), "Reasons": lambda: _why(entry, case)}
    if answer is not None:
        panels["In context"] = lambda: in_context(entry, found, found.labels.index(label))
    return panels


def _ranked(entry: ModelEntry, case: Case) -> Sequence[Drug]:
    with st.spinner("Asking the model about every drug"):
        return asked.drugs(entry.id, case.cells, case.asked)


def _drugs(entry: ModelEntry, case: Case) -> None:
    """All drugs that the model knows, those it should respond to most first."""
    with panel():
        said, response = entry.outcome.quantities[0], entry.outcome.columns[0]
        rows = [
            {
                "Drug": one.drug, said.title: said.said(one.value),
                "Interval": said.span(one.low, one.high),
                "Other cell lines below": 100 * one.position, "Note": one.note,
            }
            for one in _ranked(entry, case)
        ]  # fmt: skip
        tables.show(
            pd.DataFrame(rows), "drugs-ranked", "Drugs for this tumour, best response first",
            {
                "Other cell lines below": st.column_config.ProgressColumn(
                    format="%.0f %%", min_value=0, max_value=100,
                    help="Share of the other cell lines of which less is predicted for this drug.",
                )
            },
        )  # fmt: skip
        st.caption(
            f"{plain(order(response))} Potent drugs come first for every tumour: a "
            f"{'large' if sensitive_is_high(response) else 'small'} share of other cell lines "
            "below says that this one is unusually sensitive. Where the note says so, the "
            "prediction is no better than the drug's mean."
        )


def _why(entry: ModelEntry, case: Case) -> None:
    """The genes that moved the prediction for one drug."""
    with panel():
        ranked = {one.drug: one for one in _ranked(entry, case)}
        _, column = columns_of(entry.variables)
        own = next((d for d, one in ranked.items() if one.smiles == case.cells.get(column)), None)
        names = list(ranked)
        picked = st.selectbox(
            "Drug", names, index=names.index(own) if own else 0, format_func=short, width=320,
            key=f"why-drug-{entry.id}",
        )  # fmt: skip
        cells = dict(case.cells) | {column: ranked[picked].smiles}
        with st.spinner("Explaining"):
            found = patients.explain(entry.id, cells, entry.outcome.labels[0], case.asked)
        plots.waterfall(found, entry.outcome.event(found.label))
        st.caption(f":material/straighten: {plain(certainty(found))}")
        st.caption(
            "The drug's own part is what is predicted of a typical tumour less the mean of all "
            "pairs; the genes share the rest. What moved the model, not causes."
        )
