"""The patients of a cohort and one of them: the risk, and one panel at a time below it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from pages.parts import frame, plots, tables
from pages.parts.course_view import course_view
from pages.parts.downloads import download
from pages.parts.errors import panel, refreshed
from pages.parts.patient_pick import TYPED, Case, at_hand, from_cohort, search_key, typed, way
from pages.parts.pickers import pick_model
from pages.parts.standing import alert_badge, told, trust_badges
from pages.parts.trust import trust_view
from pages.parts.whatif import what_if
from pages.parts.words import count, plain, short
from pages.parts.worklist import case_list
from pmed_core.explanation import Explanation
from pmed_core.figures import wording
from pmed_core.figures.contributions import by_reason
from pmed_core.figures.standing import basis_sentence, basis_title, standing
from pmed_core.figures.trust import certainty
from pmed_core.quantity import Quantity
from pmed_core.service import cohorts, models, patients
from pmed_core.service.entries import ModelEntry
from pmed_core.service.worklist import worklist
from pmed_core.work import Consultation

MISSING_SHOWN = 3
Answer = Callable[[], Explanation]
"""Waits for an explanation that is being computed."""


def workspace(entries: Sequence[ModelEntry]) -> None:
    """The patients of a model's cohort, and beside them the one that is picked; or typed values."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        entry = pick_model(entries)
        asked = way(entry)
    if asked == TYPED:
        case = typed(entry)
        _case(entry, case)
        return
    left, right = st.columns([3, 7], gap="medium")
    with left:
        case = from_cohort(entry)
    with right:
        label = _case(entry, case)
    with left:
        case_list(entry, label, worklist(entry.id, label), search_key(entry))


def _case(entry: ModelEntry, case: Case | None) -> str:
    """One patient, or what will stand there -> what it is about."""
    if case is not None:
        return patient_view(entry, case)
    frame.warm(entry.id)
    st.caption("The risk, its reasons and the report appear here.")
    labels = entry.outcome.labels
    return labels[entry.outcome.at_first([0.0] * len(labels))]


def patient_view(entry: ModelEntry, case: Case) -> str:
    """The number that all else is about, and below it one panel at a time -> its label."""
    with st.spinner("Asking the model"):
        found = patients.consult(entry.id, case.cells, case.patient)
    case = replace(case, known_as=found.known_as)
    label = _label(entry, found)
    k, answer = found.labels.index(label), None
    said = basis_title(found.basis), basis_sentence(found, bool(case.patient))
    trust_badges(entry.evaluation, found.basis, said)
    if found.outside:
        _outside(found)
    elif told(entry):
        answer = patients.explaining(entry.id, case.cells, label, case.asked)
        _number(entry, found, k)
    refreshed(lambda: _panels(entry, case, found, (label, answer)))
    return label


def _panels(
    entry: ModelEntry, case: Case, found: Consultation, about: tuple[str, Answer | None]
) -> None:
    """What else there is to say, one at a time, and the report that holds it."""
    (label, answer), panels = about, dict[str, Callable[[], None]]()
    k = found.labels.index(label)
    panels["Reasons"] = lambda: _why(entry, case, found, about)
    if answer is not None:
        panels["In context"] = lambda: _context(entry, found, k)
        if found.course.x:
            panels["Over time"] = lambda: refreshed(lambda: course_view(entry, case, found, label))
    panels["Values"] = lambda: _values(entry, case, answer)
    panels["Similar patients"] = lambda: _alike(entry, found, k)
    if answer is not None:
        panels["What if"] = lambda: what_if(entry, case, found, label)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        picked = st.segmented_control(
            "Panel", list(panels), default="Reasons", required=True, key=f"panel-{entry.id}",
            label_visibility="collapsed", wrap=True,
        )  # fmt: skip
        download(
            "Report (PDF)",
            lambda: patients.report(
                entry.id, case.cells, case.patient, found, answer() if answer else None
            ),
            ("patient-report.pdf", "application/pdf"), "report", icon=":material/picture_as_pdf:",
        )  # fmt: skip
    panels.get(picked or "", panels["Reasons"])()


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


def _outside(found: Consultation) -> None:
    """Instead of a number."""
    st.warning(
        f"**{wording.OUTSIDE}.** No number is shown, because the model was never "
        "trained on a patient like this one.",
        icon=":material/wrong_location:",
    )
    for sentence in found.outside:
        st.markdown(f"- {plain(sentence)}")


def _number(entry: ModelEntry, found: Consultation, k: int) -> None:
    """The prediction, how far it may be off, and what it is beside others."""
    about, said = short(entry.outcome.event(found.labels[k]), 90), entry.outcome.quantities[k]
    for sentence in found.unseen:
        st.warning(plain(sentence), icon=":material/help:")
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
        st.metric(
            said.heading(plain(about), bool(entry.outcome.names)), said.said(found.value[k]),
            width="content",
        )  # fmt: skip
        with st.container():
            span = plain(said.span(found.low[k], found.high[k]))
            st.markdown(f"Interval **{span}** ({plain(found.interval)}).")
            _compared(entry, found.value[k], k)
            alert_badge(entry.alert, found.value[k])


def _context(entry: ModelEntry, found: Consultation, k: int) -> None:
    """The prediction as a hundred dots and among the others, and what is not known."""
    value, about = found.value[k], short(entry.outcome.event(found.labels[k]), 90)
    said = entry.outcome.quantities[k]
    ends = (found.low[k], found.high[k])
    left, right = st.columns(2, gap="medium") if said.of_hundred else (st.container(),) * 2
    if said.of_hundred:
        with left:
            plots.icon_array(value, ends, entry.alert, about)
    with right:
        if found.position and math.isfinite(found.position[k]):
            across = None if said.of_hundred else ends
            plots.position(entry.evaluation, value, found.labels[k], found.position[k], across)
    with left:
        _missing(found, k, said)
    _every(entry, found)


def _every(entry: ModelEntry, found: Consultation) -> None:
    """What is said of all classes or outcomes, where there are several."""
    if len(found.labels) < 2 or found.course.x:
        return
    said = dict(zip(found.labels, entry.outcome.quantities, strict=True))
    each = zip(found.labels, found.value, found.low, found.high, strict=True)
    rows = [
        {
            entry.outcome.choice: short(entry.outcome.shown(label)),
            said[label].title: said[label].said(value), "Interval": said[label].span(low, high),
            "Among all": said[label].said(entry.outcome.average(entry.evaluation, label)),
        }
        for label, value, low, high in sorted(each, key=lambda one: -one[1])
    ]  # fmt: skip
    st.markdown(f"**{entry.outcome.every}**")
    tables.show(pd.DataFrame(rows), f"every-{entry.id}", entry.outcome.every)


def _compared(entry: ModelEntry, value: float, k: int) -> None:
    """The prediction beside that of the average patient, in words."""
    average = entry.outcome.average(entry.evaluation, entry.outcome.labels[k])
    if math.isfinite(average):
        said = entry.outcome.quantities[k].compared(value, average)
        st.markdown(f"That is {plain(said)}.")


def _missing(found: Consultation, k: int, said: Quantity) -> None:
    """Which missing value would matter."""
    if not found.missing:
        st.caption("No missing values.")
        return
    score = said.score(found.value[k])
    st.markdown(
        f":material/help: **{count(len(found.missing), 'value')} not known.** These would move the "
        "estimate most if they were measured:"
    )
    for name, move in found.missing[:MISSING_SHOWN]:
        low, high = (plain(said.said(said.value(score + sign * move))) for sign in (-1, 1))
        st.markdown(f"- {plain(short(name))}: typically to {low} or {high}")


def _why(
    entry: ModelEntry, case: Case, found: Consultation, about: tuple[str, Answer | None]
) -> None:
    """What moved the prediction; a failed explanation is shown as failed."""
    label, answer = about
    if answer is None:
        st.caption("Not explained: the prediction itself is not to be relied upon.")
        return
    with panel():
        with st.spinner("Explaining"):
            explanation = answer()
        plots.waterfall(explanation, entry.outcome.event(label))
        st.caption(f":material/straighten: {plain(certainty(explanation))}")
    refreshed(
        lambda: trust_view(
            f"{entry.id}-{case.patient}",
            lambda: patients.check(entry.id, case.cells, label, case.asked),
            entry.outcome.quantities[found.labels.index(label)],
        )
    )


def _values(entry: ModelEntry, case: Case, answer: Answer | None) -> None:
    """The patient's values against those of the cohort, those that moved the model most first."""
    variables = by_reason(answer() if answer else None, models.inputs(entry.id))
    if at_hand(entry):
        plots.against_range(variables, cohorts.quality(entry.cohort).summaries, case.cells)
    with st.expander(f"All {len(variables):,} values", icon=":material/list:", key="all-values"):
        rows = [
            {"Variable": v.name, "Value": wording.cell(case.cells.get(v.name), v)}
            for v in variables
        ]
        tables.show(pd.DataFrame(rows), "patient-values", "Values of the patient")


def _alike(entry: ModelEntry, found: Consultation, k: int) -> None:
    """The most similar patients and what happened to them; what was predicted where that ``tells``
    anything."""
    said, tells = entry.outcome.quantities[k], standing(entry.evaluation).tells
    if not found.neighbours:
        st.caption("An imported model comes without patients to compare with.")
        return
    rows = [
        {"Patient": one.patient, "What happened": one.observed}
        | ({"Predicted (out of fold)": said.said(one.of(k))} if tells else {})
        | {"Distance": one.distance}
        for one in found.neighbours
    ]  # fmt: skip
    tables.show(
        pd.DataFrame(rows), "neighbours", "The most similar patients",
        {
            "Predicted (out of fold)": st.column_config.TextColumn(
                alignment="right", help="By the models of the fold that did not see that patient."
            ),
            "Distance": st.column_config.NumberColumn(
                format="%.2f", help="0 is the same in every input; inputs count by importance."
            ),
        },
    )  # fmt: skip
    st.caption("Patients of the training cohort, most similar first.")
