"""What is worth knowing of sequences before training: copies, labels that contradict each other,
and short cuts that tell the outcome without any motif."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from pmed_core.cohort import Cohort
from pmed_core.modalities.sequence.letters import gc_of
from pmed_core.modalities.sequence.similar import copies, grouped
from pmed_core.outcomes.target import happened
from pmed_core.quality import Finding, Severity, Summary
from pmed_core.quantity import counted
from pmed_core.readers import table_quality
from pmed_core.variable import Kind, Role

Rows = NDArray[np.int64]
NAMED, ROWS_NAMED = 3, 100
TELLS, TELLS_MUCH = 0.6, 0.75
"""AUROC from which a short cut is worth a word, and a warning."""
ALIKE_AT_MOST = 50_000
"""Sequences among which near-identical ones are looked for before training."""
SHORT_CUT = (
    "Compare the model with this: it is among the baselines. Controls with the same {what} would "
    "show what motifs add."
)


def findings(cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
    """What is found in any table but for its sequences, and what is found of these."""
    columns = [v.name for v in cohort.inputs if v.kind is Kind.SEQUENCE]
    rest = tuple(replace(v, role=Role.IGNORE) if v.name in columns else v for v in cohort.variables)
    found = table_quality.findings(replace(cohort, variables=rest), summaries)
    for name in columns:
        found += _of_sequences(cohort, name)
    return found


def _of_sequences(cohort: Cohort, name: str) -> list[Finding]:
    there = np.flatnonzero(cohort.table[name].notna())
    letters = list(cohort.table[name].iloc[there])
    found = [_unread(name, len(cohort) - len(there), len(cohort))]
    if len(letters) < 2:
        return found
    same = copies(letters)
    found += [_repeated(same, name, there), _near(letters, name)]
    if cohort.outcome is not None:
        found.append(_conflicts(cohort, name, same, there))
        found += _short_cuts(cohort, name, letters, there)
    return found


def _unread(name: str, without: int, rows: int) -> Finding:
    if not without:
        return Finding("unread sequences", Severity.CLEAN, f"Every row of '{name}' has a sequence.")
    return Finding(
        "unread sequences", Severity.NOTE,
        f"{without:,} of {rows:,} rows of '{name}' hold no sequence that can be read, and are not "
        "learnt from.", "The account of reading says which and why.", (name,),
    )  # fmt: skip


def _repeated(same: Rows, name: str, there: Rows) -> Finding:
    counts = np.bincount(same)
    twice = np.flatnonzero(counts > 1)
    if not len(twice):
        sentence = f"No sequence of '{name}' appears twice, reverse complements included."
        return Finding("same sequence twice", Severity.CLEAN, sentence)
    rows = there[np.isin(same, twice)]
    return Finding(
        "same sequence twice", Severity.NOTE,
        f"{counted(len(twice), 'sequence')} {'appears' if len(twice) == 1 else 'appear'} in "
        f"several rows ({len(rows):,} rows; a reverse complement counts as the same). These rows "
        "stay on one side of every split.", columns=(name,), rows=tuple(rows[:ROWS_NAMED].tolist()),
    )  # fmt: skip


def _near(letters: Sequence[str], name: str) -> Finding:
    title = "similar sequences"
    if len(letters) > ALIKE_AT_MOST:
        sentence = "Near-identical sequences are looked for when a model is trained."
        return Finding(title, Severity.CLEAN, sentence)
    groups, holds = grouped(letters)
    if not holds:
        return Finding(
            title, Severity.WARNING,
            f"Sequences of '{name}' overlap so much that they chain most of the cohort together.",
            "Keep one of those that overlap, or split by chromosome.", (name,),
        )  # fmt: skip
    many = int((np.bincount(groups)[groups] > 1).sum())
    if not many:
        sentence = "No two different sequences are nearly identical."
        return Finding(title, Severity.CLEAN, sentence)
    return Finding(
        title, Severity.NOTE,
        f"{many:,} of {len(letters):,} sequences have another that is nearly identical (40 % of "
        "the words of 14 letters in common, on either strand). They stay on one side of every "
        "split.", columns=(name,),
    )  # fmt: skip


def _conflicts(cohort: Cohort, name: str, same: Rows, there: Rows) -> Finding:
    """The same sequence with different labels."""
    title = "conflicting labels"
    told = np.array(happened(cohort.chosen_outcome(), cohort.target()), dtype=object)[there]
    known = cohort.target().observed[there] >= 0
    unlike = [
        rows for code in np.flatnonzero(np.bincount(same[known], minlength=1) > 1)
        if len(set(told[rows := np.flatnonzero((same == code) & known)])) > 1
    ]  # fmt: skip
    if not unlike:
        return Finding(title, Severity.CLEAN, "Copies of a sequence have the same outcome.")
    shown = "; ".join(
        f"row {there[rows[0]] + 1} ({', '.join(sorted(set(told[rows])))})"
        for rows in unlike[:NAMED]
    )
    rows = there[np.concatenate(unlike)]
    return Finding(
        title, Severity.WARNING,
        f"{counted(len(unlike), 'sequence')} {'has' if len(unlike) == 1 else 'have'} different "
        f"outcomes in different rows: {shown}{' …' * (len(unlike) > NAMED)}.",
        "Find out which holds, or leave these rows out: no model can learn both.",
        (name,), tuple(rows[:ROWS_NAMED].tolist()),
    )  # fmt: skip


def _short_cuts(cohort: Cohort, name: str, letters: Sequence[str], there: Rows) -> list[Finding]:
    """How well GC content and length alone tell the outcome."""
    observed = cohort.target().observed[there]
    lengths = np.array([len(one) for one in letters], dtype=np.float64)
    shares = np.array([gc_of(one) for one in letters])
    alone = {"GC content": shares, "length": lengths, "ambiguous letters": _ambiguous(letters)}
    return [_short_cut(name, what, auroc(values, observed)) for what, values in alone.items()]


def _ambiguous(letters: Sequence[str]) -> NDArray[np.float64]:
    plain = [sum(one.count(base) for base in "ACGT") for one in letters]
    return np.array([len(one) - p for one, p in zip(letters, plain, strict=True)], dtype=float)


def _short_cut(name: str, what: str, tells: float) -> Finding:
    title = f"short cut: {what}"
    if tells < TELLS:
        return Finding(title, Severity.CLEAN, f"The {what} of '{name}' alone tells no outcome.")
    return Finding(
        title, Severity.WARNING if tells >= TELLS_MUCH else Severity.NOTE,
        f"The {what} of '{name}' alone tells the outcome with an AUROC of {tells:.3f}: a model may "
        "learn that and no motif.", SHORT_CUT.format(what=what), (name,),
    )  # fmt: skip


def auroc(values: NDArray[np.float64], observed: NDArray[np.int64]) -> float:
    """Of a number for each row, in whichever direction; of several classes that which it tells
    best. 0.5 where nothing is known."""
    known = (observed >= 0) & np.isfinite(values)
    ranks, labels = rankdata(values[known]), observed[known]
    found = [0.5]
    for label in np.unique(labels):
        mine = labels == label
        many, others = int(mine.sum()), int((~mine).sum())
        if many and others:
            area = (ranks[mine].sum() - many * (many + 1) / 2) / (many * others)
            found.append(max(area, 1 - area))
    return float(max(found))
