"""What is drawn of probabilities."""

from __future__ import annotations

from pages.parts import plots
from pmed_core.evaluation import Evaluation
from pmed_core.figures import performance, tables


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


CURVES = {
    "ROC": roc,
    "Precision and recall": precision_recall,
    "Calibration": calibration,
    "Probabilities": risk_histogram,
}
