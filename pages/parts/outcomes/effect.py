"""The effect of a treatment; see ``outcomes.Showing``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages.parts import plots
from pmed_core.evaluation import Evaluation
from pmed_core.outcomes.effect import figures

if TYPE_CHECKING:
    from pmed_core.reports.performance import Picture


def _by_group(evaluation: Evaluation, label: str) -> None:
    """Predicted effects against what the scores of like patients say."""
    label = label or evaluation.outcome.labels[0]
    plots.beside_of(evaluation, "by-group", (label,), lambda: (
        figures.by_group(evaluation, label), figures.by_group_caption(evaluation, label),
        figures.by_group_table(evaluation, label),
    ))  # fmt: skip


def reported(evaluation: Evaluation, threshold: float | None) -> list[Picture]:
    """Predicted and estimated effects."""
    label = evaluation.outcome.labels[0]
    return [
        ("Predicted and estimated effects", figures.by_group(evaluation, label),
         figures.by_group_caption(evaluation, label)),
    ]  # fmt: skip


CURVES = {"Effects by fifth": _by_group}
