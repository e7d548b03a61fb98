"""The effect of a treatment; see ``outcomes.Showing``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pages.parts import plots
from pmed_core.evaluation import Evaluation
from pmed_core.outcomes.effect import diagnostics_figures, effect_of, figures
from pmed_core.outcomes.effect.diagnostics import diagnostics_of

if TYPE_CHECKING:
    from pmed_core.reports.performance import Picture


def _by_group(evaluation: Evaluation, label: str) -> None:
    """Predicted effects against what the scores of like patients say."""
    label = label or evaluation.outcome.labels[0]
    plots.beside_of(evaluation, "by-group", (label,), lambda: (
        figures.by_group(evaluation, label), figures.by_group_caption(evaluation, label),
        figures.by_group_table(evaluation, label),
    ))  # fmt: skip


def reported(
    evaluation: Evaluation, threshold: float | None, card: Mapping[str, Any]
) -> list[Picture]:
    """Who of training could be compared, and predicted beside estimated effects."""
    label, kept = evaluation.outcome.labels[0], diagnostics_of(card)
    overlap: list[Picture] = []
    if kept is not None:
        effect = effect_of(evaluation.outcome)
        overlap.append(("Overlap, in training", diagnostics_figures.overlap(effect, kept, 0),
                        diagnostics_figures.overlap_caption(effect, kept, 0)))  # fmt: skip
    return [
        *overlap,
        ("Predicted and estimated effects", figures.by_group(evaluation, label),
         figures.by_group_caption(evaluation, label)),
    ]  # fmt: skip


CURVES = {"Effects by fifth": _by_group}
