"""The choices of a training run on molecules: those of tables, and how molecules are split."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pmed_core.modalities.tabular.options import TableOptions


class MoleculeOptions(TableOptions):
    """Everything a person chooses before training; the defaults are the recipe."""

    folds: int = Field(
        default=5,
        ge=2,
        le=20,
        title="Folds",
        description="Each molecule is predicted by the models of the fold that never saw it.",
    )
    split: Literal["scaffold", "random"] = Field(
        default="scaffold",
        title="Split of molecules",
        description="By scaffold (Bemis-Murcko), molecules of one ring system stay on one side of "
        "every split, as those of the next project will be new. A random split leaves close "
        "relatives on both sides, which flatters the model.",
    )
