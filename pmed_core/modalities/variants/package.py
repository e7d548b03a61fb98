"""What a package of a model of variants holds: the tables of all folds, and how each reads
variants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from annotated_types import Len
from numpy.typing import NDArray

from pmed_core.arrays import from_plain, to_plain
from pmed_core.modalities.contracts import Packed
from pmed_core.modalities.tabular import package as tables
from pmed_core.modalities.variants.catalogue import KEY, Catalogue
from pmed_core.modalities.variants.encoder import Encoder
from pmed_core.modalities.variants.ensemble import NOBODYS, Fold, VariantsEnsemble
from pmed_core.outcomes import Outcome
from pmed_core.variable import Kind, Variable

FOLD, CATALOGUE = "fold {}/", "catalogue/"
ENCODER = ("frequency", "rare", "loadings", "read")
CASES = 12


@dataclass(frozen=True)
class Inside:
    """How to build the table of one fold."""

    spec: dict[str, Any]
    variables: tuple[Variable, ...]


@dataclass(frozen=True)
class Spec:
    """How to build all of it."""

    folds: Annotated[tuple[Inside, ...], Len(1)]


@dataclass(frozen=True)
class Fitted:
    """What was learnt beside weights and arrays.

    Attributes:
        variants: chromosome, position, reference and alternative of each, joined by blanks.
    """

    folds: Annotated[tuple[dict[str, Any], ...], Len(1)]
    variants: tuple[str, ...]
    genes: tuple[str, ...]
    build: str
    stretch: float


def packed(ensemble: VariantsEnsemble) -> Packed:
    """The parts of an ensemble, to be kept."""
    inside = [tables.packed(fold.inner) for fold in ensemble.folds]
    tensors: dict[str, NDArray[Any]] = {}
    for number, (fold, one) in enumerate(zip(ensemble.folds, inside, strict=True)):
        start = FOLD.format(number)
        tensors |= {start + name: tensor for name, tensor in one.tensors.items()}
        for name in ENCODER:
            array = getattr(fold.encoder, name)
            tensors[f"{start}encoder/{name}"] = (
                array.astype(np.uint8) if array.dtype == bool else array.astype(np.float64)
            )
    known = ensemble.catalogue
    for name in ("variant", "gene", "weight"):
        tensors[CATALOGUE + name] = getattr(known, name)
    spec = Spec(
        tuple(
            Inside(one.spec, fold.inner.variables)
            for fold, one in zip(ensemble.folds, inside, strict=True)
        )
    )
    variants = tuple(" ".join(map(str, row)) for row in known.table[KEY].itertuples(index=False))
    fitted = Fitted(
        tuple(one.fitted for one in inside), variants, known.genes, known.build, ensemble.stretch
    )
    background = {str(k): one.background for k, one in enumerate(inside)}
    return Packed(
        to_plain(Spec, spec), to_plain(Fitted, fitted), tensors,
        background | {"beside": tables.as_rows(ensemble.beside)},
    )  # fmt: skip


def unpacked(parts: Packed, outcome: Outcome, variables: tuple[Variable, ...]) -> VariantsEnsemble:
    """The ensemble that ``packed`` took apart; raises ``ValueError``."""
    spec: Spec = from_plain(Spec, parts.spec)
    fitted: Fitted = from_plain(Fitted, parts.fitted)
    if len(spec.folds) != len(fitted.folds):
        raise ValueError("Expected what was learnt of each fold")
    catalogue = _catalogue(fitted, parts.tensors)
    folds = tuple(
        _fold(number, (inside, of), parts, outcome, catalogue)
        for number, (inside, of) in enumerate(zip(spec.folds, fitted.folds, strict=True))
    )
    others = tuple(v for v in variables if v.kind is not Kind.VARIANTS)
    beside = pd.DataFrame(index=range(NOBODYS))
    if others:
        beside = tables.as_table(parts.background["beside"], others)
    return VariantsEnsemble(folds, variables, catalogue, beside, fitted.stretch)


def _catalogue(fitted: Fitted, tensors: dict[str, NDArray[Any]]) -> Catalogue:
    rows = [one.split(" ") for one in fitted.variants]
    if not rows or any(len(row) != len(KEY) for row in rows):
        raise ValueError("Expected chromosome, position, reference and alternative of each variant")
    table = pd.DataFrame(rows, columns=KEY, dtype="str").astype({"position": np.int64})
    found = [tensors[CATALOGUE + name] for name in ("variant", "gene", "weight")]
    if len({one.shape for one in found}) > 1 or found[0].ndim != 1:
        raise ValueError("Expected a gene and a weight of each link")
    for links, many in zip(found, (len(rows), len(fitted.genes)), strict=False):
        if links.dtype != np.int64 or (len(links) and not 0 <= links.min() <= links.max() < many):
            raise ValueError("Expected links of variants and genes that there are")
    return Catalogue(table, fitted.genes, found[0], found[1], found[2], fitted.build)


def _fold(
    number: int,
    of: tuple[Inside, dict[str, Any]],
    parts: Packed,
    outcome: Outcome,
    catalogue: Catalogue,
) -> Fold:
    start = FOLD.format(number)
    own = {k.removeprefix(start): v for k, v in parts.tensors.items() if k.startswith(start)}
    arrays = {name: own.pop(f"encoder/{name}") for name in ENCODER}
    shapes = {name: (len(catalogue),) for name in ("frequency", "rare")}
    shapes["read"] = (len(catalogue.genes),)
    if any(arrays[name].shape != shape for name, shape in shapes.items()):
        raise ValueError("Expected an encoder of this catalogue")
    loadings = arrays["loadings"]
    if loadings.ndim != 2 or len(loadings) != len(catalogue) or not np.isfinite(loadings).all():
        raise ValueError("Expected loadings of each variant")
    encoder = Encoder(
        arrays["frequency"], arrays["rare"].astype(bool), loadings, arrays["read"].astype(bool)
    )
    inside, fitted = of
    packed_ = Packed(inside.spec, fitted, own, parts.background[str(number)])
    return Fold(encoder, tables.unpacked(packed_, outcome, inside.variables))


def cases(ensemble: VariantsEnsemble) -> dict[str, Any]:
    """What is said of the first synthetic patients, whose alleles are drawn by frequency."""
    others, copies = ensemble.nobodys()
    said = ensemble.risks(others.iloc[:CASES], copies[:, :CASES])
    return {"rows": [str(row) for row in range(CASES)], "value": said[0].tolist()}
