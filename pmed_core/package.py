"""A model package: a folder that holds no code, no pickle and no patient.

``spec.json`` (what it reads and predicts, options, how to build the networks),
``weights.safetensors``, ``preprocessing.json``, ``background.json`` and ``cases.json`` (synthetic
rows, the latter with what is said of them), ``card.json``, ``evaluation.json``, and
``manifest.json`` with the sha256 of each. Loading rebuilds the networks with our code, checks names
and shapes, assigns, and predicts the cases again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from pmed_core.arrays import from_json, from_plain, to_json, without_nan
from pmed_core.bounds import Name, Share, fitting
from pmed_core.card import read_card
from pmed_core.errors import UserError
from pmed_core.evaluation import Evaluation
from pmed_core.files import written_whole
from pmed_core.modalities import ALL, Modality, modality_of
from pmed_core.modalities.contracts import Ensemble, Packed
from pmed_core.modalities.kinds import computing
from pmed_core.options import AnyOptions
from pmed_core.outcomes import Outcome
from pmed_core.package_files import EVALUATION, FILES, MANIFEST, found
from pmed_core.predictions import Predictions
from pmed_core.sealing import files
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.tensors import tensors_from, tensors_to
from pmed_core.variable import Variable, Variables

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor

FORMAT = 2
READ = (1, FORMAT)
AGREEMENT = 1e-6
NOT_OURS = (
    LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, SafetensorError,
)  # fmt: skip
"""What rebuilding from a file raises that somebody has changed, beside ``ValueError``."""
HELD_OUT = "held_out.json"
"""Beside the files of a package that the shell wrote; no part of it."""


@dataclass(frozen=True)
class Spec:
    """What every model says of itself; ``ensemble`` is how its modality builds the networks."""

    format: int
    modality: str
    name: Name
    variables: Variables
    outcome: Outcome
    patient: str | None
    options: AnyOptions
    threshold: Share
    ensemble: dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """What a package holds; as in ``Predictor``."""

    name: str
    variables: tuple[Variable, ...]
    patient: str | None
    options: AnyOptions
    ensemble: Ensemble
    threshold: float
    evaluation: Evaluation
    card: dict[str, Any]
    out_of_fold: Predictions | None


def save(predictor: Predictor, folder: Path) -> None:
    """Write the package, replacing one that is there; raises ``UserError``."""
    if folder.exists() and not (folder / MANIFEST).exists():
        raise UserError(
            "There is something else under this name", str(folder), "Choose another name."
        )
    contents = _contents(predictor)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    manifest = {"format": FORMAT, "notice": RESEARCH_ONLY, "sha256": sums}
    with written_whole(folder) as beside:
        beside.mkdir()
        for name, data in contents.items():
            files.write(beside / name, data)
        files.write_text(beside / MANIFEST, json.dumps(manifest, indent=1))


def _contents(predictor: Predictor) -> dict[str, bytes]:
    kind = computing(predictor.modality)
    packed = kind.packed(predictor.ensemble)
    spec = Spec(
        FORMAT, predictor.modality.name, fitting(predictor.name), predictor.variables,
        predictor.outcome, predictor.patient, predictor.options, predictor.threshold, packed.spec,
    )  # fmt: skip
    texts = {
        "spec.json": to_json(Spec, spec),
        "preprocessing.json": json.dumps(packed.fitted),
        "background.json": json.dumps(packed.background),
        "cases.json": json.dumps(kind.cases(predictor.ensemble)),
        "card.json": json.dumps(predictor.card | {"notice": RESEARCH_ONLY}),
        EVALUATION: to_json(Evaluation, predictor.evaluation),
    }
    return {name: text.encode() for name, text in texts.items()} | {
        "weights.safetensors": tensors_to(packed.tensors)
    }


def save_held_out(predictor: Predictor, folder: Path) -> None:
    """Keep the training patients' held-out predictions beside the files of a package, for whoever
    has the table: no ids and no cells, in an order that only the table gives. No part of what is
    exported."""
    found = computing(predictor.modality).nameless(predictor)
    if found is not None:
        files.write_text(folder / HELD_OUT, to_json(Predictions, found))


def load(folder: Path) -> Kept:
    """What a package holds; raises ``UserError`` where it is not whole or not ours."""
    contents = _checked(folder)
    try:
        held_out = folder / HELD_OUT
        known = from_json(Predictions, files.read(held_out)) if held_out.exists() else None
        kept, agreed = _rebuilt(contents, known)
    except (ValueError, *NOT_OURS) as error:
        raise _refused(folder, "It is damaged or was written by another version") from error
    if not agreed:
        raise _refused(folder, "It does not predict its own test cases again")
    return kept


def _rebuilt(contents: dict[str, bytes], held_out: Predictions | None) -> tuple[Kept, bool]:
    """The model, and whether it predicts its cases again."""
    spec: Spec = from_plain(Spec, _of_this_format(without_nan(contents["spec.json"])))
    modality = _modality(spec)
    packed = Packed(
        spec.ensemble, without_nan(contents["preprocessing.json"]),
        tensors_from(contents["weights.safetensors"]), without_nan(contents["background.json"]),
    )  # fmt: skip
    kind = computing(modality)
    ensemble = kind.unpacked(packed, spec.outcome, spec.variables)
    kept = Kept(
        spec.name, spec.variables, spec.patient, spec.options, ensemble, spec.threshold,
        from_json(Evaluation, contents[EVALUATION]), read_card(contents["card.json"]),
        held_out,
    )  # fmt: skip
    return kept, _repeated(kind.cases(ensemble), without_nan(contents["cases.json"]))


def _modality(spec: Spec) -> Modality:
    """What it reads; raises ``ValueError`` where its parts contradict one another."""
    modality = modality_of(spec.variables)
    if modality.name != spec.modality or not isinstance(spec.options, modality.Options):
        raise ValueError(f"Expected a model of {modality.many}. Received: {spec.modality}")
    return modality


SHARED = ("name", "variables", "outcome", "patient", "options", "threshold")


def _of_this_format(spec: Any) -> dict[str, Any]:
    """The spec of a package of format 1, in which each modality wrote its own, as one of today."""
    if spec["format"] == FORMAT:
        return dict(spec)
    of_all = {name: spec[name] for name in SHARED}
    modality = next(one for one in ALL if one.name == ("scan" if spec.get("scans") else "tabular"))
    own = {n: v for n, v in spec.items() if n not in (*SHARED, "format", "scans")}
    if "shifts" in spec["options"]:
        own["averaged"] = spec["options"]["shifts"]
    return {"format": FORMAT, "modality": modality.name, "ensemble": own} | of_all


def _repeated(found: dict[str, Any], stored: Any) -> bool:
    """Number for number; NaN agrees with nothing, and a check of nothing with nothing."""
    # Packages of before there were numbers call what is said a probability.
    stored = {"value" if name == "probability" else name: of for name, of in stored.items()}
    return found.keys() == stored.keys() and all(
        _agree(of, stored[name]) if name != "rows" else of == stored[name]
        for name, of in found.items()
    )


def _agree(found: Any, stored: Any) -> bool:
    ours, theirs = (np.array(values, dtype=np.float64) for values in (found, stored))
    alike: NDArray[np.bool_] | bool = ours.shape == theirs.shape and ours.size > 0
    return bool(alike) and np.allclose(ours, theirs, rtol=0, atol=AGREEMENT)


def _checked(folder: Path) -> dict[str, bytes]:
    """The files of the package, each with the checksum that the manifest names."""
    try:
        names = found(path.name for path in folder.iterdir())
        manifest = json.loads(files.read(folder / MANIFEST))
        contents = {name: files.read(folder / names.get(name, name)) for name in FILES}
        sums = {names[name]: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    except FileNotFoundError as error:
        raise UserError(
            "This is not a model: there is no such folder, or files are missing in it",
            str(folder), "Give the folder that 'fit --to' wrote.",
        ) from error  # fmt: skip
    except (ValueError, OSError) as error:
        raise _refused(folder, "Its files cannot be read") from error
    if not isinstance(manifest, dict) or manifest.get("sha256") != sums:
        raise _refused(folder, "Its files are not those that were saved")
    if manifest.get("format") not in READ:
        raise _refused(folder, "It was written by another version of pmed")
    return contents


def _refused(folder: Path, why: str) -> UserError:
    return UserError(
        f"The model was not loaded. {why}", str(folder), "Export or train the model again."
    )
