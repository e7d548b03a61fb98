"""A model package: a folder that holds no code, no pickle and no patient.

``spec.json`` (how to build the network, inputs, options), ``weights.safetensors``,
``preprocessing.json``, ``background.json`` and ``cases.json`` (synthetic rows, the latter with
their predictions), ``card.json``, ``judgement.json``, and ``manifest.json`` with the sha256 of
each. Loading rebuilds the network with our code, checks names and shapes, assigns, and predicts
the cases again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as tensors_from
from safetensors.numpy import save as tensors_to

from pmed_core import scan_package
from pmed_core.arrays import from_json, from_plain, to_json, without_nan
from pmed_core.bounds import Name, Share, fitting
from pmed_core.card import read_card
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.explanations.familiarity import Familiarity
from pmed_core.files import written_whole
from pmed_core.judgement import Judgement
from pmed_core.networks.table import Architecture, build
from pmed_core.networks.weights import assign, kept
from pmed_core.options import FitOptions
from pmed_core.outcomes import Outcome
from pmed_core.predictions import Predictions
from pmed_core.predictor import Predictor
from pmed_core.scan_predictor import ScanPredictor
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.training.bag import Bag
from pmed_core.training.calibration import Calibration
from pmed_core.training.membership import in_order
from pmed_core.training.preprocessing import Preprocessing
from pmed_core.training.trees import rebuilt
from pmed_core.variable import Kind, Variable

FORMAT = 1
CASES = 20
TREES = "trees/"
"""What the names of the trees' arrays begin with, beside the network's weights."""
AGREEMENT = 1e-6
NOT_OURS = (
    LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, SafetensorError,
)  # fmt: skip
"""What rebuilding from a file raises that somebody has changed, beside ``ValueError``."""
HELD_OUT = "held_out.json"
"""Beside the files of a package that the shell wrote; no part of it."""
FILES = (
    "spec.json", "weights.safetensors", "preprocessing.json", "background.json", "cases.json",
    "card.json", "judgement.json",
)  # fmt: skip


@dataclass(frozen=True)
class Spec:
    """How to build the model."""

    format: int
    name: Name
    variables: tuple[Variable, ...]
    outcome: Outcome
    patient: str | None
    options: FitOptions
    architecture: Architecture
    folds: tuple[int, ...]
    log_weights: tuple[float, ...]
    threshold: Share


@dataclass(frozen=True)
class Fitted:
    """What was learnt beside the weights."""

    preprocessing: tuple[Preprocessing, ...]
    calibration: tuple[Calibration, ...]
    familiarity: Familiarity
    stretch: float = 1.0


def save(predictor: Predictor | ScanPredictor, folder: Path) -> None:
    """Write the package, replacing one that is there; raises ``UserError``."""
    if folder.exists() and not (folder / "manifest.json").exists():
        raise UserError(
            "There is something else under this name", str(folder), "Choose another name."
        )
    contents = _contents(predictor)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    manifest = {"format": FORMAT, "notice": RESEARCH_ONLY, "sha256": sums}
    with written_whole(folder) as beside:
        beside.mkdir()
        for name, data in contents.items():
            (beside / name).write_bytes(data)
        (beside / "manifest.json").write_text(json.dumps(manifest, indent=1))


def _contents(predictor: Predictor | ScanPredictor) -> dict[str, bytes]:
    if isinstance(predictor, ScanPredictor):
        return scan_package.contents(predictor, FORMAT, RESEARCH_ONLY)
    bag = predictor.bag
    spec = Spec(
        FORMAT, fitting(predictor.name), predictor.variables, bag.outcome, predictor.patient,
        predictor.options, bag.architecture, bag.folds, bag.log_weights, predictor.threshold,
    )  # fmt: skip
    fitted = Fitted(bag.preprocessing, bag.calibration, predictor.familiarity, bag.stretch)
    texts = {
        "spec.json": to_json(Spec, spec),
        "preprocessing.json": to_json(Fitted, fitted),
        "background.json": json.dumps(_rows(predictor.background)),
        "cases.json": json.dumps(_cases(predictor)),
        "card.json": json.dumps(predictor.card | {"notice": RESEARCH_ONLY}),
        "judgement.json": to_json(Judgement, predictor.judgement),
    }
    weights = kept(bag.network)
    if bag.trees:
        weights |= {TREES + name: array for name, array in bag.trees.arrays().items()}
    return {name: text.encode() for name, text in texts.items()} | {
        "weights.safetensors": tensors_to(weights)
    }


def save_held_out(predictor: Predictor, folder: Path) -> None:
    """Keep the training patients' held-out predictions beside the files of a package, for whoever
    has the table: no ids and no cells, in an order that only the table gives. No part of what is
    exported."""
    found = predictor.out_of_fold
    if found is None or predictor.rows is None:
        return
    order = in_order(predictor.rows, found.target)
    kept = replace(found.take(order), patients=("",) * len(order))
    (folder / HELD_OUT).write_text(to_json(Predictions, kept), encoding="utf-8")


def _with_held_out(predictor: Predictor, folder: Path) -> Predictor:
    path = folder / HELD_OUT
    if not path.exists():
        return predictor
    return replace(predictor, out_of_fold=from_json(Predictions, path.read_bytes()))


def _cases(predictor: Predictor) -> dict[str, Any]:
    rows = predictor.background.head(CASES)
    return {"rows": _rows(rows), "value": predictor.predict(rows).value.tolist()}


def _rows(table: pd.DataFrame) -> dict[str, list[Any]]:
    """column -> cells; dates as text, missing as null."""
    plain = {}
    for name, cells in table.items():
        shown = cells.dt.strftime("%Y-%m-%dT%H:%M:%S") if cells.dtype.kind == "M" else cells
        plain[str(name)] = [None if pd.isna(cell) else cell for cell in shown.tolist()]
    return plain


def _table(rows: dict[str, list[Any]], variables: tuple[Variable, ...]) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for variable in variables:
        cells = rows[variable.name]
        match variable.kind:
            case Kind.NUMBER:
                columns[variable.name] = np.array(cells, dtype=np.float64)
            case Kind.DATE:
                columns[variable.name] = pd.to_datetime(pd.Series(cells, dtype="str"))
            case _:
                columns[variable.name] = pd.array(cells, dtype="str")
    return pd.DataFrame(columns)


def load(folder: Path) -> Predictor | ScanPredictor:
    """The predictor of a package; raises ``UserError`` where it is not whole or not ours."""
    contents = _checked(folder)
    try:
        predictor, agreed = _predictor(contents)
        if isinstance(predictor, Predictor):
            predictor = _with_held_out(predictor, folder)
    except (ValueError, *NOT_OURS) as error:
        raise _refused(folder, "It is damaged or was written by another version") from error
    if not agreed:
        raise _refused(folder, "It does not predict its own test cases again")
    return predictor


def _predictor(contents: dict[str, bytes]) -> tuple[Predictor | ScanPredictor, bool]:
    """The predictor, and whether it predicts its cases again."""
    if scan_package.is_scan_model(contents):
        return scan_package.rebuilt(contents)
    predictor, cases = _rebuilt(contents), without_nan(contents["cases.json"])
    # Packages of before there were numbers call them probabilities.
    stored = np.array(cases["value" if "value" in cases else "probability"], dtype=np.float64)
    rows = _table(cases["rows"], predictor.variables)
    # As many as ``_cases`` writes: a check of nothing agrees with everything.
    if not len(stored) == len(rows) == min(CASES, len(predictor.background)) > 0:
        return predictor, False
    return predictor, _agree(predictor.predict(rows).value, stored)


def _agree(found: NDArray[np.float64], stored: NDArray[np.float64]) -> bool:
    """Number for number; NaN agrees with nothing."""
    alike = found.shape == stored.shape
    return alike and np.allclose(found, stored, rtol=0, atol=AGREEMENT)


def _checked(folder: Path) -> dict[str, bytes]:
    """The files of the package, each with the checksum that the manifest names."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        contents = {name: (folder / name).read_bytes() for name in FILES}
        sums = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    except FileNotFoundError as error:
        raise UserError(
            "This is not a model: there is no such folder, or files are missing in it",
            str(folder), "Give the folder that 'fit --to' wrote.",
        ) from error  # fmt: skip
    except (ValueError, OSError) as error:
        raise _refused(folder, "Its files cannot be read") from error
    if not isinstance(manifest, dict) or manifest.get("sha256") != sums:
        raise _refused(folder, "Its files are not those that were saved")
    if manifest.get("format") != FORMAT:
        raise _refused(folder, "It was written by another version of pmed")
    return contents


def _refused(folder: Path, why: str) -> UserError:
    return UserError(
        f"The model was not loaded. {why}", str(folder), "Export or train the model again."
    )


def _rebuilt(contents: dict[str, bytes]) -> Predictor:
    spec: Spec = from_plain(Spec, without_nan(contents["spec.json"]))
    fitted: Fitted = from_plain(Fitted, without_nan(contents["preprocessing.json"]))
    network, tensors = build(spec.architecture), tensors_from(contents["weights.safetensors"])
    of_trees = {path.removeprefix(TREES): t for path, t in tensors.items() if TREES in path}
    assign(network, {path: t for path, t in tensors.items() if TREES not in path})
    bag = Bag(
        spec.outcome, spec.architecture, network, spec.folds, fitted.preprocessing,
        fitted.calibration, spec.log_weights, stretch=fitted.stretch,
    )  # fmt: skip
    if of_trees:
        shape = (len(fitted.preprocessing), bag.columns, len(spec.log_weights))
        bag = replace(bag, trees=rebuilt(of_trees, shape))
    background = _table(without_nan(contents["background.json"]), spec.variables)
    return Predictor(
        spec.name, spec.variables, spec.patient, spec.options, bag, spec.threshold, background,
        fitted.familiarity, from_json(Judgement, contents["judgement.json"]),
        read_card(contents["card.json"]),
    )  # fmt: skip


def as_cohort_rows(predictor: Predictor, rows: dict[str, list[Any]]) -> Cohort:
    """Typed-in rows (column -> cells) as a cohort of the model's inputs."""
    return Cohort("patient", _table(rows, predictor.variables), predictor.variables)
