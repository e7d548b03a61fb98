"""What there is to say of one patient of a table, a panel at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st

from pages.parts import plots, tables
from pages.parts.advice import advice_view
from pages.parts.course_view import course_view
from pages.parts.errors import panel, refreshed
from pages.parts.patient_pick import Case, at_hand
from pages.parts.standing import alert_badge, alert_worth, trust_badges
from pages.parts.staying import staying
from pages.parts.trust import trust_view
from pages.parts.whatif import what_if
from pages.parts.words import count, plain, short
from pmed_core.explanation import Explanation
from pmed_core.figures import wording
from pmed_core.figures.contributions import by_reason
from pmed_core.figures.standing import NOT_TOLD, shown_labels, standing
from pmed_core.figures.trust import certainty
from pmed_core.quantity import Quantity
from pmed_core.service import cohorts, models, patients
from pmed_core.service.entries import ModelEntry
from pmed_core.service.worklist import HAPPENED, worklist
from pmed_core.work import Consultation

MISSING_SHOWN = 3
Answer = Callable[[], Explanation]
"""Waits for an explanation that is being computed."""
About = tuple[str, Answer | None]
"""Of what, and why: None where the prediction is not to be relied upon."""
Panels = dict[str, Callable[[], None]]
"""Title -> what draws it, the first one shown at first."""


def panels_of_patient(entry: ModelEntry, case: Case, found: Consultation, about: About) -> Panels:
    """Of a patient in a table."""
    (label, answer), panels = about, Panels()
    k = found.labels.index(label)
    panels["Reasons"] = lambda: _why(entry, case, found, about)
    if answer is not None:
        panels["In context"] = lambda: in_context(entry, found, k)
        if found.course.x:
            panels["Over time"] = lambda: refreshed(lambda: course_view(entry, case, found, label))
    panels["Values"] = lambda: _values(entry, case, answer)
    panels["Similar patients"] = lambda: alike(entry, found, k)
    if answer is not None:
        panels["What if"] = lambda: what_if(entry, case, found, label)
        panels["Changes"] = lambda: refreshed(lambda: advice_view(entry, case, found, label))
    return panels


def number(entry: ModelEntry, found: Consultation, k: int) -> None:
    """The prediction, how far it may be off and to be trusted, and what it is beside others: it
    stays in view."""
    for sentence in found.about:
        st.caption(plain(sentence))
    for sentence in found.unseen:
        st.warning(plain(sentence), icon=":material/help:")
    with staying("case-head"):
        trust_badges(entry.evaluation, found.basis, found.labels[k])
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
            _number(entry, found, k)


def _number(entry: ModelEntry, found: Consultation, k: int) -> None:
    about, said = short(entry.outcome.event(found.labels[k]), 90), entry.outcome.quantities[k]
    title = said.heading(plain(about), bool(entry.outcome.names))
    st.metric(title, said.said(found.value[k]), width="content")
    with st.container(gap="xxsmall"):
        span = plain(said.span(found.low[k], found.high[k]))
        st.markdown(f"Interval **{span}** ({plain(found.interval)}).")
        _compared(entry, found.value[k], k)
        alert_badge(entry.alert, found.value[k])
        alert_worth(entry, found.labels[k], found.value[k])


def _compared(entry: ModelEntry, value: float, k: int) -> None:
    """The prediction beside that of the average patient, in words."""
    average = entry.outcome.average(entry.evaluation, entry.outcome.labels[k])
    if math.isfinite(average):
        said = entry.outcome.quantities[k].compared(value, average, entry.modality.one)
        st.markdown(f"That is {plain(said)}.")


def in_context(entry: ModelEntry, found: Consultation, k: int) -> None:
    """The prediction as a hundred dots and among the others, and what is not known."""
    value, about = found.value[k], short(entry.outcome.event(found.labels[k]), 90)
    said = entry.outcome.quantities[k]
    ends = (found.low[k], found.high[k])
    left, right = st.columns(2, gap="medium") if said.of_hundred else (st.container(),) * 2
    if said.of_hundred:
        with left:
            plots.icon_array(value, ends, entry.alert, about, entry.modality.one)
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
    there = shown_labels(entry.evaluation, found.labels)
    silent = {label for k, label in enumerate(found.labels) if k not in there}
    each = zip(found.labels, found.value, found.low, found.high, strict=True)
    rows = [
        {
            entry.outcome.choice: short(entry.outcome.shown(label)),
            said[label].title: NOT_TOLD if label in silent else said[label].said(value),
            "Interval": "" if label in silent else said[label].span(low, high),
            "Among all": said[label].said(entry.outcome.average(entry.evaluation, label)),
        }
        for label, value, low, high in sorted(each, key=lambda one: -one[1])
    ]  # fmt: skip
    st.markdown(f"**{entry.outcome.every}**")
    tables.show(pd.DataFrame(rows), f"every-{entry.id}", entry.outcome.every)
    if silent:
        st.caption(f"{NOT_TOLD.capitalize()} where the model is no better than chance.")


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


def reasons(entry: ModelEntry, about: About, meaning: str = "") -> None:
    """What moved the prediction, and what that means; a failed explanation is shown as failed."""
    label, answer = about
    if answer is None:
        st.caption("Not explained, because the prediction itself is not reliable.")
        return
    with panel():
        with st.spinner("Explaining"):
            explanation = answer()
        plots.waterfall(explanation, entry.outcome.event(label))
        st.caption(f":material/straighten: {plain(certainty(explanation))}")
        if meaning:
            st.caption(meaning)


def _why(entry: ModelEntry, case: Case, found: Consultation, about: About) -> None:
    """What moved the prediction, and whether that can be believed."""
    label, answer = about
    reasons(entry, about)
    if answer is None:
        return
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


def alike(entry: ModelEntry, found: Consultation, k: int) -> None:
    """The most similar patients and what happened to them; what was predicted where that ``tells``
    anything."""
    said = entry.outcome.quantities[k]
    tells = standing(entry.evaluation, entry.outcome.labels[k]).tells
    if not found.neighbours:
        st.caption("An imported model comes without patients to compare with.")
        return
    observed = _observed(entry, k)
    rows = [
        {"Patient": one.patient}
        | ({"Observed": observed.get(one.patient, wording.UNKNOWN)} if observed else {})
        | {entry.outcome.every if observed else "What happened": one.observed}
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
    of = "" if entry.outcome.of_one_event else _columns_of(entry, k, tells)
    st.caption(plain(f"Patients of the training cohort, most similar first. {of}".strip()))


def _observed(entry: ModelEntry, k: int) -> Mapping[str, str]:
    """What happened to each patient, of several outcomes that are asked for one by one."""
    if len(entry.outcome.each) < 2:
        return {}
    listed = worklist(entry.id, entry.outcome.labels[k])
    return dict(zip(listed.iloc[:, 0], listed[HAPPENED], strict=True))


def _columns_of(entry: ModelEntry, k: int, tells: bool) -> str:
    """Of which label the columns are."""
    label = short(entry.outcome.shown(entry.outcome.labels[k]))
    seen = "Observed" if len(entry.outcome.each) > 1 else ""
    parts = [one for one in (seen, "predicted" if tells else "") if one]
    said = " and ".join(parts)
    return f"{said[:1].upper()}{said[1:]}: {label}." if said else ""
