"""What a package of a table's model holds; see ``package``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
import pandas as pd

from pmed_core.arrays import formerly, from_plain, to_plain
from pmed_core.cohort import Cohort
from pmed_core.modalities.contracts import Packed
from pmed_core.modalities.tabular import boosting, trees
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.modalities.tabular.network import Architecture, build
from pmed_core.modalities.tabular.novelty import Novelty
from pmed_core.modalities.tabular.packed_networks import PackedNetworks
from pmed_core.modalities.tabular.preprocessing import Preprocessing
from pmed_core.networks.weights import assign, kept
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.kinds import learning
from pmed_core.training.calibration import Calibration
from pmed_core.variable import Kind, Variable

CASES = 20
TREES, BOOSTED, SUMMED = "trees/", "boosted/", "summed/"
"""What the names of the trees' arrays begin with, beside the networks' weights: their field in
``PackedNetworks``."""


@dataclass(frozen=True)
class Spec:
    """How to build the networks."""

    architecture: Architecture
    folds: tuple[int, ...]
    log_weights: tuple[float, ...]


@dataclass(frozen=True)
class Fitted:
    """What was learnt beside the weights."""

    preprocessing: tuple[Preprocessing, ...]
    calibration: tuple[Calibration, ...]
    novelty: Annotated[Novelty, formerly("novelty", "familiarity")]
    stretch: float = 1.0


def packed(ensemble: TableEnsemble) -> Packed:
    """The parts of an ensemble, to be kept."""
    networks = ensemble.networks
    tensors = kept(networks.network)
    for field, grown in networks.grown.items():
        tensors |= {f"{field}/{name}": array for name, array in grown.arrays().items()}
    fitted = Fitted(
        networks.preprocessing, networks.calibration, ensemble.novelty, networks.stretch
    )
    return Packed(
        to_plain(Spec, Spec(networks.architecture, networks.folds, networks.log_weights)),
        to_plain(Fitted, fitted),
        tensors, as_rows(ensemble.background),
    )  # fmt: skip


def unpacked(parts: Packed, outcome: Outcome, variables: tuple[Variable, ...]) -> TableEnsemble:
    """The ensemble that ``packed`` took apart; raises ``ValueError``."""
    spec: Spec = from_plain(Spec, parts.spec)
    fitted: Fitted = from_plain(Fitted, parts.fitted)
    if spec.architecture.least_weights > sum(tensor.size for tensor in parts.tensors.values()):
        raise ValueError("The network is larger than its weights")
    network = build(spec.architecture)
    prefixes = TREES, BOOSTED, SUMMED
    of_network = {p: t for p, t in parts.tensors.items() if not p.startswith(prefixes)}
    assign(network, of_network)
    networks = PackedNetworks(
        outcome, spec.architecture, network, spec.folds, fitted.preprocessing,
        fitted.calibration, spec.log_weights, stretch=fitted.stretch,
    )  # fmt: skip
    networks = _with_trees(networks, parts.tensors)
    background = as_table(parts.background, variables)
    return TableEnsemble(networks, variables, background, fitted.novelty)


def _with_trees(networks: PackedNetworks, tensors: dict[str, Any]) -> PackedNetworks:
    """With those that the tensors hold; raises ``ValueError`` where they do not fit."""
    kind, outcome = learning(networks.outcome), networks.outcome
    shape, found = (len(networks.preprocessing), networks.columns), dict[str, Any]()
    of_trees, of_boosted, of_sums = (_beginning(p, tensors) for p in (TREES, BOOSTED, SUMMED))
    if of_trees:
        found["trees"] = trees.rebuilt(of_trees, (*shape, len(networks.log_weights)))
    if of_boosted:
        found["boosted"] = boosting.rebuilt(of_boosted, (*shape, kind.outputs(outcome)))
    if of_sums:
        found["summed"] = trees.rebuilt(of_sums, (*shape, kind.sums(outcome)), summed=True)
    return replace(networks, **found)


def _beginning(prefix: str, tensors: dict[str, Any]) -> dict[str, Any]:
    return {p.removeprefix(prefix): t for p, t in tensors.items() if p.startswith(prefix)}


def cases(ensemble: TableEnsemble) -> dict[str, Any]:
    """The first synthetic rows, and what is said of them."""
    rows = ensemble.background.head(CASES)
    said = ensemble.predict(ensemble.as_cohort(rows))
    return {"rows": as_rows(rows), "value": said.value.tolist()}


def as_rows(table: pd.DataFrame) -> dict[str, list[Any]]:
    """column -> cells; dates as text, missing as null."""
    plain = {}
    for name, cells in table.items():
        shown = cells.dt.strftime("%Y-%m-%dT%H:%M:%S") if cells.dtype.kind == "M" else cells
        plain[str(name)] = [None if pd.isna(cell) else cell for cell in shown.tolist()]
    return plain


def as_table(rows: dict[str, list[Any]], variables: tuple[Variable, ...]) -> pd.DataFrame:
    """What ``as_rows`` wrote, or what was typed, with the cell types of the variables."""
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


def as_cohort_rows(variables: tuple[Variable, ...], rows: dict[str, list[Any]]) -> Cohort:
    """Typed-in rows (column -> cells) as a cohort of these inputs."""
    return Cohort("patient", as_table(rows, variables), variables)
