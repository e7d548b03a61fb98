"""What a package of a model of expression holds: what each fold learnt, and profiles of nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import from_plain, to_plain
from pmed_core.modalities.contracts import Packed
from pmed_core.modalities.expression.encoder import COMPONENTS, Encoder
from pmed_core.modalities.expression.ensemble import ExpressionEnsemble, Fold, Member
from pmed_core.modalities.expression.scale import Scale
from pmed_core.modalities.sequence.kmers import Linear
from pmed_core.modalities.tabular.network import Architecture, build
from pmed_core.networks.weights import assign, kept
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.kinds import learning
from pmed_core.training.calibration import Calibration
from pmed_core.variable import Variable

NETWORK, LINEAR = "network/", ("ridge", "few")
CASES = 8
OF_FOLD = ("genes", "centre", "scale", "axes")


@dataclass(frozen=True)
class Spec:
    """How to build it; ``architecture`` is None where there is no network. ``members``: the fold of
    each."""

    genes: tuple[str, ...]
    scale: Scale
    architecture: Architecture | None
    members: tuple[int, ...]


@dataclass(frozen=True)
class Fitted:
    """What was learnt beside the arrays."""

    calibration: tuple[Calibration, ...]
    spread: tuple[float, ...]
    limit: float


def packed(ensemble: ExpressionEnsemble) -> Packed:
    """The parts of an ensemble, to be kept."""
    tensors = dict[str, NDArray[Any]]({"background": ensemble.background})
    if ensemble.network is not None:
        tensors |= {NETWORK + name: array for name, array in kept(ensemble.network).items()}
    for number, fold in enumerate(ensemble.folds):
        tensors |= {f"fold/{number}/{name}": getattr(fold.encoder, name) for name in OF_FOLD}
    for number, member in enumerate(ensemble.members):
        for name, one in zip(LINEAR, member.linear, strict=True):
            tensors[f"member/{number}/{name}/weights"] = one.weights
            tensors[f"member/{number}/{name}/start"] = one.start
    spec = Spec(
        ensemble.genes, ensemble.scale, ensemble.architecture,
        tuple(one.fold for one in ensemble.members),
    )  # fmt: skip
    fitted = Fitted(
        tuple(fold.calibration for fold in ensemble.folds), tuple(map(float, ensemble.spread)),
        ensemble.limit,
    )  # fmt: skip
    return Packed(to_plain(Spec, spec), to_plain(Fitted, fitted), tensors, {})


def unpacked(
    parts: Packed, outcome: Outcome, variables: tuple[Variable, ...]
) -> ExpressionEnsemble:
    """The ensemble that ``packed`` took apart; raises ``ValueError``."""
    spec: Spec = from_plain(Spec, parts.spec)
    fitted: Fitted = from_plain(Fitted, parts.fitted)
    tensors, outputs = dict(parts.tensors), learning(outcome).outputs(outcome)
    if not all(np.isfinite(one).all() for one in tensors.values() if one.dtype.kind == "f"):
        raise ValueError("The weights are not all numbers")
    _must_fit(spec, fitted, outcome)
    folds = tuple(
        Fold(_encoder(tensors, number, len(spec.genes)), calibration)
        for number, calibration in enumerate(fitted.calibration)
    )
    members = tuple(
        Member(
            fold,
            *(
                _ridge(
                    tensors, f"member/{number}/{name}", (len(folds[fold].encoder.genes), outputs)
                )
                for name in LINEAR
            ),
        )
        for number, fold in enumerate(spec.members)
    )
    network, own = None, {
        n.removeprefix(NETWORK): a for n, a in tensors.items() if n.startswith(NETWORK)
    }  # fmt: skip
    if spec.architecture is not None:
        if spec.architecture.least_weights > sum(one.size for one in own.values()):
            raise ValueError("The network is larger than its weights")
        network = build(spec.architecture)
        assign(network, own)
    background = tensors["background"]
    if background.ndim != 2 or background.shape[1] != len(spec.genes):
        raise ValueError("Expected profiles of the genes that are named")
    return ExpressionEnsemble(
        outcome, variables, spec.genes, spec.scale, folds, members, spec.architecture, network,
        np.array(fitted.spread), background, fitted.limit, tuple(range(len(folds))),
    )  # fmt: skip


def _encoder(tensors: dict[str, NDArray[Any]], number: int, genes: int) -> Encoder:
    places, centre, scale, axes = (tensors[f"fold/{number}/{name}"] for name in OF_FOLD)
    q = len(places)
    fits = places.ndim == 1 and places.dtype.kind == "i" and centre.shape == scale.shape == (q,)
    fits = fits and axes.ndim == 2 and len(axes) == q and axes.shape[1] <= COMPONENTS
    if not fits or not q or places.min() < 0 or places.max() >= genes or not (scale > 0).all():
        raise ValueError("Expected an encoder of genes that are named")
    return Encoder(places, centre, scale, axes)


def _ridge(tensors: dict[str, NDArray[Any]], of: str, shape: tuple[int, int]) -> Linear:
    weights, start = (tensors[f"{of}/{name}"] for name in ("weights", "start"))
    if weights.shape != shape or start.shape != shape[1:]:
        raise ValueError("Expected a weight for each gene and each output")
    return Linear(weights, start)


def _must_fit(spec: Spec, fitted: Fitted, outcome: Outcome) -> None:
    """Raise ``ValueError`` before anything large is built."""
    alike = set(spec.members) == set(range(len(fitted.calibration)))
    alike = alike and len(fitted.spread) == len(outcome.labels)
    plan = spec.architecture
    if plan is not None:
        alike = alike and plan.packed == len(spec.members) and plan.numbers <= COMPONENTS
        alike = alike and plan.outputs == learning(outcome).outputs(outcome)
    if not alike:
        raise ValueError("Expected folds, members of each, and a network of all of them")


def cases(ensemble: ExpressionEnsemble) -> dict[str, Any]:
    """Profiles of nobody, and what is said of them."""
    value, _, _ = ensemble.risks(ensemble.background[:CASES])
    return {"rows": list(range(len(value))), "value": value.tolist()}
