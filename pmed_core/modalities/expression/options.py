"""The choices of a training run on expression."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pmed_core.baselines import FOREST
from pmed_core.modalities.options import Device, Network, Options, Seed, TimeLimit

ALL_GENES, FEW_GENES = "Ridge regression of all genes alone", "Ridge regression of few genes alone"
ALONE, GENE = "Network alone", "The one gene that tells most"


class ComponentsOptions(Network):
    """Ridge logistic regression of all genes, another of the few that tell most in the training
    part, and a network of principal components; patients that none of them saw weigh them."""

    name: Literal["components"] = "components"
    title: ClassVar[str] = "Ridge regression and network"
    cost: ClassVar[tuple[float, float]] = (2.0, 1.5e-6)


class RidgeOptions(Network):
    """The same without the network: what is hard to beat where genes are many and patients few."""

    name: Literal["ridge"] = "ridge"
    title: ClassVar[str] = "Ridge regression"
    simple: ClassVar[bool] = True
    baselines: ClassVar[tuple[str, ...]] = (ALL_GENES, FEW_GENES)
    cost: ClassVar[tuple[float, float]] = (0.4, 8e-7)


COMPARED = {
    ALONE: "it cannot be the model by itself, so train again with another seed before you believe "
    "it",
    GENE: "other genes add nothing to it, so measure that gene instead",
    FOREST: "it cannot be the model of a matrix, but of a table that holds the genes which matter "
    "as columns",
}
"""Baselines that stand for comparison only -> what to do where one is better."""


class ExpressionOptions(Options):
    """Everything a person chooses before training; the defaults are the recipe."""

    network: Annotated[ComponentsOptions | RidgeOptions, Field(discriminator="name")] = Field(
        default=ComponentsOptions(), title="Model"
    )
    scale: Literal["auto", "counts", "abundances", "intensities", "logs"] = Field(
        default="auto",
        title="Scale of the values",
        description="counts: raw counts of reads, each sample divided by its own size (log2 of "
        "counts per million). abundances: TPM, FPKM or signals without negative values (log2 of "
        "the value and 1). intensities: microarray signals with negative noise (log2, at least "
        "100). logs: read as they are. auto: as the values show, and said.",
    )
    genes_read: int = Field(
        default=10_000, ge=10, le=200_000, title="Genes",
        description="How many are read: those that vary most among the patients of each training "
        "part. The outcome is not looked at for that.",
    )  # fmt: skip
    folds: int = Field(
        default=6, ge=2, le=20, title="Folds",
        description="Each patient is predicted by the models of the fold that never saw them.",
    )  # fmt: skip
    time_limit_minutes: TimeLimit = 30
    device: Device = "auto"
    baselines: bool = Field(
        default=True, title="Baselines",
        description="Each of the models alone, a random forest, and the one "
        "gene that tells the outcome best, on the same folds.",
    )  # fmt: skip
    seed: Seed = 0
