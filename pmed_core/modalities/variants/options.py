"""The choices of a training run on variants: those of tables, and what counts as rare."""

from __future__ import annotations

from pydantic import Field

from pmed_core.modalities.tabular import options as tables
from pmed_core.modalities.tabular.options import TableOptions

ANCESTRY_ALONE = "Ancestry and covariates alone"
COMPARED = tables.COMPARED | {
    ANCESTRY_ALONE: "rare variants add nothing to them, so draw no risk from a patient's genes",
}
"""Baselines that stand for comparison only -> what to do where one is better."""


class VariantsOptions(TableOptions):
    """Everything a person chooses before training; the defaults are the recipe."""

    folds: int = Field(
        default=5, ge=2, le=20, title="Folds",
        description="Each patient is predicted by the models of the fold that never saw them. "
        "Relatives and duplicates stay together.",
    )  # fmt: skip
    rare: float = Field(
        default=0.01, gt=0, le=0.05, title="Rare: minor allele frequency up to",
        description="Only rarer alleles count in the burden of a gene, by their frequency in the "
        "training part.",
    )  # fmt: skip
    components: int = Field(
        default=5, ge=0, le=20, title="Components of ancestry",
        description="Principal components of common variants, by which risk genes are adjusted and "
        "which the model reads. Without them genes that only tell ancestry look like risk genes.",
    )  # fmt: skip
