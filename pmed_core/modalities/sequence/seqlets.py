"""Short stretches that matter to a model, and the patterns that recur among them.

In the spirit of TF-MoDISco (Shrikumar et al., arXiv 1811.00416, 2018), with fewer parts: windows
whose letters together matter more than letters in any order would are cut out (seqlets); those
whose contributions look alike, shifted and on either strand, are one pattern; a pattern's letters,
counted place by place, are its matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.modalities.sequence.letters import COMPLEMENT, FRACTIONS, Codes

Doubles = NDArray[np.float64]
Ids = NDArray[np.int64]
CORE, FLANK, SHIFT = 7, 4, 5
"""Letters that are found together, those kept on either side of them, and how far two seqlets may
be moved against each other."""
WIDTH = CORE + 2 * FLANK
FALSE = 0.1
"""Share of seqlets that letters in any order would give as well."""
SEQLETS_AT_MOST, LOOKS, ROUNDS = 2000, 5, 3
ALIKE, MERGED, JOINED = 0.8, 0.8, 0.7
"""Cosine of contributions from which on seqlets make a pattern, and patterns are one; and from
which on a seqlet belongs to the pattern that it is most like."""
REACH = 10
"""Places on either side of the middle of a seqlet that its matrix may have."""
INFORMATIVE, NARROWEST = 0.3, 4
"""Bits of a place at either end of a matrix, and places at the least."""
INSIDE = 0.5
"""Share of a pattern's seqlets that lie in those of a larger one: a part of it, not another."""


@dataclass(frozen=True, eq=False)
class Seqlets:
    """m stretches of ``WIDTH`` places.

    Attributes:
        row, middle: (m,) of which sequence, and its middle place there.
        told: (m, WIDTH, 4) what the letters add, by base.
    """

    row: Ids
    middle: Ids
    told: Doubles

    def __len__(self) -> int:
        return len(self.row)


NONE = Seqlets(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, WIDTH, 4)))


@dataclass(frozen=True, eq=False)
class Pattern:
    """Seqlets that look alike, aligned.

    Attributes:
        row, start: (s,) of which sequence, and where the matrix begins there; ``turned``: whether
            it is read on the other strand.
        counts: (w, 4) letters in all of them.
    """

    row: Ids
    start: Ids
    turned: NDArray[np.bool_]
    counts: Doubles

    @property
    def rows(self) -> Ids:
        """The different sequences."""
        return np.unique(self.row)


def seqlets(codes: Codes, contribution: Doubles, seed: int = 0) -> Seqlets:
    """(n, length) twice -> windows that together add more than the same letters in another order
    do, in nine of ten cases; they do not overlap.

    What is found is taken out and the rest looked at again, so that one strong pattern does not
    raise the limit for all others.
    """
    if codes.shape[1] < CORE:
        return NONE
    left, found = contribution.copy(), list[tuple[Ids, Ids, Doubles]]()
    for turn in range(LOOKS):
        row, middle, score = _peaks(left)
        kept = score >= _limit(score, _peaks(_reordered(left, seed + turn))[2])
        if not kept.any():
            break
        found.append((row[kept], middle[kept], score[kept]))
        for by in range(-(CORE // 2), CORE // 2 + 1):
            left[row[kept], middle[kept] + by] = 0
    if not found:
        return NONE
    row, middle, score = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.argsort(-score, kind="stable")[:SEQLETS_AT_MOST]
    row, middle, around = row[order], middle[order], FLANK + CORE // 2
    value = _around(contribution, row, middle, around)
    letters = FRACTIONS[_around(codes, row, middle, around)].astype(np.float64)
    return Seqlets(row, middle, letters * value[..., None])


def _reordered(contribution: Doubles, seed: int) -> Doubles:
    """What is not zero at other places of each sequence."""
    draw, found = np.random.default_rng(seed), np.zeros_like(contribution)
    for row, one in enumerate(contribution):
        there = one != 0
        found[row, there] = draw.permutation(one[there])
    return found


def _peaks(contribution: Doubles) -> tuple[Ids, Ids, Doubles]:
    """(row, middle, sum) of windows that do not overlap, the highest of each sequence first."""
    sums = np.lib.stride_tricks.sliding_window_view(contribution, CORE, axis=1).sum(axis=2)
    every, found = np.arange(len(sums)), list[tuple[Ids, Ids, Doubles]]()
    places = np.arange(sums.shape[1])
    for _ in range(-(-sums.shape[1] // CORE)):
        best = sums.argmax(axis=1)
        score = sums[every, best]
        mine = score > 0
        if not mine.any():
            break
        found.append((every[mine], best[mine] + CORE // 2, score[mine]))
        sums[np.abs(places - best[:, None]) < CORE] = -np.inf
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    row, middle, told = (np.concatenate(each) for each in zip(*found, strict=True))
    return row, middle, told


def _limit(score: Doubles, chance: Doubles) -> float:
    """The lowest sum from which on chance gives so few as ``FALSE`` of what there is."""
    order = np.sort(score)[::-1]
    by_chance = len(chance) - np.searchsorted(np.sort(chance), order, side="left")
    fits = np.flatnonzero(by_chance <= FALSE * np.arange(1, len(order) + 1))
    return float(order[fits[-1]]) if len(fits) else float("inf")


def _around(track: NDArray, row: Ids, middle: Ids, reach: int) -> NDArray:  # type: ignore[type-arg]
    """(n, length) -> (m, 2 reach + 1), 0 beyond either end, where a middle may lie too: a seqlet at
    an end can be moved."""
    beside = reach + SHIFT
    padded = np.pad(track, ((0, 0), (beside, beside)))
    return np.asarray(padded[row[:, None], middle[:, None] + np.arange(SHIFT, beside + reach + 1)])


def patterns(
    codes: Codes, found: Seqlets, least: int, *, both: bool, background: Doubles
) -> list[Pattern]:
    """What recurs in at least so many sequences, the most frequent first; ``both``: a stretch and
    its reverse complement are one."""
    grouped = _merged(_groups(found, least, both), found, both)
    told = [_pattern(codes, found, group, background) for group in grouped]
    kept = [one for one in told if one is not None and len(one.rows) >= least]
    return _without_parts(sorted(kept, key=lambda one: -len(one.rows)))


@dataclass(frozen=True, eq=False)
class _Group:
    """Members among the seqlets, with the shift and the strand by which each fits ``model``."""

    members: Ids
    shift: Ids
    turned: NDArray[np.bool_]
    model: Doubles


def _groups(found: Seqlets, least: int, both: bool) -> list[_Group]:
    """The largest neighbourhood first, learnt from again by what it looks like, then the next."""
    left, groups = np.arange(len(found)), list[_Group]()
    close = _fits(found.told, found.told, both)[0] >= ALIKE if len(found) else np.empty((0, 0))
    while len(left) >= least:
        near = close[np.ix_(left, left)]
        seed = int(near.sum(axis=1).argmax())
        if near[seed].sum() < least:
            break
        group = _learnt(found, left, found.told[left[seed]], both)
        if len(group.members) < least:
            # The one that had most neighbours is like none of what they look like together.
            left = np.delete(left, seed)
            continue
        groups.append(group)
        left = np.setdiff1d(left, group.members)
    return groups


def _learnt(found: Seqlets, left: Ids, model: Doubles, both: bool) -> _Group:
    """Those that look like a model, which becomes what they look like together, and again."""
    for _ in range(ROUNDS):
        group = _like(found, left, model, both)
        if not len(group.members):
            break
        model = _mean(found, group)
    return group


def _like(found: Seqlets, left: Ids, model: Doubles, both: bool) -> _Group:
    close, shift, turned = _fits(found.told[left], model[None], both)
    kept = close[:, 0] >= ALIKE
    return _Group(left[kept], shift[kept, 0], turned[kept, 0], model)


def _mean(found: Seqlets, group: _Group) -> Doubles:
    """(WIDTH, 4) of the members, aligned and of equal weight."""
    told = found.told[group.members]
    told = np.where(group.turned[:, None, None], told[:, ::-1, ::-1], told)
    moved = np.stack([_moved(one, by) for one, by in zip(told, group.shift, strict=True)])
    return np.asarray(_unit(moved).reshape(moved.shape).mean(axis=0))


def _moved(told: Doubles, by: int) -> Doubles:
    """(..., WIDTH, 4) so many places to the right, zeros behind."""
    out = np.zeros_like(told)
    if by >= 0:
        out[..., by:, :] = told[..., : WIDTH - by, :]
    else:
        out[..., :by, :] = told[..., -by:, :]
    return out


def _unit(told: Doubles) -> Doubles:
    """(m, WIDTH, 4) -> (m, WIDTH * 4) of length one."""
    flat = told.reshape(len(told), -1)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12))


def _fits(some: Doubles, models: Doubles, both: bool) -> tuple[Doubles, Ids, NDArray[np.bool_]]:
    """(a, b) the highest cosine of some seqlets with models, and the shift and the strand of the
    seqlet that give it."""
    models, best = _unit(models).T, np.full((len(some), len(models)), -1.0)
    shift, turned = np.zeros(best.shape, np.int64), np.zeros(best.shape, dtype=bool)
    norm = np.maximum(np.linalg.norm(some.reshape(len(some), -1), axis=1), 1e-12)[:, None]
    for other in (False, True)[: 1 + both]:
        told = some[:, ::-1, ::-1] if other else some
        for by in sorted(range(-SHIFT, SHIFT + 1), key=abs):
            close = (_moved(told, by).reshape(len(some), -1) @ models) / norm
            better = close > best + 1e-9
            best[better], shift[better], turned[better] = close[better], by, other
    return best, shift, turned


def _merged(groups: list[_Group], found: Seqlets, both: bool) -> list[_Group]:
    """Those that look alike as one; each seqlet then belongs to the group that it is most like."""
    models = list[Doubles]()
    for group in sorted(groups, key=lambda one: -len(one.members)):
        alike = (_fits(group.model[None], one[None], both)[0][0, 0] for one in models)
        if all(one < MERGED for one in alike):
            models.append(group.model)
    if not models:
        return []
    close, shift, turned = _fits(found.told, np.stack(models), both)
    of = np.where(close.max(axis=1) >= JOINED, close.argmax(axis=1), -1)
    rows = [np.flatnonzero(of == k) for k in range(len(models))]
    return [_Group(mine, shift[mine, k], turned[mine, k], models[k]) for k, mine in enumerate(rows)]


def _pattern(codes: Codes, found: Seqlets, group: _Group, background: Doubles) -> Pattern | None:
    """Its letters where they tell something; None where too few places do."""
    row = found.row[group.members]
    # Place j of the model is place j - shift of a seqlet, or that from its other end.
    middle = found.middle[group.members] + np.where(group.turned, group.shift, -group.shift)
    letters = _around(codes, row, middle, REACH)
    letters = np.where(group.turned[:, None], COMPLEMENT[letters[:, ::-1]], letters)
    shown = FRACTIONS[letters].astype(np.float64)
    first, last = _informative(shown.sum(axis=0), background)
    if last - first < NARROWEST:
        return None
    # On the other strand the matrix begins at its far end.
    start = middle + np.where(group.turned, REACH - last + 1, first - REACH)
    # Seqlets that came to lie on the same place of a sequence are one.
    once = np.sort(np.unique(np.stack([row, start]), axis=1, return_index=True)[1])
    counts = shown[once, first:last].sum(axis=0)
    return Pattern(row[once], start[once], group.turned[once], counts)


def _informative(counts: Doubles, background: Doubles) -> tuple[int, int]:
    """From where to where places tell something, in bits against the background."""
    share = shares(counts, background)
    bits = (share * np.log2(share / background)).sum(axis=1)
    there = np.flatnonzero(bits >= INFORMATIVE)
    return (int(there[0]), int(there[-1]) + 1) if len(there) else (0, 0)


def shares(counts: Doubles, background: Doubles) -> Doubles:
    """(w, 4) of each letter, with one more seqlet of the background."""
    return np.asarray((counts + background) / (counts.sum(axis=1, keepdims=True) + 1))


def _without_parts(found: list[Pattern]) -> list[Pattern]:
    """The larger first; those that lie inside of a larger one, at one distance, are part of it."""
    kept = list[Pattern]()
    for one in found:
        if not any(_inside(one, larger) for larger in kept):
            kept.append(one)
    return kept


def _inside(one: Pattern, larger: Pattern) -> bool:
    places = {(row, start) for row, start in zip(larger.row.tolist(), larger.start.tolist(),
                                                 strict=True)}  # fmt: skip
    wide = len(larger.counts) - len(one.counts) // 2
    lie = sum(
        any((row, start - by) in places for by in range(-(len(one.counts) // 2), wide))
        for row, start in zip(one.row.tolist(), one.start.tolist(), strict=True)
    )
    return lie >= INSIDE * len(one.row)
