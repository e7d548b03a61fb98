"""How good a model is: the verdict first, then the measures, the baselines and the curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from pages.parts import plots
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
from pmed_core.judgement import MEAN_LITTLE, Judgement

OUTLINES = (
    "dice", "dice_pooled", "hausdorff_95", "hausdorff_95_pixels", "lesions_found",
    "outlined_in_vain",
)  # fmt: skip
NET_BENEFIT = "Net benefit"
OF_ONE_CLASS = ("Calibration", "Probabilities", NET_BENEFIT)
TWO_DIGITS = ("calibration_slope", "calibration_intercept")
CURVES: dict[str, Callable[[Judgement, str], None]] = {
    "ROC": plots.roc,
    "Precision and recall": plots.precision_recall,
    "Calibration": plots.calibration,
    "Probabilities": plots.risk_histogram,
    "Predicted and observed": plots.observed,
    "Interval coverage": plots.coverage,
    "Errors": plots.errors,
    NET_BENEFIT: plots.net_benefit,
}


def judgement_view(judged: Judgement, key: str, of: str = "patient") -> None:
    """Everything about one judgement; ``key`` tells it from others, ``of`` is what it is of."""
    if of == "scan":
        # A judgement stored by an earlier version does not know that it counts scans.
        judged = replace(judged, of=of)
    _verdict(judged)
    _measures(judged)
    for sentence in judged.notes:
        _note(sentence)
    if judged.rivals:
        st.subheader("Compared with simpler models", anchor=False)
        alone = " 'Network alone' is this model without its trees."
        st.caption(
            f"Trained and judged on the same {judged.of}s as the model."
            + (alone if any(one.name == "Network alone" for one in judged.rivals) else "")
        )
        plots.rivals(judged)
    _curves(judged, key)
    if judged.thresholds:
        threshold_chooser(judged, key)
    elif judged.confusion:
        st.subheader("Observed and predicted classes", anchor=False)
        plots.confusion(judged)


def _note(sentence: str) -> None:
    """Small print, except that the numbers above mean little."""
    if MEAN_LITTLE in sentence:
        st.warning(plain(sentence), icon=":material/warning:")
    else:
        st.caption(f":material/info: {plain(sentence)}")


def _verdict(judged: Judgement) -> None:
    """The sentence a reader should leave with."""
    asked = plain(question(judged.outcome))
    st.markdown(f"**{asked}**. Judged on: {plain(judged.on)}; {_whom(judged)}.")
    if not judged.verdict:
        return
    beaten = any(r.difference.high < 0 or r.brier_difference.low > 0 for r in judged.rivals)
    shown = st.warning if beaten or "use that" in judged.verdict else st.info
    shown(plain(judged.verdict), icon=":material/balance:")


def _whom(judged: Judgement) -> str:
    who = count(judged.n, judged.of)
    if 0 < judged.patients < judged.n:
        who += f" of {count(judged.patients, 'patient')}"
    there = "".join(
        f", {size:,} {plain(short(name, 24))} "
        f"({percent(size / judged.n if judged.n else float('nan'))})"
        for name, size in judged.outcome.counted(judged.events)
    )
    return f"{who}{there}"


def _measures(judged: Judgement) -> None:
    """The main measures, each with its interval."""
    _row(judged, judged.outcome.first_measures)
    if "dice" in judged.measures:
        st.subheader("Outlines of lesions", anchor=False)
        _row(judged, OUTLINES)
    st.caption("Below each number: its 95 % interval.")


def _row(judged: Judgement, names: Sequence[str]) -> None:
    with st.container(horizontal=True):
        for name in names:
            if name not in judged.measures:
                continue
            found = judged.measures[name]
            digits = 2 if name in TWO_DIGITS else 3
            if name in judged.outcome.in_unit:
                digits = judged.outcome.quantities[0].digits
            ends = interval(found, digits) if found.bounded else "no interval"
            st.metric(
                measure_title(name, judged.outcome), number(found.value, digits), delta=ends,
                delta_color="off", delta_arrow="off", border=True,
                help=meaning(name, judged.outcome),
            )  # fmt: skip


def _has_net_benefit(judged: Judgement) -> bool:
    """Where no table of thresholds says it."""
    return any(found.net_benefit.x for found in judged.curves.values())


def _curves(judged: Judgement, key: str) -> None:
    st.subheader("Curves", anchor=False)
    names = [
        name for name in judged.outcome.curves if name != NET_BENEFIT or _has_net_benefit(judged)
    ]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        picked = st.segmented_control(
            "Curve", names, default=names[0], required=True, key=f"curve-{key}",
            label_visibility="collapsed", wrap=True,
        ) or names[0]  # fmt: skip
        label = ""
        if len(judged.curves) > 1 and picked in OF_ONE_CLASS:
            label = st.selectbox(
                judged.outcome.choice, list(judged.curves), key=f"class-{key}", width=260,
                format_func=lambda one: short(judged.outcome.shown(one)),
            )  # fmt: skip
    CURVES[picked](judged, label)
