"""One patient under each option: what would change, how far it can be told, and on what it
depends. Nothing is recommended."""

from __future__ import annotations

import streamlit as st

from pages.parts import plots
from pages.parts.errors import panel, refreshed
from pages.parts.modalities.treatment.weighed import weighed_view
from pages.parts.patient_panels import About, Panels, alike, reasons
from pages.parts.patient_pick import Case
from pages.parts.standing import trust_badges
from pages.parts.words import plain, short
from pmed_core.outcomes.effect import effect_of
from pmed_core.outcomes.effect import options_figures as figures
from pmed_core.outcomes.effect.diagnostics import diagnostics_of
from pmed_core.outcomes.effect.verdicts import calibrated
from pmed_core.service import models, patients
from pmed_core.service.entries import ModelEntry
from pmed_core.work import Consultation

UNCERTAIN = "The average is not told: this model comes without its diagnostics."


def difference(entry: ModelEntry, found: Consultation, k: int) -> None:
    """What each option would change for this patient, and whether that can be told at all."""
    effect = effect_of(entry.outcome)
    for sentence in found.unseen:
        st.warning(plain(sentence), icon=":material/help:")
    trust_badges(entry.evaluation, found.basis, found.labels[k])
    with st.container(border=True):
        for one in range(effect.effects):
            st.markdown(f"**{plain(figures.difference(effect, found, one))}**")
            many, said = figures.overlap(effect, found, one)
            st.badge(
                plain(said), icon=":material/compare_arrows:" if many else ":material/warning:",
                color="green" if many else "orange",
            )  # fmt: skip
        _average(entry)
        _assumptions(entry)


def _average(entry: ModelEntry) -> None:
    """Whether effects differ between patients, with the average of them all."""
    kept = diagnostics_of(entry.card)
    if kept is None:
        st.caption(UNCERTAIN)
        return
    for one in kept.comparisons:
        icon = ":material/query_stats:" if one.differs else ":material/balance:"
        st.caption(f"{icon} All patients: {plain(one.verdict)}")
        if said := calibrated(effect_of(entry.outcome), one):
            st.caption(f":material/tune: {plain(said)}")


def _assumptions(entry: ModelEntry) -> None:
    """On what every sentence above depends, and the trial that the data stand for."""
    with st.container(horizontal=True):
        with st.popover("Assumptions", icon=":material/rule:", type="tertiary", key="assumptions"):
            for sentence in figures.assumptions(effect_of(entry.outcome)):
                st.markdown(f"- {plain(sentence)}")
        with st.popover(
            "Target trial", icon=":material/assignment:", type="tertiary", key="target-trial"
        ):
            trial_card(entry)


def trial_card(entry: ModelEntry) -> None:
    """Eligibility, time zero, arms, follow-up and estimand."""
    for title, text in figures.card(effect_of(entry.outcome)):
        st.markdown(f"**{title}.** {plain(text)}")


def panels_of_treatment(entry: ModelEntry, case: Case, found: Consultation, about: About) -> Panels:
    """The outcome under each option first; then what moves the difference, and who was alike."""
    label, answer = about
    panels: Panels = {}
    if answer is not None:
        panels["Options"] = lambda: _options(entry, case, found)
    panels["Reasons"] = lambda: refreshed(lambda: _reasons(entry, case, about))
    others = models.compared_beside(entry)
    if others and answer is not None:
        panels["Several outcomes"] = lambda: weighed_view(entry, case, found, others)
    panels["Similar patients"] = lambda: alike(entry, found, found.labels.index(label))
    return panels


def _options(entry: ModelEntry, case: Case, found: Consultation) -> None:
    with panel():
        effect = effect_of(entry.outcome)
        plots.plot("options", figures.under_each(effect, found),
                   figures.under_each_caption(effect, found),
                   figures.under_each_table(effect, found))  # fmt: skip
        _truth(entry, case, found)


def _reasons(entry: ModelEntry, case: Case, about: About) -> None:
    """What moves the difference that an option makes, one of them at a time."""
    label, answer = about
    named = entry.outcome.labels[: effect_of(entry.outcome).effects]
    if answer is not None and len(named) > 1:
        picked = st.selectbox(
            "Difference", named, format_func=short, width=320, key=f"why-effect-{entry.id}"
        )
        if picked != label:
            about = picked, lambda: patients.explain(entry.id, case.cells, picked, case.asked)
    reasons(entry, about)
    if about[1] is not None:
        st.caption(
            "What moves the difference between the options, not the outcome itself: how this "
            "patient's effect departs from that of typical patients."
        )
        kept = diagnostics_of(entry.card)
        if kept and not any(one.differs for one in kept.comparisons):
            st.caption("It is not clear that the effect differs between patients at all.")


def _truth(entry: ModelEntry, case: Case, found: Consultation) -> None:
    """Of simulated patients the true effect, beside the estimate."""
    known = patients.truth(entry.cohort, case.patient)
    if known is None:
        return
    if st.toggle("Show the true effect", key=f"truth-{entry.id}",
                 help="These patients are simulated, so it is known."):  # fmt: skip
        said = effect_of(entry.outcome).of.quantities[0]
        estimate, true = (said.difference(0, one) for one in (found.value[0], known))
        inside = found.low[0] <= known <= found.high[0]
        st.markdown(
            f"Estimated effect **{plain(estimate)}**, true effect **{plain(true)}**: the interval "
            f"{'holds' if inside else 'misses'} it."
        )
