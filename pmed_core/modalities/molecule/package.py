"""What a package of a model of molecules holds: that of its table, and what it has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pmed_core.arrays import Floats, from_plain, to_plain
from pmed_core.modalities.contracts import Packed
from pmed_core.modalities.molecule.domain import Domain
from pmed_core.modalities.molecule.ensemble import FEATURE, MoleculeEnsemble
from pmed_core.modalities.molecule.facts import KNOTS, NOTHING
from pmed_core.modalities.molecule.features import BITS, names
from pmed_core.modalities.tabular import package as tables
from pmed_core.modalities.tabular.package import as_table
from pmed_core.outcomes import Outcome
from pmed_core.variable import Variable

SEEN, TYPICAL = "domain/environments", "domain/properties"
REFERENCES = (
    "CC(=O)Oc1ccccc1C(=O)O", "Cn1cnc2c1c(=O)n(C)c(=O)n2C", "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "CC(=O)Nc1ccc(O)cc1", "CN(C)C(=N)NC(=N)N", "OCC1OC(O)C(O)C(O)C1O", "CCO", "c1ccccc1",
    "CN1CCC23C4C1CC5=C2C(=C(C=C5)O)OC3C(C=C4)O", "ClC(Cl)(Cl)C(c1ccc(Cl)cc1)c1ccc(Cl)cc1",
)  # fmt: skip
"""Well-known molecules, from aspirin to DDT: whether a loaded model says of them what it said when
it was kept also tells whether the features are still computed alike."""


@dataclass(frozen=True)
class Spec:
    """How to build what is inside."""

    inner: dict[str, Any]
    variables: tuple[Variable, ...]


@dataclass(frozen=True)
class Fitted:
    """What was learnt beside the weights."""

    inner: dict[str, Any]
    limit: float


def packed(ensemble: MoleculeEnsemble) -> Packed:
    """The parts of an ensemble, to be kept."""
    inner = tables.packed(ensemble.inner)
    return Packed(
        to_plain(Spec, Spec(inner.spec, ensemble.inner.variables)),
        to_plain(Fitted, Fitted(inner.fitted, ensemble.domain.limit)),
        inner.tensors | {SEEN: ensemble.domain.environments, TYPICAL: ensemble.typical},
        inner.background,
    )  # fmt: skip


def unpacked(parts: Packed, outcome: Outcome, variables: tuple[Variable, ...]) -> MoleculeEnsemble:
    """The ensemble that ``packed`` took apart; raises ``ValueError``."""
    spec: Spec = from_plain(Spec, parts.spec)
    fitted: Fitted = from_plain(Fitted, parts.fitted)
    tensors = dict(parts.tensors)
    seen = tensors.pop(SEEN)
    if seen.dtype != np.uint8 or seen.ndim != 2 or seen.shape[1] * 8 != BITS or not len(seen):
        raise ValueError(f"Expected environments of shape (n, {BITS // 8}). Received: {seen.shape}")
    starts = FEATURE.format("")
    known, told = set(map(FEATURE.format, names())), [v.name for v in spec.variables]
    if gone := [name for name in told if name.startswith(starts) and name not in known]:
        raise ValueError(f"Expected features of this version. Received: {gone[0]}")
    typical = tensors.pop(TYPICAL, NOTHING)
    if typical.ndim != 2 or typical.shape[1] != KNOTS or not np.isfinite(typical).all():
        raise ValueError(f"Expected properties of shape (f, {KNOTS}). Received: {typical.shape}")
    if not _ranked(typical):
        # Earlier versions wrote the memory of an array that was turned.
        typical = typical.reshape(KNOTS, -1).T
    if not _ranked(typical):
        raise ValueError("Expected quantiles in ascending order.")
    inside = Packed(spec.inner, fitted.inner, tensors, parts.background)
    inner = tables.unpacked(inside, outcome, spec.variables)
    return MoleculeEnsemble(inner, variables, Domain(seen, fitted.limit), typical)


def _ranked(quantiles: Floats) -> bool:
    return bool((np.diff(quantiles, axis=1) >= 0).all())


def cases(ensemble: MoleculeEnsemble) -> dict[str, Any]:
    """Well-known molecules, and what is said of them."""
    empty = {v.name: [None] * len(REFERENCES) for v in ensemble.variables}
    rows: pd.DataFrame = as_table(empty | {ensemble.column: list(REFERENCES)}, ensemble.variables)
    said = ensemble.predict(ensemble.as_cohort(rows))
    return {"rows": list(REFERENCES), "value": said.value.tolist()}
