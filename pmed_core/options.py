"""The choices of a training run. Forms, command-line flags and stored specs come from here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TabMOptions(_Options):
    """TabM (Gorishniy et al., ICLR 2025) and extremely randomised trees (Geurts et al., 2006)."""

    name: Literal["tabm"] = "tabm"


class ThreeLayerOptions(_Options):
    """The three-layer network of the textbooks: 32 and 16 ReLU units and a sigmoid."""

    name: Literal["mlp"] = "mlp"


NetworkOptions = Annotated[TabMOptions | ThreeLayerOptions, Field(discriminator="name")]

NETWORK_TITLES = {"tabm": "TabM", "mlp": "Three-layer network"}


class FitOptions(_Options):
    """Everything a person chooses before training; the defaults are the recipe."""

    network: NetworkOptions = Field(default=TabMOptions(), title="Model")
    folds: int = Field(
        default=8,
        ge=2,
        le=20,
        title="Folds",
        description="Each patient is predicted by the models of the fold that never saw them.",
    )
    time_limit_minutes: float = Field(
        default=30,
        gt=0,
        le=24 * 60,
        title="Time limit (minutes)",
        description="Training stops there and keeps the best epoch so far.",
    )
    device: Literal["auto", "cpu", "gpu"] = Field(
        default="auto", title="Device", description="A GPU is used when there is one."
    )
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
    seed: int = Field(default=0, ge=0, le=2**31 - 1, title="Seed")
