"""What a package of a scan model holds; see ``package``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from pmed_core.arrays import formerly, from_plain, to_plain
from pmed_core.modalities.contracts import Packed
from pmed_core.modalities.scan.ensemble import ScanEnsemble
from pmed_core.modalities.scan.network import ScanArchitecture, build
from pmed_core.modalities.scan.novelty import ScanNovelty
from pmed_core.modalities.scan.preparation import Preparation
from pmed_core.modalities.scan.segmenter import Segmenter
from pmed_core.modalities.scan.unet import UNetArchitecture, build_unet
from pmed_core.networks.calls import batched
from pmed_core.networks.weights import assign, kept
from pmed_core.outcomes import Outcome
from pmed_core.training.calibration import Calibration
from pmed_core.variable import Variable

CASES = 20
OUTLINES = "outlines"


@dataclass(frozen=True)
class Spec:
    """How to build the networks."""

    other: str
    architecture: ScanArchitecture
    networks: int
    averaged: bool = False
    segmenter: UNetArchitecture | None = None


@dataclass(frozen=True)
class Fitted:
    """What was learnt beside the weights."""

    preparation: Preparation
    calibration: Calibration
    outlines: Preparation | None = None
    novelty: Annotated[tuple[ScanNovelty, ...], formerly("novelty", "familiarity")] = ()


def packed(ensemble: ScanEnsemble) -> Packed:
    """The parts of an ensemble, to be kept."""
    segmenter = ensemble.segmenter
    spec = Spec(
        ensemble.other, ensemble.architecture, len(ensemble.networks), ensemble.averaged,
        segmenter.architecture if segmenter else None,
    )  # fmt: skip
    fitted = Fitted(
        ensemble.preparation, ensemble.calibration, segmenter.preparation if segmenter else None,
        ensemble.novelty,
    )  # fmt: skip
    tensors = {
        f"{name}/{path}": array
        for name, network in _networks(ensemble).items()
        for path, array in kept(network).items()
    }
    return Packed(to_plain(Spec, spec), to_plain(Fitted, fitted), tensors, {})


def unpacked(parts: Packed, outcome: Outcome, variables: tuple[Variable, ...]) -> ScanEnsemble:
    """The ensemble that ``packed`` took apart; raises ``ValueError``."""
    spec: Spec = from_plain(Spec, parts.spec)
    fitted: Fitted = from_plain(Fitted, parts.fitted)
    segmenter = None
    if spec.segmenter is not None and fitted.outlines is not None:
        segmenter = Segmenter(spec.segmenter, build_unet(spec.segmenter), fitted.outlines)
    networks = tuple(build(spec.architecture) for _ in range(spec.networks))
    ensemble = ScanEnsemble(
        outcome, spec.other, spec.architecture, networks, fitted.preparation, fitted.calibration,
        segmenter, spec.averaged, fitted.novelty,
    )  # fmt: skip
    for name, network in _networks(ensemble).items():
        mark = f"{name}/"
        own = {p.removeprefix(mark): t for p, t in parts.tensors.items() if p.startswith(mark)}
        assign(network, own)
    return ensemble


def _networks(ensemble: ScanEnsemble) -> dict[str, keras.Model]:
    """By the name under which its weights are kept."""
    found = {str(member): network for member, network in enumerate(ensemble.networks)}
    return found | ({OUTLINES: ensemble.segmenter.network} if ensemble.segmenter else {})


def cases(ensemble: ScanEnsemble) -> dict[str, list[Any]]:
    """What the networks say of 20 scans of nobody: sums of waves."""
    plan, segmenter = ensemble.architecture, ensemble.segmenter
    found = {"value": ensemble.risks(_waves(plan.size, plan.channels))[0].tolist()}
    if segmenter is not None:
        waves = _waves(segmenter.preparation.size, segmenter.architecture.channels)
        lesions = expit(batched(segmenter.network, waves))
        found["lesion"] = lesions.mean(axis=(1, 2), dtype=np.float64).tolist()
    return found


def _waves(size: int, channels: int) -> NDArray[np.float32]:
    """(20, size, size, channels) about 0..1."""
    generator: Any = np.random.default_rng(20)
    places = np.arange(size) / size
    found = np.zeros((CASES, size, size, channels))
    for row in range(CASES):
        for _ in range(6):
            across, down, phase = generator.uniform(-4, 4, 3)
            wave = np.cos(2 * np.pi * (across * places[None, :] + down * places[:, None]) + phase)
            found[row] += wave[:, :, None]
    return (0.5 + found / 12).astype(np.float32)
