"""Which pieces of a molecule speak for its prediction and which against."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rdkit import Chem

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.explanation import Explanation
from pmed_core.explanations.shapley import ENUMERATED, Masked, shapley_values
from pmed_core.modalities.molecule import Molecule
from pmed_core.modalities.molecule.ensemble import FEATURE, MoleculeEnsemble, structures
from pmed_core.modalities.molecule.features import names, of_molecule
from pmed_core.modalities.molecule.fragments import Pieces, only, pieces, written
from pmed_core.modalities.tabular.reasons import cell_text, evenly
from pmed_core.variable import Kind, Variable

STARTS, TOLERANCE = 8, 0.02
"""Typical rows, none of them a molecule of training, that stand for knowing nothing."""


@dataclass(frozen=True)
class Coalitions:
    """What the model says where only some pieces, and some other inputs, are there.

    A molecule without pieces is the molecule of the others, hydrogen where they were; without any
    it is a typical one.

    Attributes:
        cells: the other inputs of the row.
        starts: (b, ...) typical rows.
    """

    ensemble: MoleculeEnsemble
    label: int
    molecule: Any
    pieces: Pieces
    others: tuple[Variable, ...]
    cells: pd.Series[Any]
    starts: pd.DataFrame
    _known: dict[bytes, NDArray[np.float32]] = field(init=False, repr=False, default_factory=dict)

    def __call__(self, joined: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(s, players) who is there -> (s,) scores."""
        joined = joined.astype(bool)
        # Where nothing of a typical row is left, one is as good as all.
        alone = joined.all(axis=1) if self.others else joined.any(axis=1)
        asks = np.where(alone, 1, len(self.starts))
        rows = np.repeat(np.arange(len(joined)), asks)
        start = np.arange(len(rows)) - np.repeat(np.cumsum(asks) - asks, asks)
        scores = self._scores(joined[rows], start)
        return np.asarray(np.bincount(rows, scores, len(joined)) / asks)

    def _scores(self, joined: NDArray[np.bool_], start: NDArray[np.int64]) -> NDArray[np.float64]:
        """All at once: a table is encoded as fast as a row of it."""
        count = len(self.pieces)
        table = self.starts.iloc[start].reset_index(drop=True)
        there = np.flatnonzero(joined[:, :count].any(axis=1))
        columns = [name for name in map(FEATURE.format, names()) if name in table.columns]
        which = np.isin([FEATURE.format(name) for name in names()], columns)
        if len(there):
            described = np.stack([self._features(joined[row, :count])[which] for row in there])
            values = table[columns].to_numpy(dtype=np.float64, copy=True)
            values[there] = described
            table[columns] = values
        for j, variable in enumerate(self.others):
            own = pd.Series(
                [self.cells[variable.name]] * len(table), dtype=table[variable.name].dtype
            )
            table[variable.name] = table[variable.name].where(~joined[:, count + j], own)
        return self.ensemble.scores(table)[:, self.label]

    def _features(self, there: NDArray[np.bool_]) -> NDArray[np.float32]:
        key = there.tobytes()
        if key not in self._known:
            atoms = {a for k in np.flatnonzero(there) for a in self.pieces[k]}
            self._known[key] = of_molecule(only(self.molecule, atoms))
        return self._known[key]


def explain(
    ensemble: MoleculeEnsemble, cohort: Cohort, label: str, tolerance: float
) -> Explanation:
    """Explain the first row of a cohort; raises ``UserError`` where it holds no molecule."""
    row = cohort.table.iloc[0]
    smiles = structures(cohort.table[ensemble.column].iloc[:1])[0]
    if not smiles:
        raise UserError(
            "This row holds no molecule that can be read", cohort.name, "Correct its SMILES."
        )
    molecule = Chem.MolFromSmiles(smiles)
    found = pieces(molecule)
    others = tuple(v for v in ensemble.variables if v.kind is not Kind.MOLECULE)
    k = ensemble.outcome.labels.index(label)
    asked = Coalitions(ensemble, k, molecule, found, others, row, _typical(ensemble, k))
    players = len(found) + len(others)
    game = Masked(
        asked, np.ones(players, dtype=bool), np.zeros((1, players), dtype=bool),
        np.arange(players), players,
    )  # fmt: skip
    values = shapley_values(game, tolerance)
    fragments = [f"fragment {number}" for number in range(1, len(found) + 1)]
    shown = [written(molecule, atoms) for atoms in found]
    return Explanation(
        tuple(cohort.patients()[:1]), label, (*fragments, *(v.name for v in others)),
        ((*shown, *(cell_text(row[v.name], v) for v in others)),),
        np.zeros((1, players)), values.shap[None], values.standard_error[None],
        np.array([values.base]), asked(np.ones((1, players), dtype=bool)),
        "enumeration" if players <= ENUMERATED else "permutations",
        quantity=ensemble.outcome.quantities[k], of=Molecule.one,
    )  # fmt: skip


@lru_cache(maxsize=8)
def _typical(ensemble: MoleculeEnsemble, label: int) -> pd.DataFrame:
    """Synthetic rows whose scores lie evenly."""
    background = ensemble.inner.background
    order = np.argsort(ensemble.scores(background)[:, label], kind="stable")
    chosen = order[evenly(min(STARTS, len(order)), len(order))]
    return background.iloc[chosen].reset_index(drop=True)
