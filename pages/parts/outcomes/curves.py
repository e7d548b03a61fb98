"""What is drawn of probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pages.parts import plots
from pmed_core.evaluation import Evaluation
from pmed_core.figures import performance, tables, wording

if TYPE_CHECKING:
    from pmed_core.reports.performance import Picture

NET_BENEFIT = "Net benefit"


def roc(evaluation: Evaluation, label: str) -> None:
    """The same for every label: all lines are in one figure."""
    plots.beside_of(evaluation, "roc", (), lambda: (
        performance.roc(evaluation), performance.roc_caption(evaluation), tables.roc(evaluation),
    ))  # fmt: skip


def precision_recall(evaluation: Evaluation, label: str) -> None:
    """Likewise."""
    plots.beside_of(evaluation, "precision-recall", (), lambda: (
        performance.precision_recall(evaluation), performance.precision_recall_caption(evaluation),
        tables.precision_recall(evaluation),
    ))  # fmt: skip


def calibration(evaluation: Evaluation, label: str) -> None:
    """Risks against what happened."""
    plots.beside_of(evaluation, "calibration", (label,), lambda: (
        performance.calibration(evaluation, label),
        performance.calibration_caption(evaluation, label),
        tables.calibration(evaluation),
    ))  # fmt: skip


def risk_histogram(evaluation: Evaluation, label: str) -> None:
    """Risks of those with and without the event."""
    plots.beside_of(evaluation, "risks", (label,), lambda: (
        performance.risk_histogram(evaluation, label),
        performance.risk_histogram_caption(evaluation, label), tables.risk_histogram(evaluation),
    ))  # fmt: skip


def reported_calibration(evaluation: Evaluation, label: str) -> Picture:
    """For a report."""
    several = len(evaluation.curves) > 1
    name = wording.line(evaluation.outcome.shown(label))
    return (
        f"Calibration: {name}" if several else "Calibration",
        performance.calibration(evaluation, label),
        performance.calibration_caption(evaluation, label),
    )


def reported(
    evaluation: Evaluation, threshold: float | None, card: Mapping[str, Any]
) -> list[Picture]:
    """Of several labels: the calibration of the first, and how well each is told."""
    roc = ("ROC", performance.roc(evaluation), performance.roc_caption(evaluation))
    return [*(reported_calibration(evaluation, label) for label in [*evaluation.curves][:1]), roc]


CURVES = {
    "ROC": roc,
    "Precision and recall": precision_recall,
    "Calibration": calibration,
    "Probabilities": risk_histogram,
}
