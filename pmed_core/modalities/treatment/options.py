"""The choices of a training run on the effect of a treatment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pmed_core.modalities.options import Device, Network, Options, Seed, TimeLimit
from pmed_core.modalities.tabular.options import LinearOptions, TabMOptions

NETWORKS: tuple[type[Network], ...] = (TabMOptions, LinearOptions)
"""Of outcomes and of the choice of treatment; the default first."""


SAME, RIDGE = "Same effect for everybody", "Ridge regression with interactions"
T_LEARNER, X_LEARNER = "T-learner, gradient boosting", "X-learner, gradient boosting"
NO_MODEL = "it cannot be the model, so rely on the average effect"
COMPARED = {
    SAME: "rely on the average effect", RIDGE: NO_MODEL, T_LEARNER: NO_MODEL, X_LEARNER: NO_MODEL,
}  # fmt: skip
"""Baselines that stand for comparison only -> what to do where one is better."""


class TreatmentOptions(Options):
    """Everything a person chooses before training; the defaults are the recipe."""

    network: Annotated[TabMOptions | LinearOptions, Field(discriminator="name")] = Field(
        default=TabMOptions(), title="Model"
    )
    folds: int = Field(
        default=5, ge=2, le=20, title="Folds",
        description="Each patient is predicted by the models of the fold that never saw them.",
    )  # fmt: skip
    cross_fitting: int = Field(
        default=4, ge=2, le=10, title="Inner parts",
        description="Within a fold's training part, effects are learnt from patients whose outcome "
        "networks did not train on them: as many networks a fold.",
    )  # fmt: skip
    time_limit_minutes: TimeLimit = 30
    device: Device = "auto"
    baselines: bool = Field(
        default=True, title="Baselines",
        description="The same effect for everybody, ridge regression with interactions, and T- and "
        "X-learners on gradient boosting, on the same folds.",
    )  # fmt: skip
    seed: Seed = 0
