"""The ensemble of tables, told of a molecule in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.arrays import Floats
from pmed_core.cohort import Cohort
from pmed_core.modalities.molecule import Molecule, column_of
from pmed_core.modalities.molecule.domain import Bits, Domain
from pmed_core.modalities.molecule.features import environments, features, names
from pmed_core.modalities.molecule.structures import Unreadable, standardised
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.outcomes import Outcome
from pmed_core.predictions import Predictions
from pmed_core.variable import Kind, Variable

NO_STRUCTURE = "No molecule could be read here."


def structures(cells: pd.Series[str]) -> list[str]:
    """Canonical SMILES of each cell; empty where there is no structure."""
    return [_structure(cell) if isinstance(cell, str) else "" for cell in cells]


def _structure(text: str) -> str:
    try:
        return standardised(text.strip()).smiles
    except Unreadable:
        return ""


@dataclass(frozen=True)
class Described:
    """Rows in numbers.

    Attributes:
        table: (n, others + p) the other inputs and the features, named ``FEATURE``; NaN where
            there is no structure.
        environments: (n, bits / 8) packed.
        known: (n,) there is a structure.
    """

    table: pd.DataFrame
    environments: Bits
    known: NDArray[np.bool_]


FEATURE = "molecule: {}"
"""A feature among the columns of a table."""


def described(table: pd.DataFrame, variables: Sequence[Variable]) -> Described:
    """The inputs of n rows, the molecules among them as features."""
    smiles = structures(table[column_of(variables)])
    known = np.array([bool(one) for one in smiles], dtype=bool)
    found = np.full((len(table), len(names())), np.nan, dtype=np.float32)
    found[known] = features([one for one in smiles if one])
    bits = environments(np.nan_to_num(found))
    numbers = pd.DataFrame(found, columns=[FEATURE.format(name) for name in names()])
    others = [v.name for v in variables if v.kind is not Kind.MOLECULE]
    return Described(
        pd.concat([table[others].reset_index(drop=True), numbers], axis=1), bits, known
    )


@dataclass(frozen=True, eq=False)
class MoleculeEnsemble:
    """Networks and trees of features, and which molecules they have seen.

    Attributes:
        inner: of the other inputs and those features that any network reads.
        variables: the inputs, in training order.
        domain: the training molecules.
        typical: (f, knots) quantiles of their properties.
    """

    inner: TableEnsemble
    variables: tuple[Variable, ...]
    domain: Domain
    typical: Floats

    guarded = True
    """A molecule unlike those of training is noticed."""

    @property
    def outcome(self) -> Outcome:
        """What is predicted."""
        return self.inner.outcome

    @property
    def explainable(self) -> tuple[str, ...]:
        """What can be explained: the k quantities."""
        return self.inner.explainable

    @property
    def column(self) -> str:
        """The column of molecules."""
        return column_of(self.variables)

    def panel(self) -> NDArray[np.float64]:
        """(f, rows, k) scores that each outer fold gives the same molecules."""
        return self.inner.panel()

    def facts(self) -> dict[str, Any]:
        """What a card says of it."""
        read = sum(v.name not in {one.name for one in self.variables} for v in self.inner.variables)
        return self.inner.facts() | {
            "features": read, "similarity_at_least": round(self.domain.limit, 3)
        }  # fmt: skip

    def stated(self, outcome: Outcome) -> MoleculeEnsemble:
        """The same with its risks at the outcome's times."""
        return replace(self, inner=self.inner.stated(outcome))

    def of_fold(self, fold: int) -> MoleculeEnsemble:
        """The networks, trees and calibration of one outer fold alone."""
        return replace(self, inner=self.inner.of_fold(fold))

    def as_cohort(self, patients: Cohort | pd.DataFrame) -> Cohort:
        """The rows as a cohort with this outcome; raises ``UserError`` where an input is absent."""
        return replace(self.inner, variables=self.variables).as_cohort(patients)

    def predict(self, cohort: Cohort) -> Predictions:
        """What is said of n rows; those without a structure are outside, and their numbers mean
        nothing."""
        rows = described(cohort.table, self.variables)
        wanted = [v.name for v in self.inner.variables]
        outcome = [c for c in self.outcome.columns if c in cohort.table.columns]
        table = pd.concat(
            [rows.table[wanted], cohort.table[outcome].reset_index(drop=True)], axis=1
        )
        found = self.inner.predict(replace(cohort, table=table, variables=self.inner.variables))
        outside = ~rows.known
        outside[rows.known] = self.domain.nearest(rows.environments[rows.known]) < self.domain.limit
        return replace(found, patients=tuple(cohort.patients()), outside=outside, of=Molecule.one)

    def scores(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """(n, ...) described rows -> (n, k), on the scale on which shares add up."""
        return self.inner.scores(self.inner.encode(table))

    def outside(self, rows: Described) -> tuple[tuple[str, ...], ...]:
        """For each row, sentences that say how it is unlike the training data; empty where not."""
        nearest = self.domain.nearest(rows.environments)
        return tuple(
            (NO_STRUCTURE,) if not known else _far(float(near), self.domain.limit)
            for known, near in zip(rows.known, nearest, strict=True)
        )


def _far(similarity: float, limit: float) -> tuple[str, ...]:
    if similarity >= limit:
        return ()
    return (
        f"The most similar molecule of training shares {similarity:.2f} of its atom environments "
        f"(Tanimoto similarity); it should be {limit:.2f} at the least.",
    )
