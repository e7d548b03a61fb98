"""Can an explanation be believed: does it add up, is it exact enough, does it depend on what was
learnt, and does removing what it names move the prediction?"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from pmed_core.cohort import Cohort
from pmed_core.explanations.bag_game import BagGame
from pmed_core.explanations.evidence import blurred, explain_scan, place_of_pixels
from pmed_core.explanations.reasons import AT_ONCE, Reasons, explain, reasons
from pmed_core.networks.table import build
from pmed_core.networks.weights import assign, shuffled
from pmed_core.predictor import Predictor
from pmed_core.scan_predictor import ScanPredictor
from pmed_core.training.bag import Bag
from pmed_core.training.trees import Trees
from pmed_core.work import Trust

SHOWN, ORDERS = 20, 7
"""Points of the curves, and random orders that the second is the mean of."""


def check(predictor: Predictor, patient: Cohort, label: str) -> Trust:
    """Of the first row of the cohort, explained as it is while somebody waits."""
    one = predictor.as_cohort(patient).select(np.arange(1))
    found = explain(predictor, one, label, AT_ONCE)
    shuffled = explain(_shuffled(predictor), one, label, AT_ONCE)
    alike = spearmanr(np.abs(found.shap[0]), np.abs(shuffled.shap[0])).statistic
    why = reasons(predictor, label, AT_ONCE)
    removed, curves = _deletion(why, predictor.encode(one.table)[0], found.shap[0])
    distance, said = abs(float(found.prediction[0] - found.base[0])), found.quantity
    return Trust(
        float(found.gap[0]), float(found.standard_error.max()) / max(distance, 1e-12),
        float(np.nan_to_num(alike)), removed, tuple(curves[0].tolist()),
        tuple(curves[1:].mean(axis=0).tolist()),
        said.value(float(found.base[0])), ORDERS, _beaten(curves),
    )  # fmt: skip


def _deletion(
    why: Reasons, row: NDArray[np.float32], shap: NDArray[np.float64]
) -> tuple[tuple[float, ...], NDArray[np.float64]]:
    """Shares (s,) of variables that are set to those of typical patients, and the probabilities
    (1 + orders, s), the most telling first, then in random orders."""
    bag = why.predictor.bag
    game = BagGame(bag, why.label, row, why.background, why.owner, len(why.read))
    orders, steps = _removals(shap[why.read])
    curves = []
    for order in orders:
        # Who joins last is removed first.
        joining = np.broadcast_to(order[::-1], (game.parts, game.starts, game.players))
        walked = game.walked(joining)[:, :, 0].mean(axis=(0, 1))[::-1]
        curves.append(bag.outcome.quantities[why.label].shown(walked))
    return tuple(float(s) for s in steps / game.players), np.stack(curves)[:, steps]


def _removals(
    contributions: NDArray[np.float64],
) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
    """Those of the contributions (p,) first that speak most for the prediction, be it high or low,
    and random orders; how many are removed at each point of the curves."""
    draw, count = np.random.default_rng(0), len(contributions)
    towards = contributions * (np.sign(contributions.sum()) or 1)
    orders = [
        np.argsort(-towards, kind="stable"),
        *(draw.permutation(count) for _ in range(ORDERS)),
    ]
    return orders, np.unique(np.linspace(0, count, SHOWN + 1).round().astype(int))


def check_scan(predictor: ScanPredictor, one: Cohort, label: str) -> Trust:
    """Of the first scan of the cohort; instead of variables, places are blurred."""
    found, bag = explain_scan(predictor, one, label), predictor.bag
    scan, at = bag.prepared(one)[0], bag.classes.index(label)
    hidden, owner = blurred(scan), place_of_pixels(len(scan), found.places.shape)
    orders, steps = _removals(found.places.ravel())
    curves = []
    for order in orders:
        rank = np.argsort(order)[owner]
        rows = np.stack([np.where(rank < step, hidden, scan) for step in steps])
        curves.append(np.exp(bag.calibrated(bag.mean_log_probabilities(rows)))[:, at])
    total = float(found.places.sum())
    return Trust(
        abs(found.base + total - found.prediction),
        float(found.standard_error.max()) / max(abs(total), 1e-12), found.steadiness,
        tuple((steps / found.places.size).tolist()), tuple(curves[0].tolist()),
        tuple(np.mean(curves[1:], axis=0).tolist()), float(curves[0][-1]), ORDERS,
        _beaten(np.stack(curves)), "places",
    )  # fmt: skip


def _beaten(curves: NDArray[np.float64]) -> int:
    """(1 + orders, s): how many of the others move later than the first, on the whole."""
    moved = np.abs(curves - curves[:, :1]).mean(axis=1)
    return int((moved[1:] < moved[0]).sum())


@lru_cache(maxsize=2)
def _shuffled(predictor: Predictor) -> Predictor:
    """The same model that learnt nothing: each layer's weights, and each tree's questions and
    answers, in another order."""
    bag, draw = predictor.bag, np.random.default_rng(0)
    network = build(bag.architecture)
    assign(network, shuffled(bag.network, draw))
    return replace(predictor, bag=replace(bag, network=network, trees=_other_trees(bag, draw)))


def _other_trees(bag: Bag, draw: np.random.Generator) -> Trees | None:
    if bag.trees is None:
        return None
    inner, leaf = bag.trees.feature >= 0, bag.trees.feature < 0
    feature, value = bag.trees.feature.copy(), bag.trees.value.copy()
    feature[inner] = draw.permutation(feature[inner])
    value[leaf] = draw.permutation(value[leaf])
    return replace(bag.trees, feature=feature, value=value)
