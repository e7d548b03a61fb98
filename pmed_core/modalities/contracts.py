"""What a kind of input can do, beside naming itself."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort, Correction
from pmed_core.errors import UserError
from pmed_core.evaluation import Evaluation
from pmed_core.explanation import Explanation
from pmed_core.inspection import Inspection
from pmed_core.outcomes import Outcome
from pmed_core.predictions import Predictions
from pmed_core.progress import Progress
from pmed_core.quality import Finding, Summary
from pmed_core.reading import Choices
from pmed_core.variable import Variable
from pmed_core.work import Inspect, Read

if TYPE_CHECKING:
    from pmed_core.graph import Graph
    from pmed_core.store.cohorts import Cohorts
    from pmed_core.store.store import Store


class Costing(Protocol):
    """What its training costs; loads nothing that computes."""

    def cost(self, cohorts: Cohorts, cohort: str, options: Any) -> tuple[float, float]:
        """Seconds and megabytes of a training on a kept cohort, roughly."""


class Model(Protocol):
    """What is asked of a model when a file is read for it: a predictor, or its entry."""

    @property
    def variables(self) -> tuple[Variable, ...]: ...

    @property
    def outcome(self) -> Outcome: ...

    @property
    def patient(self) -> str | None: ...

    @property
    def card(self) -> Mapping[str, Any]: ...


class Reading(Protocol):
    """How its files come in, strict. ``home`` holds the key of pseudonyms; everything raises
    ``UserError``."""

    @property
    def KEEPS_FILES(self) -> bool:
        """Whether an upload stays; else what was read of it is all that is kept."""

    def inspected(self, path: Path, work: Inspect, home: Path) -> Inspection:
        """A look at a file before it is taken."""

    def cohort(self, path: Path, work: Read, home: Path) -> Cohort:
        """What a file holds, with what was corrected by hand."""

    def inputs(
        self, path: Path, model: Model, home: Path, looked_at: bool, choices: Choices
    ) -> Cohort:
        """New patients as a model reads them, with its outcome.

        ``looked_at``: somebody made sure that no scan shows a name. ``choices``: decisions of the
        reader that are overruled, by key.
        """

    def corrected(self, cohort: Cohort, correction: Correction) -> Cohort:
        """With a label that somebody changed."""

    def findings(self, cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
        """What is worth knowing before training, the outcome apart."""

    def unlabelled(self, cohort: Cohort, column: str) -> UserError:
        """What is said of patients without the outcome's column who are to be evaluated."""


NOBODY = -1
"""Instead of a fold: the row was not in training."""
Notes = tuple[str, ...]


class Ensemble(Protocol):
    """Trained networks with all between a patient's cells and what is said."""

    @property
    def outcome(self) -> Outcome:
        """What is predicted."""

    @property
    def guarded(self) -> bool:
        """Whether a patient or scan unlike those of training would be noticed."""

    @property
    def explainable(self) -> tuple[str, ...]:
        """What can be explained."""

    def panel(self) -> NDArray[np.float64]:
        """As in ``Predictions``: what each outer fold says of the same rows."""

    def facts(self) -> dict[str, Any]:
        """What a card says of it."""

    def stated(self, outcome: Outcome) -> Self:
        """The same with its risks at the outcome's times."""

    def of_fold(self, fold: int) -> Self:
        """What was trained in one outer fold alone."""

    def as_cohort(self, patients: Cohort | pd.DataFrame) -> Cohort:
        """The rows with this outcome; raises ``UserError`` where an input is absent."""

    def predict(self, cohort: Cohort) -> Predictions:
        """What is said of rows that ``as_cohort`` let through."""


E = TypeVar("E", bound=Ensemble)


@dataclass(frozen=True)
class Packed:
    """The parts of an ensemble in a package: plain values, and arrays by name.

    Attributes:
        spec: how to build the networks.
        fitted: what was learnt beside the weights.
        tensors: the weights.
        background: synthetic rows, for explanations.
    """

    spec: dict[str, Any]
    fitted: dict[str, Any]
    tensors: dict[str, NDArray[Any]]
    background: dict[str, Any]


@dataclass(frozen=True)
class Trained:
    """What a training ends with, before it is evaluated.

    Attributes:
        held_out: patients that no network saw, each predicted once.
        on: whose predictions these are, in words.
        baselines: name -> predictions of the same rows, and seconds.
        learnt: which rows it learnt from; see ``Predictor``.
        card: what a card says beside what all say.
        completed: the evaluation -> the same with what this modality adds.
    """

    ensemble: Ensemble
    held_out: Predictions
    on: str
    baselines: dict[str, tuple[Predictions, float]]
    learnt: Any
    variables: tuple[Variable, ...]
    card: dict[str, Any]
    completed: Callable[[Evaluation], Evaluation] = lambda evaluation: evaluation


@dataclass(frozen=True)
class Question:
    """What is to be explained, and how exactly.

    Attributes:
        label: the quantity; the first, or the likeliest, where none is named.
        tolerance: of SHAP values, as a share of prediction less base.
        held_out: by the networks that never saw the patient.
        folds: (n,) as from ``held_out_folds``.
    """

    label: str | None
    tolerance: float
    held_out: bool
    folds: tuple[int, ...]

    def of_first(self, whole: E, said: Callable[[tuple[int, ...]], Notes]) -> tuple[E, Notes]:
        """The ensemble that speaks of the first row, and what is to be said of that: of its fold
        alone where it is held out; else ``whole``, with what is ``said`` of its fold."""
        if not self.held_out:
            return whole, said(self.folds[:1])
        known = self.folds and self.folds[0] != NOBODY
        return (whole.of_fold(self.folds[0]) if known else whole), ()


class Computing(Protocol):
    """What computes with it; loads Keras. ``model`` is a ``Predictor`` of this modality."""

    def trainable(self, cohort: Cohort, progress: Progress) -> Cohort:
        """The rows that can be learnt from; raises ``UserError`` where there are too few."""

    def trained(self, cohort: Cohort, run: Run) -> Trained:
        """Split, train, calibrate, and predict the held-out part once.

        Raises ``UserError``, and ``Cancelled`` where ``progress`` says so.
        """

    def packed(self, ensemble: Any) -> Packed:
        """The parts of an ensemble, to be kept."""

    def unpacked(
        self, parts: Packed, outcome: Outcome, variables: tuple[Variable, ...]
    ) -> Ensemble:
        """The ensemble that ``packed`` took apart; raises ``ValueError``."""

    def cases(self, ensemble: Any) -> dict[str, Any]:
        """What it says of synthetic cases; a loaded ensemble must repeat it."""

    def knows(self, model: Any, cohort: Cohort) -> bool:
        """Whether these are the very rows it was trained on, in whatever order."""

    def recognise(self, model: Any, cohort: Cohort) -> bool:
        """The same; where held-out predictions are kept, each of the rows is known from now on."""

    def held_out_folds(self, model: Any, cohort: Cohort) -> tuple[int, ...]:
        """(n,) the fold that held each row out, ``NOBODY`` for others; empty where unknown."""

    def said_of_training(
        self, model: Any, cohort: Cohort, folds: tuple[int, ...]
    ) -> tuple[str, ...]:
        """What is to be said of the ensemble's numbers where rows were in training."""

    def not_kept(self, name: str) -> UserError:
        """Nobody is known to be held out."""

    def known(self, cohort: Cohort) -> UserError:
        """These are the patients of training, and are not to be evaluated on."""

    def nameless(self, model: Any) -> Predictions | None:
        """The held-out predictions without ids, in an order that only the rows give again."""

    def learnt_as_json(self, model: Any) -> str:
        """Which rows it learnt from, to be kept beside a package; empty where the held-out
        predictions tell it."""

    def evaluable(self, model: Any, cohort: Cohort) -> Cohort:
        """The cohort with the model's outcome; raises ``UserError`` where it is told otherwise."""

    def completed(
        self, evaluation: Evaluation, ensemble: Any, cohort: Cohort, predictions: Predictions
    ) -> Evaluation:
        """An evaluation with what this modality adds; ``predictions``: the very ones evaluated, of
        each row of the cohort."""

    def prediction_table(
        self, predictions: Predictions, predictor: Any, cohort: Cohort
    ) -> pd.DataFrame:
        """Predictions as columns of a file."""

    def blocks(self, table: pd.DataFrame, predictor: Any, cohort: Cohort) -> tuple[str, ...]:
        """(n,) rows of ``prediction_table`` as text in the format that the noun ``writes``; empty
        where it writes none."""

    def explained(self, model: Any, cohort: Cohort, question: Question) -> Explanation:
        """Why it says so of these rows, or of the first of them."""


@dataclass(frozen=True)
class Run:
    """One training: what was chosen, who is told, and where it computes.

    Attributes:
        validation: others that choose the epoch, calibrate and evaluate, where they were given.
        start: the model to continue.
    """

    options: Any
    progress: Progress
    device: str
    validation: Cohort | None = None
    start: Any = None


class Shell(Protocol):
    """What the commands of the shell do with it; ``given`` is what was typed."""

    def cohorts(self, given: Namespace) -> tuple[Cohort, Cohort | None]:
        """What is trained on, and validation where there is some; the account of reading is told.

        Raises ``UserError``.
        """

    def explain(self, given: Namespace, predictor: Any, cohort: Cohort) -> None:
        """Write why; raises ``UserError``."""


class Answering(Protocol):
    """How questions about its kept models are answered; everything raises ``UserError``."""

    @property
    def ANSWERED(self) -> tuple[type[Any], ...]:
        """The works that can be asked of its models."""

    def answer(self, work: Any, predictor: Any, store: Store, progress: Progress) -> str:
        """JSON, or an id where the answer is kept."""

    def known_rows(
        self, model: str, predictor: Any, cohort: Cohort, store: Store
    ) -> tuple[str, ...]:
        """What is to be said of rows to be evaluated on that were in training."""


@dataclass(frozen=True)
class Written:
    """A model as ONNX, and r rows of which the file must say the same as the ensemble.

    Attributes:
        inputs: of each its name, what it holds, its unit, values and the like, plain values.
        cells: name of an input -> (r,) as the file takes them.
        said: of the rows, by the ensemble.
        scale: (k,) by how much a value may differ more than a probability may.
    """

    graph: Graph
    inputs: tuple[dict[str, Any], ...]
    cells: dict[str, NDArray[Any]]
    said: Predictions
    scale: NDArray[np.float64]


class Exporting(Protocol):
    """How its models are written as ONNX."""

    @property
    def REFUSED(self) -> str:
        """Why they cannot be, in a sentence; empty where they can. Loads nothing that computes."""

    def written(self, ensemble: Any) -> Written:
        """From named cells to what is said; raises ``UserError`` where it is too large."""


@dataclass(frozen=True)
class NotExported:
    """A kind whose models cannot be written as ONNX, with the reason."""

    REFUSED: str

    def written(self, ensemble: Any) -> Written:
        """Raises ``UserError``."""
        raise UserError(self.REFUSED, "", "Export the model package instead.")


class Folder(Protocol):
    """What a kind's folder holds; see each of them."""

    def answering(self) -> Answering: ...

    def computing(self) -> Computing: ...

    def costing(self) -> Costing: ...

    def exporting(self) -> Exporting: ...

    def reading(self) -> Reading: ...

    def shell(self) -> Shell: ...
