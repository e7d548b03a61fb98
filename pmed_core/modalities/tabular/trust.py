"""Can an explanation be believed: does it add up, is it exact enough, does it depend on what was
learnt, and does removing what it names move the prediction?"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from pmed_core.cohort import Cohort
from pmed_core.explanations.deletion import ORDERS, beaten, removals
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.modalities.tabular.game import PackedGame
from pmed_core.modalities.tabular.network import build
from pmed_core.modalities.tabular.reasons import AT_ONCE, Reasons, explain, reasons
from pmed_core.networks.weights import assign, shuffled
from pmed_core.work import Trust


def check(ensemble: TableEnsemble, patient: Cohort, label: str) -> Trust:
    """Of the first row of the cohort, explained as it is while somebody waits."""
    one = ensemble.as_cohort(patient).select(np.arange(1))
    found = explain(ensemble, one, label, AT_ONCE)
    shuffled = explain(_shuffled(ensemble), one, label, AT_ONCE)
    alike = spearmanr(np.abs(found.shap[0]), np.abs(shuffled.shap[0])).statistic
    why = reasons(ensemble, label, AT_ONCE)
    removed, curves = _deletion(why, ensemble.encode(one.table)[0], found.shap[0])
    distance, said = abs(float(found.prediction[0] - found.base[0])), found.quantity
    return Trust(
        float(found.gap[0]), float(found.standard_error.max()) / max(distance, 1e-12),
        float(np.nan_to_num(alike)), removed, tuple(curves[0].tolist()),
        tuple(curves[1:].mean(axis=0).tolist()),
        said.value(float(found.base[0])), ORDERS, beaten(curves),
    )  # fmt: skip


def _deletion(
    why: Reasons, row: NDArray[np.float32], shap: NDArray[np.float64]
) -> tuple[tuple[float, ...], NDArray[np.float64]]:
    """Shares (s,) of variables that are set to those of typical patients, and the probabilities
    (1 + orders, s), the most telling first, then in random orders."""
    networks = why.ensemble.networks
    game = PackedGame(networks, why.label, row, why.background, why.owner, len(why.read))
    orders, steps = removals(shap[why.read])
    curves = []
    for order in orders:
        # Who joins last is removed first.
        joining = np.broadcast_to(order[::-1], (game.parts, game.starts, game.players))
        walked = game.walked(joining)[:, :, 0].mean(axis=(0, 1))[::-1]
        curves.append(networks.outcome.quantities[why.label].shown(walked))
    return tuple(float(s) for s in steps / game.players), np.stack(curves)[:, steps]


@lru_cache(maxsize=2)
def _shuffled(ensemble: TableEnsemble) -> TableEnsemble:
    """The same model that learnt nothing: each layer's weights, and each tree's questions and
    answers, in another order."""
    networks, draw = ensemble.networks, np.random.default_rng(0)
    network = build(networks.architecture)
    assign(network, shuffled(networks.network, draw))
    others = {name: trees.shuffled(draw) for name, trees in networks.grown.items()}
    return replace(ensemble, networks=replace(networks, network=network, **others))
