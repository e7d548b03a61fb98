"""The threshold chooser: what alerts above a risk would mean on the ward."""

from __future__ import annotations

import math

import streamlit as st

from pages.parts import plots, state
from pages.parts.errors import panel
from pages.parts.words import general, interval, number, percent
from pmed_core.accounts import Right
from pmed_core.evaluation import Evaluation, Measure, Threshold
from pmed_core.figures import decisions
from pmed_core.service import access, models
from pmed_core.service.entries import ModelEntry

Z = 1.959964


def threshold_chooser(evaluation: Evaluation, key: str, entry: ModelEntry | None = None) -> None:
    """Choose the risk from which patients are alerted, see the consequences, and save it."""
    st.subheader("Choosing an alert threshold", anchor=False)
    used = evaluation.threshold if entry is None else entry.threshold
    st.caption(_in_use(evaluation, used, entry is not None and entry.saved))
    rows = {row.value: row for row in evaluation.thresholds}
    nearest = min(rows, key=lambda value: abs(value - used))
    value = st.select_slider(
        "Alert at a risk of", list(rows), value=nearest, format_func=percent,
        key=f"threshold-{key}-{used}",
    )  # fmt: skip
    if entry is not None and access.allowed(Right.BUILD):
        _save(entry, value)
    _ward(rows[value], evaluation.of)
    st.markdown(f":material/flag: {decisions.flagged(rows[value], evaluation.of)}")
    _shares(rows[value], evaluation)
    left, right = st.columns(2)
    with left:
        plots.confusion(evaluation, value)
    with right:
        plots.decision_curve(evaluation, value)


def _in_use(evaluation: Evaluation, used: float, saved: bool) -> str:
    said = (
        f"An alert for every {evaluation.one} whose risk is at or above the threshold. In use: "
        f"{percent(used)}, "
    )
    rate = f"the outcome rate of the training {evaluation.of}s"
    if not saved:
        return f"{said}{rate}."
    return f"{said}saved by a user; the model came with {percent(evaluation.threshold)}, {rate}."


def _save(entry: ModelEntry, value: float) -> None:
    """Use the chosen threshold wherever the model speaks, or the one it came with again."""
    with st.container(horizontal=True):
        if st.button(
            f"Use {percent(value)} as the alert threshold", icon=":material/save:",
            disabled=value == entry.threshold, key=f"threshold-save-{entry.id}",
            help=f"For the list of {entry.modality.one}s, each of them, new ones and reports.",
        ):  # fmt: skip
            _saved(entry, value)
        if entry.saved and st.button(
            "Back to the outcome rate", icon=":material/undo:", type="tertiary",
            key=f"threshold-back-{entry.id}",
        ):  # fmt: skip
            _saved(entry, None)


def _saved(entry: ModelEntry, value: float | None) -> None:
    with panel():
        models.save_threshold(entry.id, value)
        state.say("The alert threshold is saved.")
        st.rerun()


def _ward(row: Threshold, of: str) -> None:
    """Alerts, work per event found, missed events, net benefit."""
    n = _all(row)
    alerts, events = row.true_positive + row.false_positive, row.true_positive + row.false_negative
    each = f"{alerts / row.true_positive:.1f}" if row.true_positive else "none found"
    missed = 100 * row.false_negative / events if events else float("nan")
    best = "best of the three" if row.net_benefit > max(0.0, row.net_benefit_all) else "not better"
    with st.container(horizontal=True):
        _quiet(f"Alerts per 100 {of}s", general(100 * alerts / n), f"{alerts:,} of {n:,}")
        _quiet("Alerts per event found", each, "number needed to evaluate")
        _quiet(
            "Missed events", f"{row.false_negative:,} of {events:,}", percent(missed / 100),
        )  # fmt: skip
        _quiet(
            "Net benefit", number(row.net_benefit),
            f"alerting everyone {number(row.net_benefit_all)}, no one 0: {best}",
        )  # fmt: skip


def _shares(row: Threshold, evaluation: Evaluation) -> None:
    """Sensitivity and its kin with 95 % intervals: over whole patients, or Wilson's."""
    found = {
        "Sensitivity": (row.true_positive, row.true_positive + row.false_negative),
        "Specificity": (row.true_negative, row.true_negative + row.false_positive),
        "PPV": (row.true_positive, row.true_positive + row.false_positive),
        "NPV": (row.true_negative, row.true_negative + row.false_negative),
    }
    with st.container(horizontal=True):
        for title, (hits, of) in found.items():
            share = row.shares.get(title.casefold()) or wilson(hits, of)
            _quiet(title, number(share.value), interval(share))
    if evaluation.n and not evaluation.patients:
        # Stored before whole patients were drawn here; it does not tell who has several rows.
        one = "scan" if evaluation.of == "scan" else "row"
        st.caption(f"These intervals treat every {one} as a different patient.")


def _quiet(title: str, value: str, below: str) -> None:
    st.metric(title, value, delta=below, delta_color="off", delta_arrow="off", border=True)


def _all(row: Threshold) -> int:
    return max(1, row.true_positive + row.false_positive + row.false_negative + row.true_negative)


def wilson(hits: int, of: int) -> Measure:
    """A proportion with Wilson's 95 % interval; NaN of nobody."""
    if not of:
        return Measure(float("nan"), float("nan"), float("nan"))
    share, weight = hits / of, Z * Z / of
    middle = (share + weight / 2) / (1 + weight)
    half = Z / (1 + weight) * math.sqrt(share * (1 - share) / of + weight / (4 * of))
    return Measure(share, max(0.0, middle - half), min(1.0, middle + half))
