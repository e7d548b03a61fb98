"""A support vector machine as the model itself, of which no patient's row is kept.

A kernel machine says how like a patient is to those of training that it leans on, and would be kept
as their rows. Random Fourier features (Rahimi & Recht, NeurIPS 2007), orthogonal ones (Yu et al.,
NeurIPS 2016), turn the radial kernel into a product of waves of the columns: the machine is then
learnt in their space (Cortes & Vapnik, Machine Learning 1995) and is one weight for each wave.
"""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from pmed_core.checkpoint import digest, done
from pmed_core.modalities.tabular.material import Material
from pmed_core.outcomes.categorical import ABSENT
from pmed_core.outcomes.kinds import learning
from pmed_core.progress import Progress
from pmed_core.training.cores import cores, over_cores

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Weights = dict[str, NDArray[Any]]
WAVES = 512
ROWS_OF_A_MACHINE = 5000
"""A machine draws at most so many rows, as the baseline is left out beyond them."""
DRAWN = "Each support vector machine learns from {rows:,} of its rows, drawn at random."
PLATT = 3
"""Parts of the training rows by which Platt's scaling is learnt, as the baseline has it."""


def taught(network: keras.Model, material: Material, seed: int, progress: Progress) -> None:
    """Give each network the weights of a machine fitted on its training rows. Raises ``Cancelled``
    where ``progress`` says so."""
    of = digest(material.digest(), seed)
    if any(len(one.training) > ROWS_OF_A_MACHINE for one in material.members):
        progress.note(DRAWN.format(rows=ROWS_OF_A_MACHINE))

    def fitted(j: int) -> Weights:
        kept = progress.checkpoint(f"support vector machine {j + 1}", of)
        return done(kept, lambda: _fitted(material, j, seed + j))

    found = []
    for one in over_cores(fitted, len(material.members), progress, cores()):
        found.append(one)
        share = len(found) / len(material.members)
        progress.stage(f"Fitting support vector machines, {100 * share:.0f} %", 0.05 + 0.7 * share)
    for name in found[0]:
        layer, weight = name.split("/")
        getattr(network.get_layer(layer), weight).assign(np.stack([one[name] for one in found]))


def _fitted(material: Material, j: int, seed: int) -> Weights:
    """The weights of one network."""
    rows = material.members[j].training
    if len(rows) > ROWS_OF_A_MACHINE:
        rows = np.random.default_rng(seed).choice(rows, ROWS_OF_A_MACHINE, replace=False)
    columns, labels = material.encoded[j][rows], material.target.observed[rows]
    outputs = learning(material.outcome).outputs(material.outcome)
    return machine(columns, labels, material.class_weights[labels], outputs, seed=seed)


def machine(
    columns: Floats, labels: NDArray[np.int64], weights: Doubles, outputs: int, *, seed: int
) -> Weights:
    """ "layer/weight" -> its array: of the layers "waves" (c, WAVES), whose cosine is taken, and
    "head" (WAVES, outputs), learnt from (n, c) rows that are weighed. Several outputs are each the
    logit of a class against all others."""
    frequencies, phases = waves(columns, np.random.default_rng(seed))
    asked = np.cos(columns @ frequencies + phases) * np.sqrt(2 / WAVES)
    kernel, bias = _machine(asked, labels, weights, outputs)
    found = {
        "waves/kernel": frequencies, "waves/bias": phases,
        "head/kernel": kernel * np.sqrt(2 / WAVES), "head/bias": bias,
    }  # fmt: skip
    return {name: each.astype(np.float32) for name, each in found.items()}


def waves(columns: Floats, draw: np.random.Generator) -> tuple[Floats, Floats]:
    """(c, WAVES) frequencies and (WAVES,) phases, whose products are the radial kernel that
    scikit-learn takes by default: 1 / (columns x variance) of the squared distance."""
    used = np.flatnonzero(columns.any(axis=0))
    count = max(len(used), 1)
    gamma = 1 / (count * max(float(columns[:, used].var()) if len(used) else 1.0, 1e-9))
    blocks = [_orthogonal(count, draw) for _ in range(-(-WAVES // count))]
    found = np.zeros((columns.shape[1], WAVES), dtype=np.float32)
    found[used] = (np.concatenate(blocks, axis=1)[: len(used), :WAVES]) * np.sqrt(2 * gamma)
    return found, draw.uniform(0, 2 * np.pi, WAVES).astype(np.float32)


def _orthogonal(count: int, draw: np.random.Generator) -> Doubles:
    """(count, count) directions at right angles, as long as normal draws are."""
    directions, _ = np.linalg.qr(draw.normal(size=(count, count)))
    return np.asarray(directions * np.sqrt(draw.chisquare(count, size=count)))


def _machine(
    asked: Floats, labels: NDArray[np.int64], weights: Doubles, outputs: int
) -> tuple[Doubles, Doubles]:
    """(WAVES, k) and (k,) of the logits: of the second of two labels, or of each of k against the
    rest."""
    seen = np.unique(labels)
    kernel, bias = np.zeros((asked.shape[1], max(outputs, 2))), np.full(max(outputs, 2), ABSENT)
    bias[seen[0]] = 0.0
    if len(seen) > 1:
        columns = seen if len(seen) > 2 else seen[1:]
        kernel[:, columns], bias[columns] = _separating(asked, labels, weights)
    if outputs == 1:
        return np.diff(kernel), np.diff(bias)
    if len(seen) == 2:
        kernel[:, seen[0]], bias[seen[0]] = -kernel[:, seen[1]], -bias[seen[1]]
    return kernel, bias


def _separating(
    asked: Floats, labels: NDArray[np.int64], weights: Doubles
) -> tuple[Doubles, Doubles]:
    """The same of the labels that there are: of the second of two, or of each against the rest."""
    folds = min(PLATT, int(np.unique(labels, return_counts=True)[1].min()))
    machine = LinearSVC(loss="hinge", dual=True, max_iter=20_000, random_state=0)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        if folds < 2:
            machine.fit(asked, labels, weights)
            scale = [(-1.0, 0.0)] * len(machine.coef_)
        else:
            platt = CalibratedClassifierCV(machine, cv=folds, ensemble=False)
            (one,) = platt.fit(asked, labels, weights).calibrated_classifiers_
            machine, scale = one.estimator, [(each.a_, each.b_) for each in one.calibrators]
    slopes, shifts = (-np.array(each) for each in zip(*scale, strict=True))
    return machine.coef_.T * slopes, machine.intercept_ * slopes + shifts
