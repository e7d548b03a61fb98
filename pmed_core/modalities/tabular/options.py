"""The choices of a training run on a table."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pmed_core.baselines import BOOSTING, COX, FOREST, LOGISTIC, RIDGE, SVM
from pmed_core.modalities.options import Device, Network, Options, Seed, TimeLimit


class TabMOptions(Network):
    """Many small networks in one (TabM, Gorishniy et al., ICLR 2025), and beside them randomised
    trees (Geurts et al., 2006) and, of yes/no outcomes, boosted ones (Prokhorenkova et al., NeurIPS
    2018); each counts as far as it helps."""

    name: Literal["tabm"] = "tabm"
    title: ClassVar[str] = "TabM"
    cost: ClassVar[tuple[float, float]] = (0.6, 1e-5)


class MLPOptions(Network):
    """The three-layer network of the textbooks: 32 and 16 ReLU units and a sigmoid."""

    name: Literal["mlp"] = "mlp"
    title: ClassVar[str] = "Three-layer network"
    cost: ClassVar[tuple[float, float]] = (0.06, 3e-7)


class LinearOptions(Network):
    """A weight for each input: regularised logistic, Cox-like or linear regression, by outcome."""

    name: Literal["linear"] = "linear"
    title: ClassVar[str] = "Linear model"
    simple: ClassVar[bool] = True
    baselines: ClassVar[tuple[str, ...]] = (LOGISTIC, RIDGE, COX)
    cost: ClassVar[tuple[float, float]] = (0.03, 1e-7)


class ForestOptions(Network):
    """The mean of many trees, each grown on other patients (Breiman, Machine Learning 2001). Five
    fits a fold, each calibrated by patients that it left out."""

    name: Literal["forest"] = "forest"
    title: ClassVar[str] = FOREST
    baselines: ClassVar[tuple[str, ...]] = (FOREST,)
    at_once: ClassVar[bool] = True
    cost: ClassVar[tuple[float, float]] = (0.15, 5e-6)


class BoostingOptions(Network):
    """Small trees, each of which corrects those before it (Friedman, Annals of Statistics 2001).
    Five fits a fold, each calibrated by patients that it left out."""

    name: Literal["boosting"] = "boosting"
    title: ClassVar[str] = BOOSTING
    in_rounds: ClassVar[bool] = True
    baselines: ClassVar[tuple[str, ...]] = (BOOSTING,)
    at_once: ClassVar[bool] = True
    cost: ClassVar[tuple[float, float]] = (0.15, 5e-6)


class MachineOptions(Network):
    """A support vector machine: risks by how alike patients are, with a border of any shape (Cortes
    & Vapnik, Machine Learning 1995). Others keep rows of training patients; here waves stand for
    its radial kernel (Rahimi & Recht, NeurIPS 2007), so that none is kept. Each machine learns
    from 5,000 rows at most."""

    name: Literal["svm"] = "svm"
    title: ClassVar[str] = SVM
    baselines: ClassVar[tuple[str, ...]] = (SVM,)
    at_once: ClassVar[bool] = True
    cost: ClassVar[tuple[float, float]] = (0.05, 4e-5)


NetworkOptions = Annotated[
    TabMOptions | MLPOptions | LinearOptions | ForestOptions | BoostingOptions | MachineOptions,
    Field(discriminator="name"),
]
NETWORKS: tuple[type[Network], ...] = (
    TabMOptions, MLPOptions, LinearOptions, ForestOptions, BoostingOptions, MachineOptions,
)  # fmt: skip
"""To choose from, the default first."""
ALONE = "Network alone"
COMPARED = {
    ALONE: f"trees are no help here, and '{MLPOptions.title}', which has none, may do better",
}
"""Baselines that stand for comparison only -> what to do where one is better."""


class TableOptions(Options):
    """What is chosen of networks that read a table, whatever its columns were made of."""

    network: NetworkOptions = Field(default=TabMOptions(), title="Model")
    folds: int = Field(
        default=8,
        ge=2,
        le=20,
        title="Folds",
        description="Each patient is predicted by the models of the fold that never saw them.",
    )
    time_limit_minutes: TimeLimit = 30
    device: Device = "auto"
    imbalance: Literal["none", "class_weights"] = Field(
        default="none",
        title="Class imbalance",
        description="Leave a rare outcome as it is: weighting or resampling overestimates risk "
        "and does not improve discrimination (van den Goorbergh et al., JAMIA 2022). Class "
        "weights are corrected back to the true outcome rate.",
    )
    baselines: bool = Field(
        default=True,
        title="Baselines",
        description="Logistic regression, random forest, SVM "
        "and gradient boosting on the same folds.",
    )
    seed: Seed = 0


class FitOptions(TableOptions):
    """Everything a person chooses before training; the defaults are the recipe."""
