"""What a package of a scan model holds; see ``package``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as tensors_from
from safetensors.numpy import save as tensors_to
from scipy.special import expit

from pmed_core.arrays import from_json, from_plain, to_json, without_nan
from pmed_core.bounds import Name, Share, fitting
from pmed_core.card import read_card
from pmed_core.judgement import Judgement
from pmed_core.networks.calls import batched
from pmed_core.networks.scan import ScanArchitecture, build
from pmed_core.networks.unet import UNetArchitecture, build_unet
from pmed_core.networks.weights import assign, kept
from pmed_core.options import ScanOptions
from pmed_core.outcomes import Outcome
from pmed_core.scan_predictor import ScanPredictor
from pmed_core.training.calibration import Calibration
from pmed_core.training.preparation import Preparation
from pmed_core.training.scan_bag import ScanBag
from pmed_core.training.scan_familiarity import ScanFamiliarity
from pmed_core.training.segmenter import Segmenter
from pmed_core.variable import Variable

CASES = 20
OUTLINES = "outlines"


@dataclass(frozen=True)
class ScanSpec:
    """How to build the model."""

    format: int
    name: Name
    variables: tuple[Variable, ...]
    outcome: Outcome
    other: str
    patient: str | None
    options: ScanOptions
    architecture: ScanArchitecture
    networks: int
    threshold: Share
    scans: bool = True
    segmenter: UNetArchitecture | None = None


@dataclass(frozen=True)
class ScanFitted:
    """What was learnt beside the weights."""

    preparation: Preparation
    calibration: Calibration
    outlines: Preparation | None = None
    familiarity: tuple[ScanFamiliarity, ...] = ()


def contents(predictor: ScanPredictor, version: int, notice: str) -> dict[str, bytes]:
    """File name -> what it holds."""
    bag, segmenter = predictor.bag, predictor.bag.segmenter
    spec = ScanSpec(
        version, fitting(predictor.name), predictor.variables, bag.outcome, bag.other,
        predictor.patient, predictor.options, bag.architecture, len(bag.networks),
        predictor.threshold,
        segmenter=segmenter.architecture if segmenter else None,
    )  # fmt: skip
    fitted = ScanFitted(
        bag.preparation,
        bag.calibration,
        segmenter.preparation if segmenter else None,
        bag.familiarity,
    )
    weights = {
        f"{name}/{path}": array
        for name, network in _networks(bag).items()
        for path, array in kept(network).items()
    }
    texts = {
        "spec.json": to_json(ScanSpec, spec),
        "preprocessing.json": to_json(ScanFitted, fitted),
        "background.json": "{}",
        "cases.json": json.dumps(_cases(bag)),
        "card.json": json.dumps(predictor.card | {"notice": notice}),
        "judgement.json": to_json(Judgement, predictor.judgement),
    }
    return {name: text.encode() for name, text in texts.items()} | {
        "weights.safetensors": tensors_to(weights)
    }


def _networks(bag: ScanBag) -> dict[str, keras.Model]:
    """By the name under which its weights are kept."""
    found = {str(member): network for member, network in enumerate(bag.networks)}
    return found | ({OUTLINES: bag.segmenter.network} if bag.segmenter else {})


def is_scan_model(held: dict[str, bytes]) -> bool:
    """Whether the package's spec says so."""
    spec = json.loads(held["spec.json"])
    return isinstance(spec, dict) and spec.get("scans") is True


def rebuilt(held: dict[str, bytes]) -> tuple[ScanPredictor, bool]:
    """The predictor, and whether it predicts its cases again; raises ``ValueError``."""
    spec: ScanSpec = from_plain(ScanSpec, without_nan(held["spec.json"]))
    fitted: ScanFitted = from_plain(ScanFitted, without_nan(held["preprocessing.json"]))
    tensors = tensors_from(held["weights.safetensors"])
    segmenter = None
    if spec.segmenter is not None and fitted.outlines is not None:
        segmenter = Segmenter(spec.segmenter, build_unet(spec.segmenter), fitted.outlines)
    networks = tuple(build(spec.architecture) for _ in range(spec.networks))
    bag = ScanBag(
        spec.outcome, spec.other, spec.architecture, networks, fitted.preparation,
        fitted.calibration, segmenter, spec.options.shifts, fitted.familiarity,
    )  # fmt: skip
    for name, network in _networks(bag).items():
        mark = f"{name}/"
        assign(network, {p.removeprefix(mark): t for p, t in tensors.items() if p.startswith(mark)})
    predictor = ScanPredictor(
        spec.name, spec.variables, spec.patient, spec.options, bag, spec.threshold,
        from_json(Judgement, held["judgement.json"]), read_card(held["card.json"]),
    )  # fmt: skip
    found, stored = _cases(bag), without_nan(held["cases.json"])
    return predictor, stored.keys() == found.keys() and all(
        _agree(np.array(values), np.array(stored[name], dtype=np.float64))
        for name, values in found.items()
    )


def _agree(found: NDArray[np.float64], stored: NDArray[np.float64]) -> bool:
    """Number for number; NaN agrees with nothing, and a check of nothing with nothing."""
    alike = found.shape == stored.shape
    return alike and np.allclose(found, stored, rtol=0, atol=1e-6)


def _cases(bag: ScanBag) -> dict[str, list[Any]]:
    """What the networks say of 20 scans of nobody: sums of waves."""
    plan, segmenter = bag.architecture, bag.segmenter
    found = {"probability": bag.risks(_waves(plan.size, plan.channels))[0].tolist()}
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
