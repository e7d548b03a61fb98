"""What a package of a model of drug response holds: what each fold learnt, and the drugs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import from_plain, to_plain
from pmed_core.modalities.contracts import Packed
from pmed_core.modalities.molecule.domain import Domain
from pmed_core.modalities.response import network as networks
from pmed_core.modalities.response.ensemble import Fold, Known, ResponseEnsemble
from pmed_core.modalities.response.factors import Drugs, Encoder, Structures
from pmed_core.modalities.response.intervals import Ends
from pmed_core.modalities.response.novelty import Novelty
from pmed_core.networks.weights import assign, kept
from pmed_core.outcomes import Number, Outcome
from pmed_core.variable import Variable

NETWORK = "network/"
CASES = 4
OF_FOLD = (
    "centre", "scale", "axes", "mean", "spread", "loadings", "measured", "similar", "told",
    "weights", "start", "own",
)  # fmt: skip


@dataclass(frozen=True)
class Spec:
    """How to build it; ``networks`` is None for the linear model."""

    genes: tuple[str, ...]
    drugs: tuple[str, ...]
    smiles: tuple[str, ...]
    blends: tuple[float, ...]
    networks: networks.Shape | None


@dataclass(frozen=True)
class Fitted:
    """What was learnt beside the arrays."""

    limit: float
    novelty: float
    of_new: float
    middle: float


def packed(ensemble: ResponseEnsemble) -> Packed:
    """The parts of an ensemble, to be kept."""
    shape, tensors = None, dict[str, NDArray[Any]]()
    if ensemble.network is not None:
        _, many, count = ensemble.network.input_shape
        shape = networks.Shape(many, count, ensemble.network.output_shape[2])
        tensors = {NETWORK + name: array for name, array in kept(ensemble.network).items()}
    for number, fold in enumerate(ensemble.folds):
        tensors |= {f"{number}/{n}": a for n, a in zip(OF_FOLD, _arrays(fold), strict=True)}
    ends = ensemble.ends
    tensors |= {
        "half": ends.half, "others": ends.others, "better": ends.better,
        "environments": ensemble.domain.environments, "lines": ensemble.known.lines,
    }  # fmt: skip
    spec = Spec(
        ensemble.genes, ensemble.known.names, ensemble.known.smiles,
        tuple(fold.blend for fold in ensemble.folds), shape,
    )  # fmt: skip
    fitted = Fitted(ensemble.domain.limit, ensemble.novelty.limit, ends.of_new, ends.middle)
    return Packed(to_plain(Spec, spec), to_plain(Fitted, fitted), tensors, {})


def _arrays(fold: Fold) -> tuple[NDArray[Any], ...]:
    """In the order of ``OF_FOLD``; what has no spread has an infinite one, which is no number."""
    scale = np.where(np.isfinite(fold.encoder.scale), fold.encoder.scale, 0.0)
    return (
        fold.encoder.centre, scale, fold.encoder.axes, fold.drugs.mean,
        fold.drugs.spread, fold.drugs.loadings, fold.measured,
        fold.structures.weights, fold.structures.start,
        fold.weights, fold.start, fold.own,
    )  # fmt: skip


def unpacked(parts: Packed, outcome: Outcome, variables: tuple[Variable, ...]) -> ResponseEnsemble:
    """The ensemble that ``packed`` took apart; raises ``ValueError``."""
    spec: Spec = from_plain(Spec, parts.spec)
    fitted: Fitted = from_plain(Fitted, parts.fitted)
    tensors = dict(parts.tensors)
    if not isinstance(outcome, Number) or not all(
        np.isfinite(one).all() for one in tensors.values() if one.dtype.kind == "f"
    ):
        raise ValueError("Expected numbers, and the response as a number")
    network = None
    own = {n.removeprefix(NETWORK): a for n, a in tensors.items() if n.startswith(NETWORK)}
    if spec.networks is not None:
        if spec.networks.factors > sum(one.size for one in own.values()):
            raise ValueError("The network is larger than its weights")
        network = networks.build(spec.networks)
        assign(network, own)
    folds = tuple(_fold(tensors, number, blend) for number, blend in enumerate(spec.blends))
    _must_fit(spec, folds, tensors)
    ends = Ends(tensors["half"], fitted.of_new, tensors["others"], fitted.middle, tensors["better"])
    return ResponseEnsemble(
        outcome, variables, spec.genes, folds, Known(spec.drugs, spec.smiles, tensors["lines"]),
        network, Domain(tensors["environments"], fitted.limit), Novelty(fitted.novelty), ends,
        tuple(range(len(folds))),
    )  # fmt: skip


def _fold(tensors: dict[str, NDArray[Any]], number: int, blend: float) -> Fold:
    of = {name: tensors[f"{number}/{name}"] for name in OF_FOLD}
    scale = np.where(of["scale"] > 0, of["scale"], np.inf)
    return Fold(
        Encoder(of["centre"], scale, of["axes"]), Drugs(of["mean"], of["spread"], of["loadings"]),
        of["measured"], Structures(of["similar"], of["told"]), of["weights"], of["start"], blend,
        of["own"],
    )  # fmt: skip


def _must_fit(spec: Spec, folds: tuple[Fold, ...], tensors: dict[str, NDArray[Any]]) -> None:
    """Raise ``ValueError`` where arrays have other sizes than the names of genes and drugs."""
    genes, drugs = len(spec.genes), len(spec.drugs)
    alike = len(spec.smiles) == drugs == len(tensors["half"]) == len(tensors["environments"])
    for fold in folds:
        alike = alike and fold.encoder.axes.shape[0] == genes == len(fold.encoder.centre)
        alike = alike and fold.drugs.loadings.shape == (len(fold.start), drugs)
        alike = alike and fold.weights.shape == (fold.encoder.axes.shape[1], len(fold.start))
    if not alike or not folds:
        raise ValueError("Expected arrays of the genes and drugs that are named")


def cases(ensemble: ResponseEnsemble) -> dict[str, Any]:
    """Profiles that are nobody's, and what is said of them and some of the drugs."""
    draw = np.random.default_rng(0).standard_normal((CASES, len(ensemble.genes)))
    of = ensemble.folds[0].encoder
    scale = np.where(np.isfinite(of.scale), of.scale, 0.0)
    smiles = ensemble.known.smiles[:CASES]
    said = ensemble.table(of.centre + scale * draw, ensemble.asked(smiles))
    return {"rows": list(smiles), "value": said.tolist()}
