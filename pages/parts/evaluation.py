"""How good a model is: the verdict first, then the measures, the baselines and the curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import streamlit as st

from pages.parts import plots, state, tables
from pages.parts.errors import panel
from pages.parts.outcomes import shown_by
from pages.parts.outcomes.curves import NET_BENEFIT
from pages.parts.threshold import threshold_chooser
from pages.parts.words import (
    count,
    interval,
    meaning,
    measure_title,
    number,
    percent,
    plain,
    question,
    short,
)
from pmed_core.accounts import Right
from pmed_core.baselines import inside
from pmed_core.evaluation import MEAN_LITTLE, Evaluation
from pmed_core.figures.tables import of_each
from pmed_core.figures.wording import digits
from pmed_core.service import access, simpler
from pmed_core.service.entries import ModelEntry
from pmed_core.variable import titled

OUTLINES = (
    "dice", "dice_pooled", "hausdorff_95", "hausdorff_95_pixels", "lesion_sensitivity",
    "false_positive_scans",
)  # fmt: skip
IN_A_ROW, LETTERS = (5, 3), 90
"""Cards in a row where their titles are short, together no more letters than that, or long."""
OF_ONE_CLASS = ("Calibration", "Probabilities", NET_BENEFIT)


def evaluation_view(
    evaluation: Evaluation, key: str, of: str = "patient", entry: ModelEntry | None = None
) -> None:
    """Everything about one evaluation; ``key`` tells it from others, ``of`` is what it is of;
    ``entry``: the model whose alert threshold can be saved here."""
    if of == "scan":
        # An evaluation stored by an earlier version does not know that it counts scans.
        evaluation = replace(evaluation, of=of)
    whose = "patient" if entry is None or entry.modality.listed == of else entry.modality.listed
    _verdict(evaluation, whose)
    if entry is not None:
        _simpler(entry)
    _measures(evaluation)
    for sentence in evaluation.notes:
        _note(sentence)
    if evaluation.of_each:
        _of_each(evaluation, key)
    if evaluation.baselines:
        st.subheader("Compared with simpler models", anchor=False)
        plots.baselines(evaluation)
    _curves(evaluation, key)
    if evaluation.thresholds:
        threshold_chooser(evaluation, key, entry)
    elif evaluation.confusion:
        st.subheader("Observed and predicted classes", anchor=False)
        plots.confusion(evaluation)


def _note(sentence: str) -> None:
    """Small print, except that the numbers above mean little."""
    if MEAN_LITTLE in sentence:
        st.warning(plain(sentence), icon=":material/warning:")
    else:
        st.caption(f":material/info: {plain(sentence)}")


def _verdict(evaluation: Evaluation, whose: str) -> None:
    """The sentence a reader should leave with."""
    asked = plain(question(evaluation.outcome))
    st.markdown(f"**{asked}**. Evaluated on: {plain(evaluation.on)}; {_whom(evaluation, whose)}.")
    if not evaluation.verdict:
        return
    # Of effects a formula that tells them apart as well takes nothing from the verdict.
    own = evaluation.outcome.else_average
    beaten = any(one.better or (one.preferable and not own) for one in evaluation.baselines)
    closer = any(one.brier_difference.low > 0 for one in evaluation.baselines) and not own
    shown = st.warning if beaten or closer else st.info
    shown(plain(evaluation.verdict), icon=":material/balance:")


def _simpler(entry: ModelEntry) -> None:
    """The simpler model that is better, or as good, one click away."""
    found = simpler.simpler(entry) if access.allowed(Right.BUILD) else None
    if found is not None and st.button(
        f"Train the {inside(found.title)}", icon=":material/model_training:", key="simpler",
        help="On the same cohort, in as many folds. This model stays.",
    ):  # fmt: skip
        with panel():
            state.choose("run", simpler.train_simpler(entry, found))
            st.switch_page("pages/train.py", query_params=state.address("run"))


def _whom(evaluation: Evaluation, whose: str) -> str:
    """How many were evaluated, and ``whose`` they are where some have several."""
    who = count(evaluation.n, evaluation.of)
    if 0 < evaluation.patients < evaluation.n:
        who += f" of {count(evaluation.patients, whose)}"
    there = "".join(
        f", {size:,} {plain(short(name, 24))} "
        f"({percent(size / evaluation.n if evaluation.n else float('nan'))})"
        for name, size in evaluation.outcome.counted(evaluation.events)
    )
    return f"{who}{there}"


def _measures(evaluation: Evaluation) -> None:
    """The main measures, each with its interval."""
    _row(evaluation, evaluation.first)
    if "dice" in evaluation.measures:
        st.subheader("Outlines of lesions", anchor=False)
        _row(evaluation, OUTLINES)
    st.caption("Below each number: its 95 % interval.")


def _of_each(evaluation: Evaluation, key: str) -> None:
    """Each of several labels by itself: their mean may hide one that is no better than chance."""
    every = evaluation.outcome.every
    st.subheader(every, anchor=False)
    tables.show(of_each(evaluation), f"each-{key}", f"{every}, with their own measures")
    st.caption("In brackets: 95 % intervals.")


def _row(evaluation: Evaluation, names: Sequence[str]) -> None:
    known = [name for name in names if name in evaluation.measures]
    # As many in each row: a last one alone would be as wide as the page.
    letters = sum(len(measure_title(name, evaluation.outcome)) for name in known)
    rows = -(-len(known) // IN_A_ROW[letters > LETTERS]) or 1
    ends = [len(known) * row // rows for row in range(rows + 1)]
    for first, last in pairwise(ends):
        _cards(evaluation, known[first:last])


def _cards(evaluation: Evaluation, names: Sequence[str]) -> None:
    with st.container(horizontal=True):
        for name in names:
            found = evaluation.measures[name]
            outcome, decimals = evaluation.outcome, digits(name, evaluation.outcome)
            ends = interval(found, decimals) if found.bounded else "no interval"
            unit = outcome.quantities[0].unit if name in outcome.in_unit else ""
            st.metric(
                plain(titled(measure_title(name, outcome), unit)),
                number(found.value, decimals), delta=ends,
                delta_color="off", delta_arrow="off", border=True,
                help=meaning(name, outcome, evaluation.one),
            )  # fmt: skip


def _has_net_benefit(evaluation: Evaluation) -> bool:
    """Where no table of thresholds says it."""
    return any(found.net_benefit.x for found in evaluation.curves.values())


def _curves(evaluation: Evaluation, key: str) -> None:
    st.subheader("Curves", anchor=False)
    curves = shown_by(evaluation.outcome).CURVES
    names = [name for name in curves if name != NET_BENEFIT or _has_net_benefit(evaluation)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        picked = st.segmented_control(
            "Curve", names, default=names[0], required=True, key=f"curve-{key}",
            label_visibility="collapsed", wrap=True,
        ) or names[0]  # fmt: skip
        label = ""
        if len(evaluation.curves) > 1 and picked in OF_ONE_CLASS:
            label = st.selectbox(
                evaluation.outcome.choice, list(evaluation.curves), key=f"class-{key}", width=260,
                format_func=lambda one: short(evaluation.outcome.shown(one)),
            )  # fmt: skip
    curves[picked](evaluation, label)
