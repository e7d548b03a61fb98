"""The patients of a cohort and one of them: the risk, and one panel at a time below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import frame, state
from pages.parts.downloads import download
from pages.parts.errors import refreshed
from pages.parts.modalities import shown_by
from pages.parts.patient_panels import About
from pages.parts.patient_pick import TYPED, Case, from_cohort, search_key, typed, way
from pages.parts.pickers import pick_model
from pages.parts.reports import reports_button
from pages.parts.standing import told, trust_badges, trust_caption
from pages.parts.words import plain, short
from pages.parts.worklist import case_list
from pmed_core.figures import wording
from pmed_core.figures.standing import basis_sentence
from pmed_core.service import patients
from pmed_core.service.entries import ModelEntry
from pmed_core.service.worklist import worklist
from pmed_core.work import Consultation


def workspace(entries: Sequence[ModelEntry], beside: DeltaGenerator) -> None:
    """The patients of a model's cohort, and next to them the one that is picked; or typed values.
    The model is picked ``beside`` the heading."""
    with beside:
        entry = pick_model(entries)
    left, right = st.columns([3, 7], gap="medium")
    with left:
        asked = way(entry)
        case = from_cohort(entry) if asked != TYPED else None
    if asked == TYPED:
        _case(entry, typed(entry))
        return
    with right:
        label = _case(entry, case)
    with left:
        case_list(
            entry, label, worklist(entry.id, label), search_key(entry),
            lambda listed: reports_button(entry, label, listed),
        )  # fmt: skip


def _case(entry: ModelEntry, case: Case | None) -> str:
    """One patient, or what will stand there -> what it is about."""
    if case is not None:
        return patient_view(entry, case)
    frame.warm(entry.id)
    st.caption("The prediction, its reasons and the report appear here.")
    labels = entry.outcome.labels
    return labels[entry.outcome.at_first([0.0] * len(labels))]


def patient_view(entry: ModelEntry, case: Case) -> str:
    """The number that all else is about, and below it one panel at a time -> its label."""
    with st.spinner("Asking the model"):
        found = patients.consult(entry.id, case.cells, case.patient)
    case = replace(case, known_as=found.known_as)
    label = _label(entry, found)
    k, answer = found.labels.index(label), None
    if found.outside:
        trust_badges(entry.evaluation, found.basis, label)
        _outside(found, entry.modality.one)
    elif told(entry, label):
        answer = patients.explaining(entry.id, case.cells, label, case.asked)
        shown_by(entry.modality).number(entry, found, k)
    else:
        trust_badges(entry.evaluation, found.basis, label)
    said = basis_sentence(found, bool(case.patient), entry.modality.one)
    trust_caption(entry.evaluation, said, label)
    refreshed(lambda: _panels(entry, case, found, (label, answer)))
    return label


def _panels(entry: ModelEntry, case: Case, found: Consultation, about: About) -> None:
    """What else there is to say, one at a time, and the report that holds it."""
    (_, answer), reference = about, state.chosen("reference")
    panels = shown_by(entry.modality).panels(entry, case, found, about)
    first = next(iter(panels))
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        picked = st.segmented_control(
            "Panel", list(panels), default=first, required=True, key=f"panel-{entry.id}",
            label_visibility="collapsed", wrap=True,
        )  # fmt: skip
        download(
            "Report (PDF)",
            lambda: patients.report(
                entry.id, case.cells, case.patient, found, answer() if answer else None,
                reference,
            ),
            ("patient-report.pdf", "application/pdf"), "report", icon=":material/picture_as_pdf:",
        )  # fmt: skip
    panels.get(picked or "", panels[first])()


def _label(entry: ModelEntry, found: Consultation) -> str:
    """The event, class or horizon that the rest of the page is about."""
    if entry.outcome.of_one_event:
        return found.labels[0]
    return st.selectbox(
        entry.outcome.choice, found.labels, index=entry.outcome.at_first(found.value),
        width=320,
        format_func=lambda label: short(entry.outcome.shown(label)),
        key=f"label-{entry.id}",
    )  # fmt: skip


def _outside(found: Consultation, one: str) -> None:
    """Instead of a number."""
    st.warning(
        f"**{wording.OUTSIDE}.** No number is shown, because the model was never "
        f"trained on a {one} like this one.",
        icon=":material/wrong_location:",
    )
    for sentence in found.outside:
        st.markdown(f"- {plain(sentence)}")
