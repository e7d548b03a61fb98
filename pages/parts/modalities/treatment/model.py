"""A model of a treatment: who can be compared, and what would come of acting on it."""

from __future__ import annotations

import streamlit as st

from pages.parts import plots, tables
from pages.parts.modalities.treatment.view import trial_card
from pages.parts.words import plain, short
from pmed_core.outcomes.effect import controls_figures, effect_of
from pmed_core.outcomes.effect import diagnostics_figures as figures
from pmed_core.outcomes.effect.diagnostics import Calibration, Diagnostics, diagnostics_of
from pmed_core.outcomes.effect.verdicts import calibrated
from pmed_core.service.entries import ModelEntry

NOBODY_DIFFERS = (
    "There is no clear evidence that the effect differs between patients: such a rule may hold "
    "nothing but chance."
)
NOT_KEPT = "This model comes without its diagnostics."


def comparing_view(entry: ModelEntry) -> None:
    """The target trial, the arms, overlap and balance: what is to be seen before any effect."""
    found = _kept(entry)
    _trial(entry, opened=True)
    if found is None:
        return
    for sentence in found.warnings:
        st.warning(plain(sentence), icon=":material/warning:")
    if not found.warnings:
        st.success("Arms are large enough, and comparable.", icon=":material/check_circle:")
    st.subheader("Arms", anchor=False)
    tables.show(figures.arms_table(found), "arms", "Options and their patients", {
        "Best by the model": st.column_config.NumberColumn(
            format="%.0f %%", help="Share of all patients for whom the best outcome is predicted "
            "under it.",
        ),
        "Effective sample size": st.column_config.NumberColumn(
            help="As many patients of equal weight would tell as much (Kish)."
        ),
    })  # fmt: skip
    st.subheader("Overlap", anchor=False)
    k = _chosen(entry, found, "overlap")
    effect = effect_of(entry.outcome)
    plots.beside("overlap", figures.overlap(effect, found, k),
                 figures.overlap_caption(effect, found, k),
                 figures.overlap_table(effect, found, k))  # fmt: skip
    if said := figures.open_choice(found.comparisons[k]):
        st.caption(f":material/balance: {plain(said)}")
    if said := figures.lacking_caption(found.comparisons[k]):
        st.caption(f":material/group_off: {plain(said)}")
    if found.comparisons[k].lacking:
        table = figures.lacking_table(found.comparisons[k], found.arms[0].option)
        tables.show(table, "lacking", "Subgroups without a comparison")
    st.subheader("Balance", anchor=False)
    plots.beside("balance", figures.balance(found), figures.balance_caption(found),
                 figures.balance_table(found))  # fmt: skip
    _controls(found.comparisons[k].calibration)


def _trial(entry: ModelEntry, opened: bool = False) -> None:
    """Of what comparison everything else on the page is a result."""
    key = f"trial-{entry.id}"
    with st.expander("Target trial", icon=":material/assignment:", expanded=opened, key=key):
        trial_card(entry)


def _controls(found: Calibration | None) -> None:
    """What is estimated where no effect can be."""
    if found is None:
        return
    st.subheader("Negative controls", anchor=False)
    plots.beside("controls", controls_figures.controls(found),
                 controls_figures.controls_caption(found),
                 controls_figures.controls_table(found))  # fmt: skip


def acting_view(entry: ModelEntry) -> None:
    """Whether effects differ, by what, and what would come of treating by the model."""
    found = _kept(entry)
    if found is None:
        return
    k = _chosen(entry, found, "acting")
    one, effect = found.comparisons[k], effect_of(entry.outcome)
    _trial(entry)
    st.info(plain(one.verdict), icon=":material/balance:")
    if said := calibrated(effect, one):
        st.info(plain(said), icon=":material/tune:")
    if said := figures.unmeasured(one):
        st.caption(f":material/visibility_off: {plain(said)}")
    st.subheader("Treating by the model", anchor=False)
    gain = entry.evaluation.measures.get("policy_gain")
    plots.beside("policies", figures.policies(effect, found),
                 figures.policies_caption(effect, found, gain),
                 figures.policies_table(effect, found))  # fmt: skip
    _rule(found)
    st.subheader("Whom it helps more", anchor=False)
    plots.beside("concentrated", figures.concentrated(effect, found, k),
                 figures.concentrated_caption(one), figures.concentrated_table(one))  # fmt: skip
    if one.projection:
        st.subheader("By what the effect differs", anchor=False)
        tables.show(figures.modifiers_table(effect, one), "modifiers", "Best linear projection", {
            "Clear": st.column_config.CheckboxColumn(help="The interval leaves out no change."),
        })  # fmt: skip
        st.caption(
            "Change of the effect with one standard deviation of an input, or with its category, "
            "the other inputs held as they are: a linear summary, whatever the model."
        )


def _rule(found: Diagnostics) -> None:
    """A rule of two questions that somebody can read, where there is one."""
    if len(found.rule) < 2:
        return
    st.subheader("A rule that can be read", anchor=False)
    tables.show(figures.rule_table(found), "rule", "The best rule of two questions")
    st.caption(
        "If the assumptions hold: of all rules of two questions, the one with the best mean "
        "outcome among these very patients. What such a rule is worth to patients among whom it "
        "was not sought stands above: 'treated by a rule of two questions'."
    )
    if not any(one.differs for one in found.comparisons):
        st.caption(NOBODY_DIFFERS)


def _kept(entry: ModelEntry) -> Diagnostics | None:
    found = diagnostics_of(entry.card)
    if found is None:
        st.caption(NOT_KEPT)
    return found


def _chosen(entry: ModelEntry, found: Diagnostics, key: str) -> int:
    """Which option is compared with the reference."""
    names = [one.option for one in found.comparisons]
    if len(names) < 2:
        return 0
    picked = st.segmented_control(
        "Option", names, default=names[0], required=True, format_func=short,
        key=f"option-{key}-{entry.id}",
    )  # fmt: skip
    return names.index(picked or names[0])
