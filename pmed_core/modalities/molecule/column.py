"""A column of SMILES or InChI: recognised strictly, read one structure a cell, and accounted for.

RDKit is loaded only where cells have the signs of SMILES.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pmed_core.quantity import counted
from pmed_core.readers.columns import missing
from pmed_core.readers.columns.asked import EXAMPLES, Asked, Cells, set_aside
from pmed_core.reading import Decision
from pmed_core.variable import Kind, Role, Variable

if TYPE_CHECKING:
    from pmed_core.modalities.molecule.structures import Structure

    Found = list[Structure | None]

KINDS = (Kind.MOLECULE,)
LOOKED_AT = 200
"""Distinct cells by which a column is recognised."""
SIGNS = re.compile(r"[A-Za-z0-9@+\-\[\]()\\/%=#$:.*~]+")
INCHI = re.compile(r"InChI=1S?/\S+")
MARKS = re.compile(r"[A-Za-z\]][=#]|[=#][A-Za-z\[]|[A-Za-z\])]\(.*\)|\[.*\]|[A-Za-z]1.*1")
"""Of bonds, branches, bracketed atoms and rings, which words do not have."""
CALLED = re.compile(r"smiles|\bsmi\b", re.IGNORECASE)
OPTIONS = ("molecule", "category")
FEW_READ, MOST_READ = 0.5, 0.8
"""Share of the cells that must be structures: in a column that is called SMILES, and in others."""
BARS = re.compile(r"\s+\|[^|]*\|")
"""What follows a structure in CXSMILES."""
SAID = {
    "CXSMILES": "what stands between bars, as in CXSMILES, was read for radicals and stereo alone",
    "InChI": "InChI was converted to a structure",
    "atom numbers": "the numbers of atoms, as of a reaction, were taken off",
    "salt": "salts or solvents were stripped",
    "mixture": "mixtures were read as their largest part alone",
    "charge": "charges were neutralised",
    "isotope": "isotope labels were taken off",
    "metal": "a metal was kept, of which the features of molecules know little",
    "inorganic": "there is no carbon, and the features of molecules know little of them",
    "radical": "an atom has an unpaired electron, as where a hydrogen was left out",
}


def holds(cells: Cells, asked: Asked) -> bool:
    """Whether a column of unknown cells is one of molecules: as chosen, else where nearly all cells
    are valid SMILES and many could be nothing else."""
    chosen = asked.choice("kind")
    if chosen:
        return chosen == "molecule"
    gone = missing.missing(cells, asked, numeric=False)
    texts = [BARS.sub("", text) for text in cells.distinct[~gone] if text][:LOOKED_AT]
    called = bool(CALLED.search(asked.column))
    signs = sum(bool(SIGNS.fullmatch(text) or INCHI.fullmatch(text)) for text in texts)
    marked = sum(MARKS.search(text) is not None for text in texts)
    share = FEW_READ if called else MOST_READ
    if len(texts) < 2 or signs < share * len(texts) or (marked < 0.5 * len(texts) and not called):
        return False
    return sum(map(_is_molecule, texts)) >= share * len(texts)


def _is_molecule(text: str) -> bool:
    from pmed_core.modalities.molecule.structures import Unreadable, parsed

    try:
        return bool(parsed(text))
    except Unreadable:
        return False


def read(cells: Cells, asked: Asked) -> tuple[pd.Series[Any], tuple[Decision, ...]]:
    """(n,) canonical SMILES with gaps where there is no structure, and the account.

    No cell stops the reading: what is no structure is named and set aside.
    """
    from pmed_core.modalities.molecule.structures import Unreadable, standardised

    gone = missing.missing(cells, asked, numeric=False)
    found: Found = []
    reasons: dict[int, str] = {}
    for position, text in enumerate(cells.distinct):
        try:
            found.append(None if gone[position] else standardised(text))
        except Unreadable as error:
            found.append(None)
            reasons[position] = str(error)
    known = pd.array([one.smiles if one else None for one in found], dtype="str")
    decisions = [_kind(cells, found, asked)]
    if _is_molecule(asked.column):
        decisions.append(_named_as_one(asked.column))
    if reasons:
        decisions.append(set_aside(cells, reasons, asked, "molecule"))
    decisions += [told for change in SAID if (told := _changed(cells, found, change, asked))]
    return pd.Series(known.take(cells.codes)), tuple(decisions)


def variable_of(column: str) -> Variable:
    """A column of molecules, as it is first read."""
    return Variable(column, Kind.MOLECULE, Role.INPUT)


def _kind(cells: Cells, found: Found, asked: Asked) -> Decision:
    there = np.array([one is not None for one in found], dtype=bool)
    rows = int(cells.counts[there].sum())
    structures = len({one.smiles for one in found if one})
    sentence = (
        f"'{asked.column}' holds molecules: {counted(rows, 'cell')}, "
        f"{counted(structures, 'different structure')}."
    )
    return Decision("kind", "molecule", sentence, asked.column, rows, (), OPTIONS)


def _named_as_one(column: str) -> Decision:
    """That the first molecule may have been taken for the name of the column."""
    sentence = (
        f"The column is called '{column[:60]}', which is a molecule itself: if the file has no row "
        "of names, its first molecule is not read (header=none reads it)."
    )
    return Decision("named", column, sentence, column, 1, proved=False)


def _changed(cells: Cells, found: Found, change: str, asked: Asked) -> Decision | None:
    which = [k for k, one in enumerate(found) if one and change in one.changes]
    if not which:
        return None
    rows = int(cells.counts[which].sum())
    return Decision(
        change.lower(), "standardised",
        f"'{asked.column}': in {counted(rows, 'cell')} {SAID[change]}.",
        asked.column, rows,
        tuple((str(cells.distinct[k]), one.smiles) for k in which[:EXAMPLES] if (one := found[k])),
    )  # fmt: skip
