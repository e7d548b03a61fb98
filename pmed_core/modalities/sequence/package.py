"""What a package of a model of sequences holds: what each fold learnt, and sequences of nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import from_plain, to_plain
from pmed_core.modalities.contracts import Packed
from pmed_core.modalities.sequence.ensemble import Fold, Member, SequenceEnsemble
from pmed_core.modalities.sequence.kmers import Linear
from pmed_core.modalities.sequence.letters import decoded, encoded
from pmed_core.modalities.sequence.network import Architecture, build
from pmed_core.modalities.sequence.novelty import Novelty
from pmed_core.networks.weights import assign, kept
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.kinds import learning
from pmed_core.variable import Variable

CASES = 16
LINEAR = ("words", "positions")
LONGEST = 1000


@dataclass(frozen=True)
class Spec:
    """How to build it; ``architecture`` is None where there is no network. ``members``: the fold of
    each."""

    length: int
    architecture: Architecture | None
    members: tuple[int, ...]


@dataclass(frozen=True)
class Fitted:
    """What was learnt beside the arrays; ``mirrored``: as of the ensemble."""

    folds: tuple[Fold, ...]
    spread: tuple[float, ...]
    novelty: Novelty
    mirrored: bool = False


def packed(ensemble: SequenceEnsemble) -> Packed:
    """The parts of an ensemble, to be kept."""
    tensors = dict[str, NDArray[Any]]()
    for number, one in enumerate(ensemble.members):
        tensors |= {f"{number}/network/{path}": a for path, a in (one.network or {}).items()}
        for name in LINEAR:
            linear = getattr(one, name)
            if linear is not None:
                tensors[f"{number}/{name}/weights"] = linear.weights
                tensors[f"{number}/{name}/start"] = linear.start
    spec = Spec(ensemble.length, ensemble.architecture, tuple(one.fold for one in ensemble.members))
    spread = tuple(map(float, ensemble.spread))
    fitted = Fitted(ensemble.folds, spread, ensemble.novelty, ensemble.mirrored)
    background = {ensemble.column: [decoded(one) for one in ensemble.background]}
    return Packed(to_plain(Spec, spec), to_plain(Fitted, fitted), tensors, background)


def unpacked(parts: Packed, outcome: Outcome, variables: tuple[Variable, ...]) -> SequenceEnsemble:
    """The ensemble that ``packed`` took apart; raises ``ValueError``."""
    spec: Spec = from_plain(Spec, parts.spec)
    fitted: Fitted = from_plain(Fitted, parts.fitted)
    outputs = learning(outcome).outputs(outcome)
    _must_fit(spec, fitted, outcome, parts)
    network = build(spec.architecture) if spec.architecture else None
    members = []
    for number, fold in enumerate(spec.members):
        own = _beginning(f"{number}/network/", parts.tensors)
        learnt = None
        if network is not None:
            assign(network, own)
            learnt = kept(network)
        sizes = (fitted.folds[fold].words.count, 4 * spec.length)
        words, positions = (
            _linear(_beginning(f"{number}/{name}/", parts.tensors), (size, outputs))
            for name, size in zip(LINEAR, sizes, strict=True)
        )
        members.append(Member(fold, learnt, words, positions))
    column = next(iter(parts.background))
    background = encoded(parts.background[column], spec.length)
    return SequenceEnsemble(
        outcome, variables, spec.length, spec.architecture, network, fitted.folds, tuple(members),
        np.array(fitted.spread), background, fitted.novelty, tuple(range(len(fitted.folds))),
        fitted.mirrored,
    )  # fmt: skip


def _beginning(prefix: str, tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {p.removeprefix(prefix): t for p, t in tensors.items() if p.startswith(prefix)}


def _linear(tensors: dict[str, NDArray[Any]], shape: tuple[int, int]) -> Linear | None:
    """None where there is none; raises ``ValueError`` where arrays have other sizes than words and
    outputs."""
    if not tensors:
        return None
    weights, start = tensors["weights"], tensors["start"]
    finite = np.isfinite(weights).all() and np.isfinite(start).all()
    if weights.shape != shape or start.shape != shape[1:] or not finite:
        raise ValueError("Expected a weight for each word and each output")
    return Linear(weights, start)


def _must_fit(spec: Spec, fitted: Fitted, outcome: Outcome, parts: Packed) -> None:
    """Raise ``ValueError`` before anything large is built."""
    plan, folds = spec.architecture, range(len(fitted.folds))
    alike = 2 <= spec.length <= LONGEST and set(spec.members) == set(folds)
    alike = alike and len(fitted.spread) == len(outcome.labels) and len(parts.background) == 1
    alike = alike and all(0 < size <= 8 for fold in fitted.folds for size in fold.words.sizes)
    if plan is not None:
        weights = sum(one.size for one in parts.tensors.values())
        alike = alike and plan.length == spec.length and 0 < plan.width**2 <= weights
        alike = alike and plan.outputs == learning(outcome).outputs(outcome)
    if not alike:
        raise ValueError("Expected folds, and networks that read sequences of one length")


def cases(ensemble: SequenceEnsemble) -> dict[str, Any]:
    """Sequences of nobody, and what is said of them."""
    codes = ensemble.background[:CASES]
    value, _, _ = ensemble.risks(codes)
    return {"rows": [decoded(one) for one in codes], "value": value.tolist()}
