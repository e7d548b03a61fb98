"""Relatives and duplicates among the patients of a cohort, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.genotypes import MISSING
from pmed_core.modalities.variants.builds import AUTOSOMES
from pmed_core.modalities.variants.kinship import (
    SITES_AT_LEAST,
    Pair,
    families,
    informative,
    related,
)
from pmed_core.quantity import counted

NAMED = 3
CALLED = 0.5
"""Share of a file's patients in whom a variant must have been called."""


@dataclass(frozen=True)
class Relatives:
    """Who belongs together.

    Attributes:
        pairs: of the cohort's rows, by position.
        family: (n,) a number for each row, the same for relatives.
        counted: how many there are, in a sentence that names nobody.
        sentence, remedy: the same with some of their names, and what to do.
        sites: by so many variants it was told; 0 where there are too few to tell.
    """

    pairs: tuple[Pair, ...]
    family: NDArray[np.int64]
    counted: str
    sentence: str
    remedy: str
    sites: int

    @property
    def same(self) -> int:
        """Pairs of samples that are one person."""
        return sum(pair.same for pair in self.pairs)


def relatives(cohort: Cohort, column: str) -> Relatives:
    """Among all rows with variants."""
    assert cohort.genotypes is not None  # noqa: S101 - the caller looked
    there = np.flatnonzero(cohort.table[column].notna().to_numpy())
    samples = cohort.table[column].iloc[there].tolist()
    columns = [cohort.genotypes.places[one] for one in samples]
    autosomal = cohort.genotypes.sites["chromosome"].isin(AUTOSOMES).to_numpy()
    copies = cohort.genotypes.copies()[:, columns]
    sites = informative(copies, autosomal)
    found = tuple(
        Pair(int(there[p.first]), int(there[p.second]), p.kinship, p.opposite)
        for p in related(copies[sites])
    )
    untold = "".join(f" {one}" for one in _untold(copies[sites], "{are} related to others"))
    nameless, _ = _words(found, (), len(sites))
    sentence, remedy = _words(found, tuple(map(str, cohort.patients())), len(sites))
    nameless, sentence = nameless + untold, sentence + untold
    family = families(found, len(cohort))
    return Relatives(found, family, nameless, sentence, remedy, len(sites))


def _untold(copies: NDArray[np.int8], whether: str) -> tuple[str, ...]:
    """What is said of those in whom too few of (v, n) informative sites were called to tell."""
    few = int(((copies != MISSING).sum(axis=0) < SITES_AT_LEAST).sum())
    if not few or len(copies) < SITES_AT_LEAST:
        return ()
    are, each = ("is", "this patient") if few == 1 else ("are", "each")
    return (
        f"Whether {counted(few, 'patient')} {whether.format(are=are)} cannot be told: fewer than "
        f"{SITES_AT_LEAST} of the common variants that this takes were called in {each}.",
    )


def _words(pairs: tuple[Pair, ...], ids: tuple[str, ...], sites: int) -> tuple[str, str]:
    if not sites or (not pairs and sites < 200):
        return (
            "There are too few common variants to tell whether patients are related: relatives may "
            "be on both sides of a split.", "",
        )  # fmt: skip
    by = f"by KING-robust kinship at {counted(sites, 'common variant')}"
    if not pairs:
        return f"No patients are first-degree relatives or one person twice, {by}.", ""
    same = [pair for pair in pairs if pair.same]
    close = [pair for pair in pairs if not pair.same]
    told = []
    if same:
        told.append(
            f"{counted(len(same), 'pair')} of samples {'is' if len(same) == 1 else 'are'} one "
            f"person twice, or identical twins{_shown(same, ids)}"
        )
    if close:
        told.append(
            f"{counted(len(close), 'pair')} {'is' if len(close) == 1 else 'are'} first-degree "
            f"relatives{_shown(close, ids)}"
        )
    sentence = f"{' and '.join(told)}, {by}. They stay on one side of every split."
    return sentence, "Keep one row of a person who is in the cohort twice." if same else ""


def _shown(pairs: list[Pair], ids: tuple[str, ...]) -> str:
    if not ids:
        return ""
    first = ", ".join(f"{ids[p.first][:30]} and {ids[p.second][:30]}" for p in pairs[:NAMED])
    return f" ({first}{' …' * (len(pairs) > NAMED)})"


def related_to(
    copies: tuple[NDArray[np.int8], NDArray[np.int8]], autosomal: NDArray[np.bool_]
) -> tuple[str, ...]:
    """How many of some patients are, or are closely related to, others: what is to be said of it.
    It names nobody, for it is kept with an evaluation, which is seen by those too who may see no
    patient.

    Args:
        copies: (V, m) of the others, whom a model learnt from, and (V, n) of these.
        autosomal: (V,) of the same variants.
    """
    others, mine = copies
    sites = informative(others, autosomal)
    sites = sites[(mine[sites] != MISSING).mean(axis=1) >= CALLED]
    if len(sites) < SITES_AT_LEAST:
        return (
            "Whether patients of this file are related to those of training cannot be told: of "
            f"the common variants that this takes, {len(sites):,} were called here.",
        )
    said = _untold(mine[sites], "of this file {are} related to those of training")
    both = np.concatenate([others[sites], mine[sites]], axis=1)
    first = others.shape[1]
    pairs = related(both)
    found = {p.second for p in pairs if p.first < first <= p.second}
    if not found:
        return said
    one = len(found) == 1
    return (
        *said,
        f"{counted(len(found), 'patient')} of this file {'is' if one else 'are'}, or "
        f"{'is' if one else 'are'} closely related to, "
        f"{'a patient' if one else 'patients'} in training, by KING-robust kinship at "
        f"{counted(len(sites), 'common variant')}: the model knows part of their genomes, and "
        "scores are too good.",
    )
