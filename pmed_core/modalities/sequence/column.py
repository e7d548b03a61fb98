"""A column of DNA or RNA: recognised strictly, cleaned cell by cell, and accounted for."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from pmed_core.modalities.sequence.letters import LETTERS, Cleaned, Unreadable, cleaned
from pmed_core.quantity import counted
from pmed_core.readers.columns import missing
from pmed_core.readers.columns.asked import EXAMPLES, Asked, Cells, set_aside
from pmed_core.reading import Decision
from pmed_core.variable import Kind, Role, Variable

KINDS = (Kind.SEQUENCE,)
LOOKED_AT = 200
"""Distinct cells by which a column is recognised."""
CALLED = re.compile(r"(?<![a-z])(sequences?|seqs?|dna|rna|nucleotides?)(?![a-z])", re.IGNORECASE)
BLOCK = 10
"""Letters between two blanks, as programs write long sequences."""
SHORTEST, SHORTEST_CALLED = 20, 8
"""Letters of a cell, below which it may as well be a code; where the column says what it is."""
MOST = 0.9
PLAIN = 0.9
"""Share of the cells that must be sequences, and of their letters that must be A, C, G, T, U, N."""
OPTIONS = ("sequence", "category")
SAID = {
    "masked": "{letters} in {cells} of '{column}' were written small, as repeats are masked; they "
    "were read like the others.",
    "uracil": "{letters} U in {cells} of '{column}' were read as T: DNA and RNA are one here.",
    "ambiguous": "{letters} in {cells} of '{column}' stand for several bases (N, R, Y …); each "
    "counts as equal shares of them.",
}


def holds(cells: Cells, asked: Asked) -> bool:
    """Whether a column of unknown cells is one of sequences: as chosen, else where nearly all are
    long and of the letters of DNA or RNA, and not all of a single letter."""
    chosen = asked.choice("kind")
    if chosen:
        return chosen == "sequence"
    gone = missing.missing(cells, asked, numeric=False)
    texts = [_joined(str(text)) for text in cells.distinct[~gone] if text][:LOOKED_AT]
    shortest = SHORTEST_CALLED if CALLED.search(asked.column) else SHORTEST
    alike = [text for text in texts if len(text) >= shortest and LETTERS.fullmatch(text)]
    if len(texts) < 2 or len(alike) < MOST * len(texts):
        return False
    counts = Counter[str]()
    for text in alike:
        counts.update(text.upper())
    plain = sum(counts[base] for base in "ACGTUN")
    return plain >= PLAIN * counts.total() and sum(counts[base] > 0 for base in "ACGTU") > 2


def _joined(text: str) -> str:
    """Without the blanks between blocks of letters; short words stay apart, as those of a note."""
    blocks = text.split()
    return "".join(blocks) if all(len(one) >= BLOCK for one in blocks[:-1]) else text


def read(cells: Cells, asked: Asked) -> tuple[pd.Series[Any], tuple[Decision, ...]]:
    """(n,) capital letters of DNA with gaps where there is no sequence, and the account.

    No cell stops the reading: what is no sequence is named and set aside.
    """
    gone = missing.missing(cells, asked, numeric=False)
    found, reasons = list[Cleaned | None](), dict[int, str]()
    for position, text in enumerate(cells.distinct):
        try:
            found.append(None if gone[position] else cleaned(str(text)))
        except Unreadable as error:
            found.append(None)
            reasons[position] = str(error)
    known = pd.array([one.letters if one else None for one in found], dtype="str")
    decisions = [_kind(cells, found, asked)]
    if reasons:
        decisions.append(set_aside(cells, reasons, asked, "sequence"))
    decisions += [told for what in SAID if (told := _changed(cells, found, what, asked))]
    return pd.Series(known.take(cells.codes)), tuple(decisions)


def variable_of(column: str) -> Variable:
    """A column of sequences, as it is first read."""
    return Variable(column, Kind.SEQUENCE, Role.INPUT)


def _kind(cells: Cells, found: list[Cleaned | None], asked: Asked) -> Decision:
    there = np.array([one is not None for one in found], dtype=bool)
    rows = int(cells.counts[there].sum())
    lengths = sorted(len(one.letters) for one in found if one) or [0]
    long = (
        f"each of {lengths[0]:,} letters" if lengths[0] == lengths[-1]
        else f"of {lengths[0]:,} to {lengths[-1]:,} letters"
    )  # fmt: skip
    sentence = (
        f"'{asked.column}' holds sequences of DNA or RNA: {counted(rows, 'cell')}, "
        f"{counted(len({one.letters for one in found if one}), 'different sequence')}, {long}."
    )
    return Decision("kind", "sequence", sentence, asked.column, rows, (), OPTIONS)


def _changed(cells: Cells, found: list[Cleaned | None], what: str, asked: Asked) -> Decision | None:
    each = np.array([getattr(one, what) if one else 0 for one in found], dtype=np.int64)
    if not each.any():
        return None
    which = np.flatnonzero(each)
    rows = int(cells.counts[which].sum())
    letters = int((each * cells.counts).sum())
    sentence = SAID[what].format(
        letters=f"{letters:,}" if what == "uracil" else counted(letters, "letter"),
        cells=counted(rows, "cell"), column=asked.column,
    )  # fmt: skip
    shown = tuple(
        (str(cells.distinct[k])[:40], one.letters[:40])
        for k in which[:EXAMPLES] if (one := found[k])
    )  # fmt: skip
    return Decision(what, "read", sentence, asked.column, rows, shown)
