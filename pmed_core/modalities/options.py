"""What the options of every training run share. Forms, flags and stored specs come from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Choices that are never changed in place."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Network(Options):
    """A choice of network.

    Attributes:
        title: what people call it.
        cost: seconds of its training, as the ``cost`` of its modality reckons with them.
        simple: whether it is a formula that a person can read.
    """

    title: ClassVar[str]
    simple: ClassVar[bool] = False
    cost: ClassVar[tuple[float, float]]


def titles(networks: Sequence[type[Network]]) -> dict[str, str]:
    """Networks as they are typed and kept -> what people call them."""
    return {str(one.model_fields["name"].default): one.title for one in networks}


TimeLimit = Annotated[
    float,
    Field(
        gt=0,
        le=24 * 60,
        title="Time limit (minutes)",
        description="Training stops there and keeps the best epoch so far.",
    ),
]
Device = Annotated[
    Literal["auto", "cpu", "gpu"],
    Field(title="Device", description="A GPU is used when there is one."),
]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1, title="Seed")]
