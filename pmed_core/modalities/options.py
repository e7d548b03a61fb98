"""What the options of every training run share. Forms, flags and stored specs come from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from pmed_core.variable import Kind

if TYPE_CHECKING:
    from pmed_core.outcomes import Outcome


class Options(BaseModel):
    """Choices that are never changed in place."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Network(Options):
    """A choice of network.

    Attributes:
        title: what people call it.
        cost: seconds of its training, as the ``cost`` of its modality reckons with them.
        simple: whether it is a formula that a person can read.
        in_rounds: whether it costs as much for each tree that boosting grows in a round.
        at_once: whether it is fitted without epochs, as a baseline is, which not every kind of
            outcome can keep.
        baselines: names of those that it is, as the model itself.
    """

    title: ClassVar[str]
    simple: ClassVar[bool] = False
    in_rounds: ClassVar[bool] = False
    at_once: ClassVar[bool] = False
    baselines: ClassVar[tuple[str, ...]] = ()
    cost: ClassVar[tuple[float, float]]


@dataclass(frozen=True)
class Flag:
    """What may be typed in the shell for one modality, beside its options.

    Attributes:
        name: without the dashes.
        help: what it is for.
        metavar: what stands for its value; empty for a switch.
        of_every_file: it is said of new files too, and not of training alone.
        column_of: it names a column of variables of that kind.
        table_beside: it names a table that the file is joined to, and which holds the outcome.
        file_beside: it names a file that is read with it.
        of_explain: it is said when something is to be explained, and not of training.
    """

    name: str
    help: str
    metavar: str = ""
    of_every_file: bool = False
    column_of: Kind | None = None
    table_beside: bool = False
    file_beside: bool = False
    of_explain: bool = False


@dataclass(frozen=True)
class First:
    """Marks a choice that everybody makes: it stands before all others.

    Attributes:
        words: what each of its values is called, in their order.
    """

    words: tuple[str, ...]


@dataclass(frozen=True)
class OfEpochs:
    """Marks a choice that means nothing to a network that is fitted at once."""


def idle(options: type[BaseModel], network: Network) -> tuple[str, ...]:
    """The choices that mean nothing to a network."""
    fields = options.model_fields.items() if network.at_once else ()
    return tuple(n for n, one in fields if any(isinstance(m, OfEpochs) for m in one.metadata))


def offered(networks: Sequence[type[Network]], outcome: Outcome) -> tuple[type[Network], ...]:
    """Those that can be trained for an outcome."""
    named = {one: one.model_fields["name"].default for one in networks}
    return tuple(one for one in networks if not one.at_once or named[one] in outcome.keeps)


def kept_as(
    networks: Sequence[type[Network]], outcome: Outcome, baseline: str
) -> type[Network] | None:
    """The model that a baseline of that name is; None for one that stands for comparison only."""
    known = (one for one in offered(networks, outcome) if baseline in one.baselines)
    return next(known, None)


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
    OfEpochs(),
]
Device = Annotated[
    Literal["auto", "cpu", "gpu"],
    Field(title="Device", description="A GPU is used when there is one."),
]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1, title="Seed")]
