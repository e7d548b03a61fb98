"""How much a random split would flatter: the forest's score under it, beside that by scaffold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pmed_core.baselines import FOREST
from pmed_core.cohort import Cohort
from pmed_core.evaluation import Evaluation, Measure
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.evaluations.words import TITLES
from pmed_core.modalities.contracts import Run
from pmed_core.modalities.tabular.learner import preprocess
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Predictions
from pmed_core.training.baselines import as_predictions
from pmed_core.training.cores import cores, over_cores
from pmed_core.training.folds import outer_folds


def forest_at_random(inside: Cohort, owners: NDArray[np.str_], run: Run) -> Predictions:
    """What the forest says of each molecule, split at random but for copies and tautomers.

    ``inside``: the cohort in numbers; ``owners``: (n,) who stays together. Raises ``Cancelled``.
    """
    outer = outer_folds(inside, run.options.folds, run.options.seed, owners)
    target, outcome, n = inside.target(), inside.chosen_outcome(), len(inside)

    def fold(number: int) -> NDArray[np.float64]:
        training, held_out = outer[number]
        encoded = preprocess(inside, training).encode(inside.table)
        model = learning(outcome).baselines(outcome, run.options.seed, n, None)[FOREST]
        said: NDArray[np.float64] = (
            model.fit(encoded[training], target.select(training)).cells(encoded[held_out])
        )  # fmt: skip
        return said

    found = list(over_cores(fold, len(outer), run.progress, min(cores(), len(outer))))
    cells, folds = np.empty((n, found[0].shape[1])), np.empty(n, dtype=int)
    for number, ((_, held_out), said) in enumerate(zip(outer, found, strict=True)):
        cells[held_out], folds[held_out] = said, number
    # Ranked within each fold, as those by scaffold are.
    return replace(as_predictions(inside, cells), folds=tuple(folds.tolist()))


def with_random_split(evaluation: Evaluation, at_random: Predictions) -> Evaluation:
    """The evaluation by scaffold with a sentence on what a random split would have said."""
    outcome = evaluation.outcome
    name = outcome.discrimination
    forest = next((one for one in evaluation.baselines if one.name == FOREST), None)
    if forest is None:
        return evaluation
    beside = evaluate(at_random, outcome, evaluation.threshold, "a random split").measures[name]
    sentence = _sentence(name, forest.measures[name], beside)
    return replace(evaluation, notes=(*evaluation.notes, sentence))


def _sentence(name: str, strict: Measure, random: Measure) -> str:
    why = (
        "a random split leaves close relatives of a molecule among those that were learnt from, "
        "which flatters every model"
    )
    if random.value <= strict.value:
        why = "here that flatters nothing; it does where close relatives come to lie on both sides"
    return (
        f"Split at random instead of by scaffold, the random forest's {TITLES[name]} would be "
        f"{random.value:.3f} ({random.low:.3f} to {random.high:.3f}) and not {strict.value:.3f} "
        f"({strict.low:.3f} to {strict.high:.3f}): {why}. The split by scaffold says how good it "
        "is on molecules of another series."
    )
