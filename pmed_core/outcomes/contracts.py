"""What a kind of outcome can do, beside naming itself.

A model says of each row a distribution over c cells, which are what can be observed of a patient:
no event and event; the classes; the intervals of time, and beyond them; points on a scale. What
lies between a network's logits and that distribution, and between it and what is shown, belongs to
the kind.
``outcome`` is everywhere one of that kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.evaluation import Curve, Curves, Measure, Threshold
from pmed_core.evaluations.resampling import Draws
from pmed_core.evaluations.words import Evaluated
from pmed_core.outcomes.fitted import Size
from pmed_core.outcomes.target import Target
from pmed_core.predictions import Predictions
from pmed_core.quality import Finding

if TYPE_CHECKING:
    from pmed_core.graph import Node

Doubles = NDArray[np.float64]


class Learning(Protocol):
    """How it is learnt."""

    def settled(self, outcome: Any, target: Target) -> Any:
        """The outcome with what its known targets decide (the intervals of time)."""

    def groups(self, outcome: Any) -> int:
        """Questions that the cells answer, as many neighbouring cells each: the distribution is one
        over the cells of each question."""

    def started(self, outcome: Any, targets: Sequence[Target]) -> Any:
        """The outcome with what the training patients of each of n networks decide (where they
        start from); ``log_cells`` reads (..., n, m, outputs) from then on."""

    def of_networks(self, outcome: Any, which: NDArray[np.int64]) -> Any:
        """The same for some of the networks alone."""

    @property
    def BOOSTED(self) -> bool:
        """Whether boosted trees stand beside networks and forest: where measured to help."""

    def outputs(self, outcome: Any) -> int:
        """Logits of each member."""

    def loss(self, outcome: Any, target: Any, logits: Any) -> Any:
        """Mean over members of each one's own loss, summed over the packed networks (keras.ops).

        Never the loss of their mean: members must stay different (TabM, ICLR 2025). The sum keeps
        every network's gradient free of how many others there are.

        Shape: target (b, n, 1, t) as from ``packed``; logits (b, n, m, outputs) -> (b,).
        """

    def packed(self, outcome: Any, target: Target, weights: Doubles) -> NDArray[np.float32]:
        """(r, t) as ``loss`` reads r known targets; ``weights`` (c,) of the cells."""

    def compatible(self, outcome: Any, target: Target) -> Doubles:
        """(..., c) how much of each cell agrees with what was observed, 0 to 1."""

    def given(self, outcome: Any, target: Target) -> Doubles | None:
        """(..., c) how much of each cell agrees with what was known when the patient came into
        view, on which everything is conditioned; None where that is nothing."""

    def shares(self, outcome: Any, target: Target) -> Doubles:
        """(r, c) the same as a distribution: each row sums to one."""

    def blended(self, outcome: Any, log_cells: Doubles) -> Doubles:
        """(..., n, w, c) -> (..., n, w, b): the space in which what networks and trees say is
        weighted and added; log probabilities themselves where nothing suits better."""

    def unblended(self, outcome: Any, mixed: Doubles) -> Doubles:
        """Back from it, as log probabilities."""

    def final(self, outcome: Any, log_cells: Doubles) -> Doubles:
        """(..., n, w, c) as blended -> as it is said; the same where nothing is left to be done."""

    def centre(self, outcome: Any, target: Target) -> Doubles:
        """(b,) everybody, in that space, towards which calibration draws."""

    def weights(self, outcome: Any, target: Target, balanced: bool) -> Doubles:
        """(c,) weight of each cell in the loss; ones unless rare ones are to count more."""

    def log_cells(self, outcome: Any, logits: Doubles) -> Doubles:
        """(..., outputs) -> (..., c) log probabilities."""

    def traced_log_cells(self, outcome: Any, logits: Any) -> Any:
        """The same in ``keras.ops``."""

    def scores(self, outcome: Any, log_cells: Doubles) -> Doubles:
        """(..., c) -> (..., k) of each quantity, on the scale on which explanations add up."""

    def ends(self, outcome: Any, log_cells: Doubles, members: Doubles, stretch: float) -> Doubles:
        """(n, c) of all networks together and (n, networks, members, c) -> (2, n, k): low and high,
        as ``outcome.interval`` says."""

    def stretch(self, outcome: Any, log_cells: Doubles, target: Target) -> float:
        """How much wider ``ends`` must be to hold what it says of patients whom the networks had
        not learnt from: of those of (n, c). 1 where nothing is said of patients."""

    def having_lived(self, outcome: Any, time: float, where: str) -> Any:
        """The outcome with its risks given that the patient has come so far without the event;
        raises ``UserError`` where it has no time, or not so much."""

    def course(self, outcome: Any, log_cells: Doubles) -> tuple[tuple[float, ...], Doubles]:
        """(n, c) -> t times and (n, t) share without the event by each; empty without time."""

    def signals(self, outcome: Any, target: Target) -> Doubles:
        """(r, s) what very many inputs are screened against."""

    def strata(
        self, outcome: Any, target: Target, patients: NDArray[np.str_], where: str
    ) -> NDArray[np.int64]:
        """(r,) codes, by which patients are split evenly; raises ``UserError`` where there are too
        few to learn from."""

    def forest(  # noqa: PLR0913 - what is grown, on what, how many, and how
        self,
        outcome: Any,
        columns: NDArray[np.float32],
        shares: Doubles,
        trees: int,
        *,
        seed: int,
        rows: int,
    ) -> list[tuple[Any, Doubles]]:
        """Trees grown on ``shares`` (r, c), of at most so many rows each ->
        (scikit-learn's tree, (nodes, c) share of each cell)."""

    def baselines(self, outcome: Any, seed: int, rows: int, threads: int | None) -> dict[str, Any]:
        """Name -> what people use today, with ``fit(columns, target)`` and ``cells(columns)``
        (n, c)."""

    def tree_models(self, outcome: Any, seed: int, size: Size) -> dict[str, Any]:
        """Name -> the baselines that can be kept as models, with ``fit`` as those have it and
        ``grown(cells, outputs)`` -> ``Grown``."""

    def sums(self, outcome: Any) -> int:
        """How many numbers the trees say that are a sum."""

    def summed_cells(self, outcome: Any, said: Doubles) -> Doubles:
        """(..., n, m, sums) what they say -> (..., n, m, c) log probabilities."""

    def progress(
        self, outcome: Any, log_cells: Doubles, target: Target, real: NDArray[np.bool_]
    ) -> dict[str, Doubles]:
        """``loss`` and other measures of each of n networks, for the live curves.

        Shape: log_cells (r, n, c); target and real (r, n), the latter False for filled up rows.
        """


class Evaluating(Protocol):
    """How predictions are evaluated; of rows whose outcome is known."""

    def names(self, outcome: Any) -> tuple[str, ...]:
        """The measures, in order of display."""

    def ranking(self, outcome: Any) -> dict[str, tuple[int, ...]]:
        """The measures that hang on how patients are ranked alone, shares between 0 and 1, and the
        positions of the quantities that each is of."""

    def events(self, outcome: Any, target: Target) -> tuple[int, ...]:
        """How many events, or how many of each class."""

    def measured(
        self, outcome: Any, predictions: Predictions, threshold: float, draws: Draws
    ) -> dict[str, Doubles]:
        """name -> (1 + r,): the estimate, then one value a resample."""

    def intervals(
        self, predictions: Predictions, threshold: float, draws: Draws, values: dict[str, Doubles]
    ) -> dict[str, Measure]:
        """name -> estimate with its 95 % interval."""

    def thresholds(
        self, predictions: Predictions, threshold: float, draws: Draws
    ) -> tuple[Threshold, ...]:
        """What alerts would mean over the range of risks; empty where there are none."""

    def curves(self, outcome: Any, predictions: Predictions) -> dict[str, Curves]:
        """label -> what is drawn."""

    def course(self, predictions: Predictions) -> Curve:
        """Share without the event by time, as observed; empty for outcomes without time."""

    def confusion(self, outcome: Any, predictions: Predictions) -> tuple[tuple[int, ...], ...]:
        """Rows observed, columns predicted; empty where there are no classes."""

    def notes(
        self, outcome: Any, evaluated: Evaluated, measures: dict[str, Measure]
    ) -> tuple[str, ...]:
        """What a reader must know of these outcomes and measures."""


class Checking(Protocol):
    """What is worth knowing about the outcome of a cohort before training."""

    def totals(self, cohort: Cohort) -> tuple[tuple[str, int], ...]:
        """What there is, and how often."""

    def balance(self, cohort: Cohort) -> Finding:
        """How often it occurs, in a sentence."""

    def incidences(self, cohort: Cohort) -> dict[str, Curve]:
        """Event -> share who have had it by time, where several compete; else empty."""

    def completed(self, cohort: Cohort, outcome: Any, chosen: Sequence[Any]) -> Cohort:
        """A cohort with all of the outcome that was asked for, once the events or classes of each
        of its columns are ``chosen``; raises ``UserError`` where it cannot be."""

    def findings(self, cohort: Cohort) -> list[Finding]:
        """What else was found, of tables."""


class Graphing(Protocol):
    """What ``Learning`` does with logits and cells, as ONNX operators, for b rows: (b, n, m, ...)
    of n networks and m members; after ``unblended`` the networks are of one member."""

    def log_cells(self, outcome: Any, logits: Node) -> Node: ...

    def summed_cells(self, outcome: Any, said: Node) -> Node: ...

    def blended(self, outcome: Any, log_cells: Node) -> Node: ...

    def unblended(self, outcome: Any, mixed: Node) -> Node: ...

    def final(self, outcome: Any, log_cells: Node) -> Node: ...

    def values(self, outcome: Any, log_cells: Node) -> Node:
        """(b, c) of all networks together -> (b, k) each quantity as it is shown."""


class Folder(Protocol):
    """What a kind's folder holds; see each of them."""

    def learning(self) -> Learning: ...

    def evaluating(self) -> Evaluating: ...

    def checking(self) -> Checking: ...

    def graphing(self) -> Graphing: ...
