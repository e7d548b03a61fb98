"""Polygenic scores: the sum over a score's variants of its weight times copies of its allele.

Matching as in the PGS Catalog Calculator (Lambert et al., medRxiv 2024.05.29.24307783): by place
and both alleles, without what these share, on the forward strand or the reverse. Of an allele pair
that is its own complement (A/T, C/G) the strand cannot be seen: such variants count as on the
forward strand where nearly all others lie there, else not at all. What the file does not have is
not taken for the reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.genome.told import GROUP_AT_LEAST, Matched, PolygenicScores
from pmed_core.genome.weights import Weights
from pmed_core.genotypes import ALTERNATIVE, HAPLOID, REFERENCE, UNKNOWN, Genotypes, trimmed

Doubles = NDArray[np.float64]
MATCHED_AT_LEAST = 0.75
"""Of a score's variants (the default of the PGS Catalog Calculator)."""
SEEN_AT_LEAST, FORWARD_AT_LEAST = 20, 0.99
"""Variants whose strand is seen, and share of them on the forward strand, from which on those whose
strand is not seen are taken to lie there too."""
SAMPLES_AT_LEAST = 50
"""Called samples from which a frequency is taken where a call is missing."""
COMPLEMENT = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True, eq=False)
class _Found:
    """Which rows of a score count.

    Attributes:
        variants: (k,) their numbers among the rows of the score.
        sites: (k,) rows of the genotypes.
        codes: (k,) what is counted there: ``ALTERNATIVE`` or ``REFERENCE``.
    """

    variants: NDArray[np.int64]
    sites: NDArray[np.int64]
    codes: NDArray[np.uint8]


def score(
    weights: Weights, genotypes: Genotypes, patients: Sequence[str], *,
    build: str = "", groups: tuple[str, ...] = (),
) -> PolygenicScores:  # fmt: skip
    """The score of every sample, which are the ``patients`` in their order; NaN where a call is
    missing and nobody knows how frequent the allele is.

    ``build``: what a user says where a file does not tell; ``groups`` of the samples.

    Raises ``UserError`` where the builds differ or nobody tells, or too few variants are there.
    """
    of = _agreed(weights, genotypes, build)
    found, told = _matches(weights.rows, genotypes.sites)
    _counted_once(found, weights)
    variants, many = len(weights.rows), len(found.variants)
    if many < MATCHED_AT_LEAST * variants:
        raise UserError(
            f"Only {many:,} of {variants:,} variants of the score are in the genomes (at least "
            f"{100 * MATCHED_AT_LEAST:.0f} % are needed)", weights.name,
            "Bring in genomes that were imputed, or in which every place of the score was called.",
        )  # fmt: skip
    sums, filled = _sums(weights.rows.iloc[found.variants], genotypes, found)
    absolute = weights.rows["weight"].abs().to_numpy()
    share = float(absolute[found.variants].sum() / max(absolute.sum(), 1e-300))
    missing = float(filled.sum() / max(many * len(sums), 1))
    return PolygenicScores(
        weights.name, weights.trait, of, Matched(variants, many, share, **told, missing=missing),
        tuple(patients), tuple(sums.tolist()), tuple(filled.tolist()),
        tuple(percentiles(sums).tolist()), groups, tuple(_within(sums, groups).tolist()),
        (*weights.notes, *_of_one_allele(genotypes, found)),
    )  # fmt: skip


def _counted_once(found: _Found, weights: Weights) -> None:
    """Raise ``UserError`` where two rows of the score are one variant of the genomes, told from the
    other strand or by its other allele."""
    order, first = np.unique(found.sites, return_index=True)
    if len(order) == len(found.sites):
        return
    again = weights.rows.iloc[found.variants[np.setdiff1d(np.arange(len(found.sites)), first)[0]]]
    raise UserError(
        f"Two rows of the score are the same variant, at position {again['position']:,} of "
        f"chromosome {again['chromosome']}", weights.name, "Keep the one that is meant.",
    )  # fmt: skip


def _of_one_allele(genotypes: Genotypes, found: _Found) -> tuple[str, ...]:
    """What is to be said of haploid calls, of which programs count one copy or two."""
    many = sum(int(np.count_nonzero(genotypes.calls[site] & HAPLOID)) for site in found.sites)
    if not many:
        return ()
    have, count = ("call has", "counts") if many == 1 else ("calls have", "count")
    return (
        f"{many:,} {have} one allele, as on the X of men, and {count} one copy at most: compare "
        "men with men.",
    )


def _agreed(weights: Weights, genotypes: Genotypes, build: str) -> str:
    """The build of both."""
    mine, theirs = weights.build or build, genotypes.build or build
    if mine and theirs and mine != theirs:
        raise UserError(
            f"Its places are those of {mine}, those of the genomes of {theirs}", weights.name,
            f"Download the scoring file that is harmonised to {theirs}.",
        )  # fmt: skip
    if not mine or not theirs:
        untold = "The scoring file" if theirs else "The file of the genomes"
        raise UserError(
            f"{untold} does not tell the build of its positions", weights.name,
            "Say which build it is; the wrong one would match other variants.",
        )  # fmt: skip
    return mine


def _matches(rows: pd.DataFrame, sites: pd.DataFrame) -> tuple[_Found, dict[str, Any]]:
    """What counts, and the counts of ``Matched``."""
    keys = ["chromosome", "position"]
    left = rows[[*keys, "effect", "other"]].assign(variant=np.arange(len(rows)))
    right = sites[[*keys, "reference", "alternative", "passed"]].assign(site=np.arange(len(sites)))
    left = _without_shared(left, "effect", "other")
    right = _without_shared(right, "reference", "alternative")
    near = left.merge(right, on=keys, suffixes=("_there", ""))
    forward = _codes(near, near["effect"], near["other"])
    single = (near["effect"].str.len() == 1) & (near["reference"].str.len() == 1)
    turned = (near[one].str.translate(COMPLEMENT) for one in ("effect", "other"))
    reverse = np.where(single, _codes(near, *turned), UNKNOWN)
    either = near["other"].where(near["other"] != "", near["alternative"].where(
        near["effect"] == near["reference"], near["reference"]))  # fmt: skip
    twins = single & (near["effect"].str.translate(COMPLEMENT) == either)
    near = near.assign(
        code=np.where(forward != UNKNOWN, forward, reverse), turned=forward == UNKNOWN,
        otherwise=near["respelt_there"] != near["respelt"], twins=twins.to_numpy(),
    )  # fmt: skip
    # Of several rows of one variant that which is written as the score writes it.
    order = ["turned", "otherwise"]
    fits = near[near["code"] != UNKNOWN].sort_values(order, kind="stable")
    fits = fits.drop_duplicates("variant").sort_values("variant")
    seen = fits[~fits["twins"]]
    forward_share = 1 - seen["turned"].mean() if len(seen) >= SEEN_AT_LEAST else 0.0
    sure = forward_share >= FORWARD_AT_LEAST
    used = fits if sure else seen
    told = {
        "reverse": int(used["turned"].sum()), "ambiguous": int(fits["twins"].sum()),
        "ambiguous_used": bool(sure), "absent": len(rows) - near["variant"].nunique(),
        "other": near["variant"].nunique() - len(fits),
        "failed": int((~used["passed"].astype(bool)).sum()),
    }  # fmt: skip
    codes = used["code"].to_numpy(dtype=np.uint8)
    return _Found(used["variant"].to_numpy(), used["site"].to_numpy(), codes), told


def _without_shared(rows: pd.DataFrame, one: str, other: str) -> pd.DataFrame:
    """With two alleles as short as they can be written, and whether that is shorter than they
    were."""
    long = (rows[one].str.len() > 1) & (rows[other].str.len() > 1)
    cells = ["position", one, other]
    short = [trimmed(int(p), str(a), str(b)) for p, a, b in rows.loc[long, cells].itertuples(False)]
    found = rows.assign(respelt=long)
    if short:
        found.loc[long, cells] = pd.DataFrame(short, columns=cells, index=found.index[long])
    return found


def _codes(near: pd.DataFrame, effect: pd.Series, other: pd.Series) -> NDArray[np.uint8]:
    """What is counted at each site; ``UNKNOWN`` where the alleles are not those of the score."""
    untold = other == ""
    alternative = (effect == near["alternative"]) & (untold | (other == near["reference"]))
    reference = (effect == near["reference"]) & (untold | (other == near["alternative"]))
    return np.where(alternative, ALTERNATIVE, np.where(reference, REFERENCE, UNKNOWN)).astype(
        np.uint8
    )


def _sums(
    rows: pd.DataFrame, genotypes: Genotypes, found: _Found
) -> tuple[Doubles, NDArray[np.int64]]:
    """(m,) sums, and how many calls of each were missing."""
    many = len(genotypes.samples)
    sums, filled = np.zeros(many), np.zeros(many, dtype=np.int64)
    weights, frequencies = (rows[name].to_numpy(dtype=float) for name in ("weight", "frequency"))
    models = rows["model"].tolist()
    for k, site in enumerate(found.sites):
        calls = np.asarray(genotypes.calls[site])
        first, second, alone = calls & 3, calls >> 2 & 3, (calls & HAPLOID) > 0
        missing = (first == UNKNOWN) | (~alone & (second == UNKNOWN))
        copies = (first == found.codes[k]).astype(float) + (~alone & (second == found.codes[k]))
        alleles, frequency = 2.0 - alone, frequencies[k]
        if (~missing).sum() >= SAMPLES_AT_LEAST:
            frequency = copies[~missing].sum() / alleles[~missing].sum()
        copies[missing] = alleles[missing] * frequency
        filled += missing
        sums += weights[k] * _counted(copies, models[k], missing, frequency)
    return sums, filled


def _counted(copies: Doubles, model: str, missing: NDArray[np.bool_], frequency: float) -> Doubles:
    """What a weight is multiplied by; of who was not called, what is expected."""
    if model == "additive":
        return copies
    if model == "dominant":
        return np.where(missing, 1 - (1 - frequency) ** 2, copies >= 1)
    return np.where(missing, frequency**2, copies >= 2)


def percentiles(values: Doubles) -> Doubles:
    """Share of the others with a lower score, in percent, ties half; NaN of fewer than
    ``GROUP_AT_LEAST``."""
    known = np.isfinite(values)
    found = np.full(len(values), np.nan)
    if known.sum() >= GROUP_AT_LEAST:
        rank = pd.Series(values[known]).rank(method="average").to_numpy()
        found[known] = 100 * (rank - 0.5) / known.sum()
    return found


def _within(values: Doubles, groups: tuple[str, ...]) -> Doubles:
    found, of = np.full(len(values), np.nan), np.array(groups, dtype=str)
    for group in sorted(set(groups) - {""}):
        mine = of == group
        found[mine] = percentiles(values[mine])
    return found
