"""The choices of a training run on drug response."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pmed_core.baselines import FOREST
from pmed_core.modalities.options import Device, First, Network, Options, Seed, TimeLimit

MEANS, RIDGE = "Means of drugs and cell lines", "Ridge regression per drug"
IN_TISSUES = "Means of drugs in each tissue"


class TowersOptions(Network):
    """Effects of drugs, ridge regression of the factors of response, and a network of the rest."""

    name: Literal["towers"] = "towers"
    title: ClassVar[str] = "Two towers"
    cost: ClassVar[tuple[float, float]] = (2.0, 2e-8)


class FactorsOptions(Network):
    """The same without the network."""

    name: Literal["factors"] = "factors"
    title: ClassVar[str] = "Linear factors of response"
    simple: ClassVar[bool] = True
    cost: ClassVar[tuple[float, float]] = (1.0, 1e-8)


COMPARED = {
    MEANS: "a tumour's profile adds nothing to how potent each drug is, so do not choose a drug by "
    "this model",
    IN_TISSUES: "the tissue of a tumour says more than its profile, so do not choose a drug by "
    "this model",
    RIDGE: f"train '{FactorsOptions.title}' instead, regressions of what drugs have in common",
    FOREST: "it cannot be the model, so do not choose a drug by this one alone",
}
"""Baselines that stand for comparison only -> what to do where one is better."""


class ResponseOptions(Options):
    """Everything a person chooses before training; the defaults are the recipe."""

    network: Annotated[TowersOptions | FactorsOptions, Field(discriminator="name")] = Field(
        default=TowersOptions(), title="Model"
    )
    split: Annotated[
        Literal["cell_line", "tissue", "drug", "pair"],
        First(("A new tumour", "A tumour of a new tissue", "A new drug", "Gaps in the table")),
    ] = Field(
        default="cell_line",
        title="What is the model to predict?",
        description="What the model is for decides how it is evaluated. cell_line: a known drug on "
        "a new tumour, so all rows of a cell line stay on one side. tissue: a known drug on a "
        "tumour of a tissue that was never seen. drug: a new drug on known cell lines. pair: gaps "
        "in a table of known drugs and known cell lines, which is much easier and says nothing of "
        "a new tumour.",
    )
    tissue: str = Field(
        default="", max_length=200, title="Column of tissues",
        description="It says where each cell line comes from. Empty: found by its name (tissue, "
        "lineage, cancer type, primary site).",
    )  # fmt: skip
    folds: int = Field(
        default=5, ge=2, le=20, title="Folds",
        description="Each pair is predicted by the models of the fold that never saw it.",
    )  # fmt: skip
    time_limit_minutes: TimeLimit = 30
    device: Device = "auto"
    baselines: bool = Field(
        default=True, title="Baselines",
        description="Means of drugs and cell lines, of drugs in each tissue where it is known, "
        "ridge regression of each drug, and a random forest on the same folds.",
    )  # fmt: skip
    seed: Seed = 0

    @property
    def of_new_lines(self) -> bool:
        """Whether the question is about cell lines that nobody has measured with any drug."""
        return self.split in ("cell_line", "tissue")
