"""What lists and pages show of a cohort, a model and a cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pmed_core.evaluation import Evaluation
from pmed_core.modalities import Modality, modality_of
from pmed_core.outcomes import Outcome
from pmed_core.reading import Reading
from pmed_core.systems import System, system_of
from pmed_core.variable import Variable


@dataclass(frozen=True)
class CohortEntry:
    """A cohort without its table.

    Attributes:
        id: of this revision; models are trained on one.
        models: how many were trained on any of its revisions.
        reading: how it was read.
        address: the same for all its revisions.
    """

    id: str
    name: str
    rows: int
    variables: tuple[Variable, ...]
    outcome: Outcome | None
    notes: tuple[str, ...]
    created: float
    models: int
    reading: Reading = ()
    address: str = ""

    @property
    def modality(self) -> Modality:
        """What a model of it reads."""
        return modality_of(self.variables)

    @property
    def system(self) -> System | None:
        """What a model of it is for; None where no outcome is chosen."""
        return system_of(self.modality, self.outcome)


@dataclass(frozen=True)
class ModelEntry:
    """A model without its weights.

    Attributes:
        cohort: id of the cohort it was trained on; empty for an imported model.
        rows, events: patients and events of training.
        seconds: of training, without the baselines.
        card: what it was trained on, plain values.
        threshold: in use: the one that was saved, else that of the package.
        saved: whether it was saved by a user.
        notes: what users wrote about it.
    """

    id: str
    name: str
    cohort: str
    cohort_name: str
    network_title: str
    outcome: Outcome
    variables: tuple[Variable, ...]
    rows: int
    events: int
    seconds: float
    created: float
    evaluation: Evaluation
    card: dict[str, Any]
    threshold: float
    saved: bool = False
    notes: str = ""

    @property
    def alert(self) -> float | None:
        """The risk from which on alerts are raised; None where there are none."""
        return self.outcome.alert(self.threshold)

    @property
    def modality(self) -> Modality:
        """What it reads."""
        return modality_of(self.variables)

    @property
    def system(self) -> System | None:
        """What it is for."""
        return system_of(self.modality, self.outcome)


@dataclass(frozen=True)
class Estimate:
    """What a training will cost, said before it starts.

    Attributes:
        left: the machine time that the user still has, in a sentence; empty without a quota.
        refusal: why the training would not be queued; empty where it would.
    """

    seconds: float
    memory_mb: float
    sentence: str
    left: str = ""
    refusal: str = ""
