"""All between the letters of a sequence and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.sequence import Sequence as Noun
from pmed_core.modalities.sequence import column_of
from pmed_core.modalities.sequence.kmers import Linear, Words, position_logits
from pmed_core.modalities.sequence.letters import (
    FRACTIONS,
    Codes,
    Unreadable,
    cleaned,
    encoded,
    gc_content,
    other_strand,
    turned,
)
from pmed_core.modalities.sequence.network import Architecture
from pmed_core.modalities.sequence.novelty import Novelty
from pmed_core.modalities.sequence.training import said_by
from pmed_core.networks.weights import assign
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.kinds import learning
from pmed_core.outcomes.spread import round_pooled
from pmed_core.predictions import Predictions
from pmed_core.training.calibration import Calibration, normalised
from pmed_core.variable import Variable

Doubles = NDArray[np.float64]
INTERVAL = "90 % of what models say that learnt from other parts of the data"
NOTHING = "No sequence could be read here."
SURE = 0.5
"""Share of the letters that must be there and unambiguous."""


@dataclass(frozen=True)
class Fold:
    """What one outer fold chose.

    Attributes:
        words: how k-mers are counted; ``words.both``: strands mean the same.
        calibration: weighs the sources of each of its members.
    """

    words: Words
    calibration: Calibration


@dataclass(frozen=True, eq=False)
class Member:
    """One network of a fold and the linear models that learnt from the same rows; those that the
    chosen model has."""

    fold: int
    network: Mapping[str, NDArray[Any]] | None = None
    words: Linear | None = None
    positions: Linear | None = None


@dataclass(frozen=True, eq=False)
class SequenceEnsemble:
    """Folds and their members.

    Attributes:
        variables: the column of sequences alone.
        length: letters that are read.
        architecture, network: of all networks: one model takes the weights of each in turn; None
            where there is none.
        spread: (k,) how far scores of models of other folds lie apart, a standard deviation.
        background: (b, length) synthetic sequences.
        which: the folds that speak.
        mirrored: both strands of a sequence are read alike, whatever its length; models kept before
            read the other one a place further.
    """

    outcome: Outcome
    variables: tuple[Variable, ...]
    length: int
    architecture: Architecture | None
    network: keras.Model | None
    folds: tuple[Fold, ...]
    members: tuple[Member, ...]
    spread: Doubles
    background: Codes
    novelty: Novelty
    which: tuple[int, ...]
    mirrored: bool = True

    guarded = True
    """A sequence that is made of other letters than those of training is noticed."""

    @property
    def explainable(self) -> tuple[str, ...]:
        """What can be explained: the k quantities."""
        return self.outcome.labels

    @property
    def column(self) -> str:
        """The column of sequences."""
        return column_of(self.variables)

    @property
    def speaking(self) -> tuple[Member, ...]:
        """The members of the folds that speak."""
        return tuple(one for one in self.members if one.fold in self.which)

    def panel(self) -> Doubles:
        """(f, b, k) scores that each outer fold gives the synthetic sequences."""
        each = [self.of_fold(fold).scores(self.background) for fold in self.which]
        return np.stack(each)

    def facts(self) -> dict[str, Any]:
        """What a card says of it."""
        networks = sum(one.network is not None for one in self.members)
        weights = networks * self.network.count_params() if self.network else 0
        strands = sum(fold.words.both for fold in self.folds)
        return {
            "weights": int(weights), "trees": 0, "length": self.length,
            "folds_of_both_strands": strands,
        }  # fmt: skip

    def stated(self, outcome: Outcome) -> SequenceEnsemble:
        """The same of another outcome."""
        return replace(self, outcome=outcome)

    def of_fold(self, fold: int) -> SequenceEnsemble:
        """What was trained in one outer fold alone."""
        return replace(self, which=(fold,))

    def as_cohort(self, patients: Cohort | pd.DataFrame) -> Cohort:
        """The rows with this outcome; raises ``UserError`` where the sequences are absent."""
        if isinstance(patients, pd.DataFrame):
            patients = Cohort("table", patients.reset_index(drop=True), self.variables)
        if self.column not in patients.table.columns:
            raise UserError(
                f"The model reads a column '{self.column}', which is missing", patients.name,
                "Give FASTA, or a table with the sequences under that name.",
            )  # fmt: skip
        return Cohort(
            patients.name, patients.table, patients.variables, self.outcome, patients.notes
        )

    def codes(self, cells: Sequence[object]) -> Codes:
        """(n, length) of n cells; nothing where there is no sequence."""
        return encoded([letters(cell) for cell in cells], self.length)

    def predict(self, cohort: Cohort) -> Predictions:
        """What is said of n rows; those without a sequence are outside, and their numbers mean
        nothing."""
        return self.predictions(cohort, self.codes(list(cohort.table[self.column])))

    def predictions(self, cohort: Cohort, codes: Codes) -> Predictions:
        """The same of a cohort's sequences (n, length), which are read already."""
        value, low, high = self.risks(codes)
        known = all(column in cohort.table.columns for column in self.outcome.columns)
        target = cohort.target() if known else self.outcome.unknown(len(cohort))
        return Predictions(
            tuple(cohort.patients()), self.outcome.labels, value, low, high, target.observed,
            self.unlike(codes), INTERVAL, of=Noun.one,
        )  # fmt: skip

    def unlike(self, codes: Codes) -> NDArray[np.bool_]:
        """(n, length) -> (n,) nothing that can be read, or made of other letters than training."""
        return _unsure(codes) | self.novelty.unlike(codes)

    def outside(self, codes: Codes) -> tuple[str, ...]:
        """(1, length) -> sentences that say how it is unlike the training data."""
        if not codes.any():
            return (NOTHING,)
        if _unsure(codes)[0]:
            return ("Most of its letters are ambiguous.",)
        if not self.novelty.unlike(codes)[0]:
            return ()
        typical = 100 * float(np.nanmean(gc_content(self.background)))
        return (
            f"It is made of other letters than the sequences of training: its GC content is "
            f"{100 * float(gc_content(codes)[0]):.0f} %, theirs about {typical:.0f} %, and "
            f"{int((codes > 0).sum()):,} of {self.length:,} places are filled (distance "
            f"{float(self.novelty.distances(codes)[0]):.1f}; up to {self.novelty.limit:.1f} is "
            "familiar).",
        )

    def risks(self, codes: Codes) -> tuple[Doubles, Doubles, Doubles]:
        """(n, length) -> (n, k) value, low and high."""
        each = self.of_members(codes)
        members = [self.pooled(one[None]) for one in each]
        return round_pooled(self.outcome.quantities, self.pooled(each), members, self.spread)

    def scores(self, codes: Codes) -> Doubles:
        """(n, length) -> (n, k), on the scale on which shares add up."""
        return self.pooled(self.of_members(codes))

    def pooled(self, cells: Doubles) -> Doubles:
        """(m, n, c) calibrated log probabilities -> (n, k)."""
        return learning(self.outcome).scores(self.outcome, normalised(cells.mean(axis=0)))

    def of_members(self, codes: Codes) -> Doubles:
        """(n, length) -> (m, n, c) calibrated log probabilities of each member that speaks."""
        return np.stack([self.calibrated(one, self.said(one, codes)) for one in self.speaking])

    def said(self, member: Member, codes: Codes) -> Doubles:
        """(n, length) -> (sources, n, c) log probabilities of the network, the k-mers, and the
        positions, as far as there are such."""
        words, found = self.folds[member.fold].words, list[Doubles]()
        if member.network is not None and self.network is not None:
            assign(self.network, member.network)
            turn = turned if self.mirrored else other_strand
            found.append(said_by(self.network, codes, words.both, turn))
        if member.words is not None:
            found.append(words.logits(member.words, codes))
        if member.positions is not None:
            found.append(position_logits(member.positions, codes))
        return learning(self.outcome).log_cells(self.outcome, np.stack(found))

    def calibrated(self, member: Member, said: Doubles) -> Doubles:
        """(sources, n, c) -> (n, c)."""
        calibration = self.folds[member.fold].calibration
        weights = np.array(calibration.weights[: len(said)])
        mixed = np.tensordot(weights, said, 1)
        return normalised(mixed + np.array(calibration.intercepts or (0.0,) * said.shape[-1]))


def letters(cell: object) -> str:
    """Of a cell; empty where there is no sequence."""
    try:
        return cleaned(cell).letters if isinstance(cell, str) else ""
    except Unreadable:
        return ""


def _unsure(codes: Codes) -> NDArray[np.bool_]:
    sure = (FRACTIONS.max(axis=1)[codes] == 1).sum(axis=1)
    return np.asarray(sure < SURE * np.maximum((codes > 0).sum(axis=1), 1))
