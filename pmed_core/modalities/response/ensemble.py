"""All between a profile, the structure of a drug, and what is said of the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.molecule.domain import Domain
from pmed_core.modalities.molecule.ensemble import structures as canonical
from pmed_core.modalities.molecule.features import environments, features
from pmed_core.modalities.response import Response, columns_of
from pmed_core.modalities.response import network as networks
from pmed_core.modalities.response.factors import Drugs, Encoder, Structures
from pmed_core.modalities.response.intervals import Ends
from pmed_core.modalities.response.novelty import Novelty
from pmed_core.outcomes import Number, Outcome
from pmed_core.predictions import Predictions
from pmed_core.profiles import Profiles
from pmed_core.variable import Variable

Doubles = NDArray[np.float64]
MISSING_AT_MOST = 0.5
"""Share of a model's genes that other profiles may lack."""


@dataclass(frozen=True)
class Fold:
    """What one outer fold learnt.

    Attributes:
        drugs: (R, d) and so on; of those that it did not measure as their structures tell.
        measured: (d,) by a line of the fold.
        weights, start: from components to factors.
        blend: the share of the networks.
        own: (o, R) of known lines, in the order of ``ResponseEnsemble.known``.
    """

    encoder: Encoder
    drugs: Drugs
    measured: NDArray[np.bool_]
    structures: Structures
    weights: Doubles
    start: Doubles
    blend: float
    own: Doubles


@dataclass(frozen=True)
class Known:
    """The d drugs of training, and o lines whose own measurements count, by a digest of their
    profiles; none where the question is about new lines."""

    names: tuple[str, ...]
    smiles: tuple[str, ...]
    lines: NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class ResponseEnsemble:
    """Folds and their networks.

    Attributes:
        variables: profiles and molecules, in that order.
        genes: p names that profiles are read by.
        network: of all folds, each with as many networks; None for the linear model.
        domain: structures of the training drugs.
        novelty: what profiles it has seen.
        ends: how wide the intervals are, and what is said of the other lines.
        which: the folds that speak.
    """

    outcome: Number
    variables: tuple[Variable, ...]
    genes: tuple[str, ...]
    folds: tuple[Fold, ...]
    known: Known
    network: keras.Model | None
    domain: Domain
    novelty: Novelty
    ends: Ends
    which: tuple[int, ...]

    guarded = True
    """A profile or a drug unlike those of training is noticed."""

    @property
    def explainable(self) -> tuple[str, ...]:
        """The response, and any of the drugs it knows."""
        return (*self.outcome.labels, *self.known.names)

    def panel(self) -> Doubles:
        """Nothing: a number has no measure of ranks that hangs on the folds."""
        return np.empty((0, 0, 0))

    def facts(self) -> dict[str, Any]:
        """What a card says of it."""
        weights = self.network.count_params() if self.network else 0
        return {
            "weights": int(weights), "trees": 0, "genes": len(self.genes),
            "drugs": len(self.known.names), "similarity_at_least": round(self.domain.limit, 3),
        }  # fmt: skip

    def stated(self, outcome: Outcome) -> ResponseEnsemble:
        """Itself: a number has no times."""
        return self

    def of_fold(self, fold: int) -> ResponseEnsemble:
        """What was trained in one outer fold alone."""
        return replace(self, which=(fold,))

    def as_cohort(self, patients: Cohort | pd.DataFrame) -> Cohort:
        """The rows with this outcome; raises ``UserError`` where an input is absent."""
        if isinstance(patients, pd.DataFrame):
            patients = Cohort("table", patients.reset_index(drop=True), self.variables)
        names = [v.name for v in self.variables]
        if absent := [name for name in names if name not in patients.table.columns]:
            raise UserError(
                f"The model reads a column '{absent[0]}', which is missing", patients.name,
                "Join the file of profiles (in the shell --join KEY=FILE), and give the molecules "
                "as SMILES.",
            )  # fmt: skip
        if patients.profiles is None:
            raise UserError(
                f"The numbers that '{names[0]}' names are missing", patients.name,
                "Join the file of profiles.",
            )  # fmt: skip
        return replace(patients, outcome=self.outcome)

    def values(self, profiles: Profiles) -> Doubles:
        """(m, p) of these profiles by the model's genes, NaN where one has none; raises
        ``UserError`` where most are absent."""
        place = _columns(profiles)
        columns = np.array([place.get(name, -1) for name in self.genes])
        if (absent := int((columns < 0).sum())) > MISSING_AT_MOST * len(columns):
            named = ", ".join(g for g, c in zip(self.genes, columns, strict=True) if c < 0)[:80]
            raise UserError(
                f"{absent:,} of the model's {len(columns):,} genes are not in the profiles",
                profiles.ids[0] if profiles.ids else "", f"Give them under their names: {named} …",
            )  # fmt: skip
        found = np.asarray(profiles.values, dtype=np.float64)[:, columns]
        found[:, columns < 0] = np.nan
        return found

    def gaps(self, profiles: Profiles | None) -> tuple[str, ...]:
        """What is to be said where profiles lack some of the model's genes."""
        absent = len(set(self.genes) - _columns(profiles).keys()) if profiles else 0
        if not absent:
            return ()
        return (
            f"{absent:,} of the model's {len(self.genes):,} genes are not in the profiles and "
            "count as typical.",
        )

    def factors(self, values: Doubles, fold: int) -> Doubles:
        """(m, p) -> (m, R) as one fold tells them from the profiles alone."""
        of = self.folds[fold]
        components = of.encoder(values)
        told = of.start + components @ of.weights
        if self.network is None or not of.blend:
            return told
        own = slice(*(np.array([fold, fold + 1]) * self._each))
        count = self.network.input_shape[2]
        every = np.zeros((len(values), *self.network.input_shape[1:]), dtype=np.float32)
        every[:, own] = components[:, None, :count] * networks.SCALE
        said = networks.told(self.network, every)[:, own].mean(axis=1)
        return np.asarray((1 - of.blend) * told + of.blend * said, dtype=np.float64)

    @property
    def _each(self) -> int:
        """Networks of a fold."""
        return int(self.network.input_shape[1]) // len(self.folds) if self.network else 0

    def table(self, values: Doubles, asked: Asked, own: bool = True) -> Doubles:
        """(m, p) lines -> (m, k) responses to k drugs, a mean over the folds that know each;
        ``own``: with what known lines' own measurements add."""
        total = np.zeros((len(values), len(asked.place)))
        weight = np.zeros(len(asked.place))
        known, hashes = asked.place >= 0, digests(values)
        for fold in self.which:
            of = self.folds[fold]
            drugs = of.structures(asked.similar)
            measured = known & of.measured[asked.place]
            mean = np.where(known, of.drugs.mean[asked.place], drugs.mean)
            spread = np.where(known, of.drugs.spread[asked.place], drugs.spread)
            loadings = np.where(known, of.drugs.loadings[:, asked.place], drugs.loadings)
            factors = self.factors(values, fold) + own * self._own(hashes, of)
            counted = np.where(measured, 1.0, 1e-6)
            total += counted * (mean + spread * (factors @ loadings))
            weight += counted
        return np.asarray(total / weight)

    def _own(self, hashes: NDArray[np.uint64], of: Fold) -> Doubles:
        """(m, R) what the lines' own measurements add, where they are known."""
        found = np.zeros((len(hashes), len(of.start)))
        order = {int(one): row for row, one in enumerate(self.known.lines)}
        for row, one in enumerate(hashes):
            if int(one) in order:
                found[row] = of.own[order[int(one)]]
        return found

    def asked(self, smiles: Sequence[str]) -> Asked:
        """k structures in canonical SMILES, each once."""
        where = {one: place for place, one in enumerate(self.known.smiles)}
        bits = environments(features(list(smiles)))
        return Asked(
            np.array([where.get(one, -1) for one in smiles], dtype=np.int64),
            self.domain.similarities(bits),
        )

    def predict(self, cohort: Cohort) -> Predictions:
        """What is said of n pairs; those without a profile or a structure are outside, and their
        numbers mean nothing."""
        pairs = of_pairs(cohort, self.variables)
        said, outside = np.full(len(cohort), np.nan), np.ones(len(cohort), dtype=bool)
        drugs = np.full(len(cohort), -1)
        if len(pairs.rows) and cohort.profiles is not None:
            values, asked = self.values(cohort.profiles)[pairs.used], self.asked(pairs.smiles)
            said[pairs.rows] = self.table(values, asked)[pairs.line, pairs.drug]
            strange = self.novelty.flags(values, self.folds[0].encoder)[pairs.line]
            far = asked.similar.max(axis=1) < self.domain.limit
            outside[pairs.rows] = strange | far[pairs.drug]
            drugs[pairs.rows] = asked.place[pairs.drug]
        said = np.where(np.isfinite(said), said, float(self.ends.middle))
        value, low, high = self.ends.of(said, drugs, self.outcome)
        target = self.outcome.unknown(len(cohort))
        if self.outcome.column in cohort.table.columns:
            target = self.outcome.target(cohort.table)
        return Predictions(
            tuple(cohort.patients()), self.outcome.labels, value[:, None], low[:, None],
            high[:, None], target.observed, outside, self.outcome.interval, actual=target.actual,
            of=Response.one,
        )  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """k drugs: the place of each among those of training, -1 for none, and (k, d) how similar it is
    to them."""

    place: NDArray[np.int64]
    similar: Doubles


@dataclass(frozen=True)
class Pairs:
    """The rows that have a profile and a structure.

    Attributes:
        rows: (r,) positions.
        used: (m,) rows of the profiles that are named.
        line, drug: (r,) positions in ``used`` and ``smiles``.
        smiles: k structures in canonical SMILES.
    """

    rows: NDArray[np.int64]
    used: NDArray[np.int64]
    line: NDArray[np.int64]
    drug: NDArray[np.int64]
    smiles: tuple[str, ...]


def _columns(profiles: Profiles) -> dict[str, int]:
    """Name -> column, also by the names that they have beside those of other files."""
    each = enumerate(zip(profiles.told_apart, profiles.names, strict=True))
    return {name: column for column, names in each for name in names}


def of_pairs(cohort: Cohort, variables: Sequence[Variable]) -> Pairs:
    """The pairs of a cohort with these inputs."""
    profile, molecule = columns_of(variables)
    places = cohort.profiles.places if cohort.profiles else {}
    line = cohort.table[profile].map(places).fillna(-1).to_numpy(dtype=np.int64)
    texts = pd.Series(cohort.table[molecule].unique())
    smiles = dict(zip(texts, canonical(texts), strict=True))
    drug = cohort.table[molecule].map(smiles).fillna("").to_numpy(dtype=object)
    rows = np.flatnonzero((line >= 0) & (drug != ""))
    found, lines = np.unique(line[rows], return_inverse=True)
    used = found.astype(np.int64)
    codes, kept = pd.factorize(drug[rows], sort=True)
    return Pairs(rows, used, lines, codes.astype(np.int64), tuple(map(str, kept)))


def digests(values: Doubles) -> NDArray[np.uint64]:
    """(m, p) -> (m,) a number for each profile, by what stands in it."""
    rounded = np.round(np.nan_to_num(values, nan=-1e6), 4) + 0.0
    hashed = pd.util.hash_pandas_object(pd.DataFrame(rounded), index=False)
    return np.asarray(hashed.to_numpy(dtype=np.uint64))
