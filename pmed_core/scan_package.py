"""What a package of a scan model holds; see ``package``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as tensors_from
from safetensors.numpy import save as tensors_to

from pmed_core.arrays import from_json, to_json
from pmed_core.judgement import Judgement
from pmed_core.networks.scan import ScanArchitecture, build
from pmed_core.networks.weights import assign, kept
from pmed_core.options import ScanOptions
from pmed_core.outcome import Outcome
from pmed_core.scan_predictor import ScanPredictor
from pmed_core.training.calibration import Calibration
from pmed_core.training.preparation import Preparation
from pmed_core.training.scan_bag import ScanBag
from pmed_core.variable import Variable

CASES = 20


@dataclass(frozen=True)
class ScanSpec:
    """How to build the model."""

    format: int
    name: str
    variables: tuple[Variable, ...]
    outcome: Outcome
    other: str
    patient: str | None
    options: ScanOptions
    architecture: ScanArchitecture
    networks: int
    threshold: float
    scans: bool = True


@dataclass(frozen=True)
class ScanFitted:
    """What was learnt beside the weights."""

    preparation: Preparation
    calibration: Calibration


def contents(predictor: ScanPredictor, version: int, notice: str) -> dict[str, bytes]:
    """File name -> what it holds."""
    bag = predictor.bag
    spec = ScanSpec(
        version, predictor.name, predictor.variables, bag.outcome, bag.other, predictor.patient,
        predictor.options, bag.architecture, len(bag.networks), predictor.threshold,
    )  # fmt: skip
    weights = {
        f"{member}/{path}": array
        for member, network in enumerate(bag.networks)
        for path, array in kept(network).items()
    }
    texts = {
        "spec.json": to_json(ScanSpec, spec),
        "preprocessing.json": to_json(ScanFitted, ScanFitted(bag.preparation, bag.calibration)),
        "background.json": "{}",
        "cases.json": json.dumps({"probability": _cases(bag).tolist()}),
        "card.json": json.dumps(predictor.card | {"notice": notice}),
        "judgement.json": to_json(Judgement, predictor.judgement),
    }
    return {name: text.encode() for name, text in texts.items()} | {
        "weights.safetensors": tensors_to(weights)
    }


def is_scan_model(held: dict[str, bytes]) -> bool:
    """Whether the package's spec says so."""
    spec = json.loads(held["spec.json"])
    return isinstance(spec, dict) and spec.get("scans") is True


def rebuilt(held: dict[str, bytes]) -> tuple[ScanPredictor, bool]:
    """The predictor, and whether it predicts its cases again; raises ``ValueError``."""
    spec: ScanSpec = from_json(ScanSpec, held["spec.json"])
    fitted: ScanFitted = from_json(ScanFitted, held["preprocessing.json"])
    tensors = tensors_from(held["weights.safetensors"])
    networks = tuple(build(spec.architecture) for _ in range(spec.networks))
    for member, network in enumerate(networks):
        mark = f"{member}/"
        assign(network, {p.removeprefix(mark): t for p, t in tensors.items() if p.startswith(mark)})
    bag = ScanBag(
        spec.outcome, spec.other, spec.architecture, networks, fitted.preparation,
        fitted.calibration,
    )  # fmt: skip
    predictor = ScanPredictor(
        spec.name, spec.variables, spec.patient, spec.options, bag, spec.threshold,
        from_json(Judgement, held["judgement.json"]), json.loads(held["card.json"]),
    )  # fmt: skip
    expected = np.array(json.loads(held["cases.json"])["probability"])
    return predictor, bool(np.allclose(_cases(bag), expected, rtol=0, atol=1e-6))


def _cases(bag: ScanBag) -> NDArray[np.float64]:
    """(20, k) probabilities of scans of nobody: sums of waves."""
    return np.asarray(bag.risks(_waves(CASES, bag.architecture))[0])


def _waves(count: int, plan: ScanArchitecture) -> NDArray[np.float32]:
    generator: Any = np.random.default_rng(20)
    places = np.arange(plan.size) / plan.size
    found = np.zeros((count, plan.size, plan.size, plan.channels))
    for row in range(count):
        for _ in range(6):
            across, down, phase = generator.uniform(-4, 4, 3)
            wave = np.cos(2 * np.pi * (across * places[None, :] + down * places[:, None]) + phase)
            found[row] += wave[:, :, None]
    return (0.5 + found / 12).astype(np.float32)
