"""All between a profile of genes and what is said of its patient."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.expression import column_of
from pmed_core.modalities.expression.encoder import Encoder
from pmed_core.modalities.expression.names import places_of
from pmed_core.modalities.expression.scale import Scale, others, transformed, unlike
from pmed_core.modalities.sequence.kmers import Linear
from pmed_core.modalities.tabular.network import Architecture
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.kinds import learning
from pmed_core.outcomes.spread import round_pooled
from pmed_core.predictions import Predictions
from pmed_core.profiles import Profiles
from pmed_core.quantity import counted
from pmed_core.training.calibration import Calibration, normalised
from pmed_core.training.callbacks import predict_logits
from pmed_core.variable import Variable

Doubles = NDArray[np.float64]
INTERVAL = "90 % of what models say that learnt from other parts of the data"
MISSING_AT_MOST = 0.5
"""Share of a model's genes that a profile may lack."""
ROWS_AT_ONCE = 512


@dataclass(frozen=True)
class Fold:
    """What one outer fold learnt; ``calibration`` weighs the sources of each of its members."""

    encoder: Encoder
    calibration: Calibration


@dataclass(frozen=True, eq=False)
class Member:
    """Ridge regressions of some of a fold's training rows: of all its standardised genes, and of
    the few that tell most there."""

    fold: int
    ridge: Linear
    few: Linear

    @property
    def linear(self) -> tuple[Linear, Linear]:
        """Both."""
        return self.ridge, self.few


@dataclass(frozen=True, eq=False)
class ExpressionEnsemble:
    """Folds and their members.

    Attributes:
        variables: the column that names profiles alone.
        genes: p names that profiles are read by.
        scale: on which they are written.
        network: of all members, packed, on the components of their folds; None where there is none.
        spread: (k,) how far scores of models of other folds lie apart, a standard deviation.
        background: (b, p) logarithms of nobody.
        limit: root mean square of standardised genes from which on a profile is unlike training.
        which: the folds that speak.
    """

    outcome: Outcome
    variables: tuple[Variable, ...]
    genes: tuple[str, ...]
    scale: Scale
    folds: tuple[Fold, ...]
    members: tuple[Member, ...]
    architecture: Architecture | None
    network: keras.Model | None
    spread: Doubles
    background: Doubles
    limit: float
    which: tuple[int, ...]
    _of_folds: dict[int, ExpressionEnsemble] = field(init=False, repr=False, default_factory=dict)

    guarded = True
    """A profile unlike those of training is noticed."""

    @property
    def explainable(self) -> tuple[str, ...]:
        """What can be explained: the k quantities."""
        return self.outcome.labels

    @property
    def column(self) -> str:
        """The column that names profiles."""
        return column_of(self.variables)

    @property
    def speaking(self) -> tuple[int, ...]:
        """Positions of the members of the folds that speak."""
        return tuple(k for k, one in enumerate(self.members) if one.fold in self.which)

    def panel(self) -> Doubles:
        """(f, b, k) scores that each outer fold gives the synthetic profiles."""
        return np.stack([self.of_fold(fold).scores(self.background) for fold in self.which])

    def facts(self) -> dict[str, Any]:
        """What a card says of it."""
        read = [len(one.encoder.genes) for one in self.folds]
        weights = self.network.count_params() if self.network else 0
        ridge = sum(x.weights.size for one in self.members for x in one.linear)
        # Later files are turned by these where nobody says which way they lie.
        return {
            "weights": int(weights) + ridge, "trees": 0, "genes": len(self.genes),
            "genes_read_in_a_fold": int(np.median(read)), "scale": self.scale,
            "first_genes": list(self.genes[:: max(1, len(self.genes) // 200)]),
        }  # fmt: skip

    def stated(self, outcome: Outcome) -> ExpressionEnsemble:
        """The same of another outcome."""
        return replace(self, outcome=outcome)

    def of_fold(self, fold: int) -> ExpressionEnsemble:
        """What was trained in one outer fold alone."""
        if fold not in self._of_folds:
            self._of_folds[fold] = replace(self, which=(fold,))
        return self._of_folds[fold]

    def as_cohort(self, patients: Cohort | pd.DataFrame) -> Cohort:
        """The rows with this outcome; raises ``UserError`` where the profiles are absent."""
        if isinstance(patients, pd.DataFrame):
            patients = Cohort("table", patients.reset_index(drop=True), self.variables)
        if self.column not in patients.table.columns or patients.profiles is None:
            raise UserError(
                f"The model reads a column '{self.column}' with profiles of genes, which is "
                "missing", patients.name,
                "Give the matrix, with the sheet of its samples where ids and outcome stand apart "
                "(in the shell --phenotypes).",
            )  # fmt: skip
        return replace(patients, outcome=self.outcome)

    def aligned(self, profiles: Profiles) -> Doubles:
        """(m, p) as written, by the model's genes, NaN where one has none; raises ``UserError``
        where most are absent."""
        place = places_of(self.genes, profiles.names)
        columns = np.array([place.get(name, -1) for name in self.genes])
        if (absent := int((columns < 0).sum())) > MISSING_AT_MOST * len(columns):
            named = ", ".join(g for g, c in zip(self.genes, columns, strict=True) if c < 0)[:80]
            raise UserError(
                f"{absent:,} of the model's {len(columns):,} genes are not in the file: {named} …",
                "expression", "Give the same names of genes as in training (symbols, or Ensembl "
                "ids), and genes on the side where they were.",
            )  # fmt: skip
        found = np.full((len(profiles.ids), len(columns)), np.nan)
        found[:, columns >= 0] = profiles.values[:, columns[columns >= 0]]
        return found

    def raw(self, cohort: Cohort) -> Doubles:
        """(n, p) as written of each row; NaN for a row without a profile."""
        assert cohort.profiles is not None  # noqa: S101 - ``as_cohort`` let it through
        known = self.aligned(cohort.profiles)
        place = cohort.profiles.places
        rows = np.array([place.get(one, -1) for one in names_of(cohort, self.column)], dtype=int)
        found = np.full((len(cohort), len(self.genes)), np.nan)
        found[rows >= 0] = known[rows[rows >= 0]]
        return found

    def gaps(self, profiles: Profiles | None) -> tuple[str, ...]:
        """What is to be said of the scale of a file, and of genes that it lacks."""
        there = places_of(self.genes, profiles.names) if profiles else {}
        absent = [gene for gene in self.genes if gene not in there]
        scales = unlike(self.aligned(profiles), self.scale) if profiles else ()
        other = len(there.keys() - set(profiles.names)) if profiles else 0
        if other:
            has = "has" if other == 1 else "have"
            scales = (*scales, f"{counted(other, 'Ensembl gene')} {has} another version in the "
                      "file than in training, and count as the same.")  # fmt: skip
        if not absent:
            return scales
        of_others = " Counts per million are those of the other genes." * (self.scale == "counts")
        return (
            *scales,
            f"{counted(len(absent), 'gene')} of the model's {len(self.genes):,} "
            f"{'is' if len(absent) == 1 else 'are'} not in the file and count as typical: "
            f"{', '.join(absent[:3])}{' …' * (len(absent) > 3)}.{of_others}",
        )

    def predict(self, cohort: Cohort) -> Predictions:
        """What is said of n rows; those without a profile are outside, and their numbers mean
        nothing."""
        raw = self.raw(cohort)
        value, low, high = self.risks(transformed(raw, self.scale))
        known = all(column in cohort.table.columns for column in self.outcome.columns)
        target = cohort.target() if known else self.outcome.unknown(len(cohort))
        return Predictions(
            tuple(cohort.patients()), self.outcome.labels, value, low, high, target.observed,
            self.unlike(raw), INTERVAL,
        )  # fmt: skip

    def unlike(self, raw: Doubles) -> NDArray[np.bool_]:
        """(n, p) as written -> (n,) without a profile, on another scale, or unlike training."""
        sparse = np.isnan(raw).mean(axis=1) > MISSING_AT_MOST
        far = self.sizes(transformed(raw, self.scale)) > self.limit
        return np.asarray(sparse | others(raw, self.scale) | far)

    def outside(self, raw: Doubles) -> tuple[str, ...]:
        """(1, p) as written -> sentences that say how it is unlike the training data."""
        if np.isnan(raw).all():
            return ("There is no profile of this patient.",)
        if np.isnan(raw).mean() > MISSING_AT_MOST:
            return ("Most of the model's genes were not measured.",)
        if others(raw, self.scale)[0]:
            return (f"Its values are on another scale than the {self.scale} of training.",)
        size = float(self.sizes(transformed(raw, self.scale))[0])
        if size <= self.limit:
            return ()
        return (
            f"Its genes lie further from the typical patient of training than those of patients "
            f"who were held out: {size:.2f} standard deviations in the root mean square; up to "
            f"{self.limit:.2f} is familiar.",
        )

    def sizes(self, values: Doubles) -> Doubles:
        """(n, p) logarithms -> (n,) root mean square of standardised genes, over folds."""
        each = [
            np.sqrt((self.folds[fold].encoder.standardised(values) ** 2).mean(axis=1))
            for fold in self.which
        ]
        return np.asarray(np.mean(each, axis=0))

    def risks(self, values: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        """(n, p) logarithms -> (n, k) value, low and high."""
        each = self.of_members(values)
        members = [self.pooled(one[None]) for one in each]
        return round_pooled(self.outcome.quantities, self.pooled(each), members, self.spread)

    def scores(self, values: Doubles) -> Doubles:
        """(n, p) logarithms -> (n, k), on the scale on which shares add up."""
        return self.pooled(self.of_members(values))

    def pooled(self, cells: Doubles) -> Doubles:
        """(m, n, c) calibrated log probabilities -> (n, k)."""
        return learning(self.outcome).scores(self.outcome, normalised(cells.mean(axis=0)))

    def of_members(self, values: Doubles) -> Doubles:
        """(n, p) -> (m, n, c) calibrated log probabilities of each member that speaks."""
        parts = [
            self._calibrated(self.said(values[k : k + ROWS_AT_ONCE]))
            for k in range(0, max(len(values), 1), ROWS_AT_ONCE)
        ]
        return np.concatenate(parts, axis=1)

    def said(self, values: Doubles) -> Doubles:
        """(n, p) -> (sources, m, n, c) log probabilities of both ridge regressions, and of
        networks where there are any, of each member that speaks."""
        ridge, columns = self.read(values)
        kind, speaking = learning(self.outcome), list(self.speaking)
        found = list(kind.log_cells(self.outcome, ridge))
        if self.network is not None:
            logits = predict_logits(self.network, columns).astype(np.float64)[:, speaking, 0]
            found.append(kind.log_cells(self.outcome, np.moveaxis(logits, 1, 0)))
        return np.stack(found)

    def read(self, values: Doubles) -> tuple[Doubles, NDArray[np.float32]]:
        """(n, p) -> (2, m, n, outputs) logits of ridge regressions that speak, and (n, members,
        components) as the networks of all members read it; zeros for those that do not speak."""
        width = self.architecture.numbers if self.architecture else 0
        columns = np.zeros((len(values), len(self.members), width), dtype=np.float32)
        logits = {}
        for fold in self.which:
            encoder = self.folds[fold].encoder
            genes = encoder.standardised(values)
            components = genes @ encoder.axes
            for k, one in enumerate(self.members):
                if one.fold == fold:
                    logits[k] = [genes @ x.weights + x.start for x in one.linear]
                    columns[:, k, : components.shape[1]] = components[:, :width]
        each = np.stack([np.stack(logits[k]) for k in self.speaking])
        return np.moveaxis(each, 1, 0), columns

    def _calibrated(self, said: Doubles) -> Doubles:
        """(sources, m, n, c) -> (m, n, c)."""
        found = []
        for position, k in enumerate(self.speaking):
            calibration = self.folds[self.members[k].fold].calibration
            weights = np.array(calibration.weights[: len(said)])
            mixed = np.tensordot(weights, said[:, position], 1)
            none = (0.0,) * said.shape[-1]
            found.append(normalised(mixed + np.array(calibration.intercepts or none)))
        return np.stack(found)


def names_of(cohort: Cohort, column: str) -> list[str]:
    """(n,) the names of profiles, empty for none."""
    return [one if isinstance(one, str) else "" for one in cohort.table[column]]


def rows_with_profile(cohort: Cohort, column: str) -> NDArray[np.bool_]:
    """(n,) there is one."""
    there = set(cohort.profiles.ids) if cohort.profiles else set()
    return np.array([one in there for one in names_of(cohort, column)], dtype=bool)


def digests(raw: Doubles) -> list[str]:
    """(n, p) -> what stands in each profile, told in few letters: the same under any name."""
    rounded = np.nan_to_num(np.round(raw, 4), nan=-1e30).astype(np.float32) + np.float32(0)
    return [hashlib.blake2b(row.tobytes(), digest_size=16).hexdigest() for row in rounded]


def identified(cohort: Cohort, column: str, raw: Sequence[Sequence[float]] | Doubles) -> Cohort:
    """The cohort with what stands in each profile instead of its name, by which it is known."""
    told = pd.array(digests(np.asarray(raw)), dtype="str")
    return replace(cohort, table=cohort.table.assign(**{column: told}))
