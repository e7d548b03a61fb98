"""An ensemble of tables for each outer fold, each told of a patient's variants in its own terms.

What is rare, the genes that are read and the components of ancestry are learnt from the training
part of a fold, so that what a fold reads of a patient is its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.genotypes import MISSING, Genotypes
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.modalities.tabular.packed_networks import PackedNetworks
from pmed_core.modalities.variants import Variants, column_of
from pmed_core.modalities.variants.catalogue import Catalogue, Copies
from pmed_core.modalities.variants.encoder import Encoder
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.kinds import learning
from pmed_core.predictions import Predictions
from pmed_core.variable import Kind, Variable

KNOWN_AT_LEAST = 0.5
"""Share of the variants that the model reads which a file must hold, and a patient's calls of
whom more than a guess is told."""
NOBODYS = 64
"""Synthetic patients: alleles drawn by their frequencies, one by one."""
NO_VARIANTS = "There are no variants of this patient."


@dataclass(frozen=True)
class Fold:
    """What was learnt in an outer fold."""

    encoder: Encoder
    inner: TableEnsemble


@dataclass(frozen=True, eq=False)
class VariantsEnsemble:
    """The ensembles of all folds.

    Attributes:
        folds: of each outer fold.
        variables: the inputs, in training order.
        catalogue: the variants that are read.
        beside: (m rows) the other inputs of synthetic patients.
        stretch: by which intervals of all folds together are widened.
    """

    folds: tuple[Fold, ...]
    variables: tuple[Variable, ...]
    catalogue: Catalogue
    beside: pd.DataFrame
    stretch: float = 1.0

    guarded = True
    """A patient of other ancestry than those of training is noticed."""

    @property
    def outcome(self) -> Outcome:
        """What is predicted."""
        return self.folds[0].inner.outcome

    @property
    def explainable(self) -> tuple[str, ...]:
        """What can be explained: the k quantities."""
        return self.outcome.labels

    @property
    def column(self) -> str:
        """The column of variants."""
        return column_of(self.variables)

    @property
    def others(self) -> list[str]:
        """The inputs beside it."""
        return [v.name for v in self.variables if v.kind is not Kind.VARIANTS]

    def facts(self) -> dict[str, Any]:
        """What a card says of it."""
        each = [fold.inner.facts() for fold in self.folds]
        sums = {key: sum(one[key] for one in each) for key in each[0]}
        read = sum(fold.encoder.read.astype(int) for fold in self.folds)
        return sums | {
            "variants_read": len(self.catalogue), "genes_read": int((np.asarray(read) > 0).sum()),
            "build": self.catalogue.build or "not stated",
        }  # fmt: skip

    def stated(self, outcome: Outcome) -> VariantsEnsemble:
        """The same; the outcome has no times."""
        folds = (replace(one, inner=one.inner.stated(outcome)) for one in self.folds)
        return replace(self, folds=tuple(folds))

    def of_fold(self, fold: int) -> VariantsEnsemble:
        """What was trained in one outer fold alone."""
        alone = self.folds[fold]
        stretch = alone.inner.networks.calibration[0].stretch
        return replace(self, folds=(alone,), stretch=stretch)

    def as_cohort(self, patients: Cohort | pd.DataFrame) -> Cohort:
        """The rows with this outcome; raises ``UserError`` where an input is absent, or the file
        of variants is not one that the model can read."""
        if isinstance(patients, pd.DataFrame):
            patients = Cohort("table", patients.reset_index(drop=True), self.variables)
        names = [v.name for v in self.variables]
        if absent := [name for name in names if name not in patients.table.columns]:
            raise UserError(
                f"The model reads a column '{absent[0]}', which is missing", patients.name,
                "Give the VCF file with the table of its patients (in the shell --phenotypes).",
            )  # fmt: skip
        if patients.genotypes is None:
            raise UserError(
                f"The variants that '{self.column}' names are missing", patients.name,
                "Give the VCF file.",
            )  # fmt: skip
        self._readable(patients.genotypes, patients.name)
        return replace(patients, outcome=self.outcome)

    def _readable(self, found: Genotypes, where: str) -> None:
        mine = self.catalogue.build
        if mine and found.build and mine != found.build:
            raise UserError(
                f"The positions are those of {found.build}, and the model's are of {mine}", where,
                "Lift the file over to the build of training.",
            )  # fmt: skip
        share = self.catalogue.known(found)
        if share < KNOWN_AT_LEAST:
            raise UserError(
                f"The file holds {100 * share:.0f} % of the variants that the model reads", where,
                "Call the same regions; rare variants that nobody carries must be in the file as "
                "0/0, or in blocks of a gVCF.",
            )  # fmt: skip

    def there(self, cohort: Cohort) -> NDArray[np.bool_]:
        """(n,) rows with variants."""
        return np.asarray(cohort.table[self.column].notna(), dtype=bool)

    def copies(self, cohort: Cohort) -> Copies:
        """(V, n) of rows with variants."""
        assert cohort.genotypes is not None  # noqa: S101 - ``as_cohort`` looked
        return self.catalogue.copies(cohort.genotypes, cohort.table[self.column].tolist())

    def nobodys(self) -> tuple[pd.DataFrame, Copies]:
        """Other inputs and copies of synthetic patients, the same each time."""
        frequency = np.mean([fold.encoder.frequency for fold in self.folds], axis=0)
        draw = np.random.default_rng(0).binomial(2, frequency, (NOBODYS, len(frequency)))
        return self.beside, draw.T.astype(np.int8)

    def told(self, fold: Fold, others: pd.DataFrame, copies: Copies) -> pd.DataFrame:
        """The rows as a fold reads them."""
        features = fold.encoder.features(self.catalogue, copies)
        return pd.concat([others[self.others].reset_index(drop=True), features], axis=1)

    def calibrated(self, others: pd.DataFrame, copies: Copies) -> list[NDArray[np.float64]]:
        """Of each fold (n, networks, 1 + members, c) log probabilities."""
        found = []
        for fold in self.folds:
            encoded = fold.inner.encode(self.told(fold, others, copies))
            found.append(fold.inner.networks.calibrated(encoded, members=True))
        return found

    @property
    def _all(self) -> PackedNetworks:
        """What puts together what the folds say."""
        return replace(self.folds[0].inner.networks, stretch=self.stretch)

    def risks(self, others: pd.DataFrame, copies: Copies) -> NDArray[np.float64]:
        """(3, n, k): value, low and high."""
        if not len(others):
            return np.empty((3, 0, len(self.outcome.labels)))
        return self._all.spread(np.concatenate(self.calibrated(others, copies), axis=1))

    def panel(self) -> NDArray[np.float64]:
        """(f, m, k) scores that each fold gives the same synthetic patients."""
        kind = learning(self.outcome)
        return np.stack(
            [
                kind.scores(self.outcome, self._all.pooled(said[:, :, 0]))
                for said in self.calibrated(*self.nobodys())
            ]
        )

    def outside(self, others: pd.DataFrame, copies: Copies) -> list[tuple[str, ...]]:
        """For each row, sentences that say that too little of it was called, or how its ancestry
        or other inputs are unlike those of training in most folds; empty where they are not."""
        each = [
            fold.inner.novelty.outside(self.told(fold, others, copies), fold.inner.variables)
            for fold in self.folds
        ]
        most = len(self.folds) / 2
        rows = zip(*each, strict=True)
        unlike = [
            next(said for said in row if said) if sum(map(bool, row)) > most else () for row in rows
        ]
        called = (copies != MISSING).mean(axis=0).tolist()
        return [(*_too_little(share), *said) for share, said in zip(called, unlike, strict=True)]

    def predict(self, cohort: Cohort) -> Predictions:
        """What is said of n rows; those without variants are outside, and their numbers mean
        nothing."""
        there = self.there(cohort)
        whole = cohort.select(there)
        copies = self.copies(whole)
        labels = self.outcome.labels
        risks, outside = np.zeros((3, len(cohort), len(labels))), ~there
        risks[:, there] = self.risks(whole.table, copies)
        outside[there] = [bool(said) for said in self.outside(whole.table, copies)]
        target = self._observed(cohort)
        return Predictions(
            tuple(cohort.patients()), labels, risks[0], risks[1], risks[2], target, outside,
            self.outcome.interval, of=Variants.one,
        )  # fmt: skip

    def _observed(self, cohort: Cohort) -> NDArray[np.int64]:
        columns: Sequence[str] = self.outcome.columns
        if all(column in cohort.table.columns for column in columns):
            return cohort.target().observed
        return self.outcome.unknown(len(cohort)).observed


def _too_little(called: float) -> tuple[str, ...]:
    if called >= KNOWN_AT_LEAST:
        return ()
    return (
        f"Only {100 * called:.0f} % of the variants that the model reads were called in this "
        "patient; rare alleles of the others count as not carried, which is most likely.",
    )
