"""PLINK's tables of samples: .fam files and pedigrees, which do not name their columns, and others
that do.

1 is a control, or male, 2 a case, or female; 0 and -9 say that it is not known (Purcell et al.,
American Journal of Human Genetics 2007).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.quantity import counted
from pmed_core.readers.columns.texts import as_text
from pmed_core.readers.table import Table
from pmed_core.reading import Decision
from pmed_core.suffixes import ends_with

COLUMNS = ("FID", "IID", "PAT", "MAT", "SEX", "PHENO1")
PARENTS = ("PAT", "MAT")
SEX, PHENOTYPE = {"1": "male", "2": "female"}, {"1": "control", "2": "case"}
UNKNOWN = frozenset({"0", "-9"})
CALLED = re.compile(r"pheno(type)?\d*|aff(ected|ection)?", re.IGNORECASE)


def holds(name: str) -> bool:
    """Whether a file is a .fam file or a pedigree, by its name."""
    return ends_with(name, ("fam", "ped"))


def parsed(text: str, name: str) -> Table:
    """A row a sample; raises ``UserError``."""
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if (cells := line.split()) and not line.startswith("#"):
            if len(cells) != len(COLUMNS):
                raise UserError(
                    f"Line {number:,} has {counted(len(cells), 'column')}, where a .fam file or a "
                    f"pedigree has {len(COLUMNS)}", name,
                    "Give it without genotypes, which are read from VCF (plink2 --export vcf), or "
                    "give a table with names above its columns.",
                )  # fmt: skip
            rows.append(cells)
    if not rows:
        raise UserError("There is no sample in it", name, "Export it from PLINK again.")
    sentence = (
        f"The columns of such a file have no names; they are {', '.join(COLUMNS)}. A parent 0 is "
        "not known."
    )
    told = Decision("header", "none", sentence, cells=len(rows))
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")
    table[list(PARENTS)] = table[list(PARENTS)].replace("0", "")
    return coded(Table(name, table, (told,)))


def coded(table: Table) -> Table:
    """A table of PLINK's, which has a column IID, with what its codes stand for, and gaps where
    they say that it is not known; any other table as it is."""
    named = {str(one).lstrip("#").upper(): str(one) for one in table.cells}
    if "IID" not in named:
        return table
    cells, labels, told = table.cells.copy(deep=False), dict(table.labels), list[Decision]()
    for key, own in named.items():
        codes = PHENOTYPE if CALLED.fullmatch(key) else SEX if key == "SEX" else {}
        text = as_text(cells[own])
        values = set(text.dropna())
        if "2" not in values or own in labels or not values <= codes.keys() | UNKNOWN:
            continue
        gone = text.isin(UNKNOWN)
        cells[own], labels[own] = text.mask(gone), codes
        told.append(_told(own, codes, text[gone]))
    return replace(table, cells=cells, labels=labels, reading=(*table.reading, *told))


def _told(column: str, codes: Mapping[str, str], gone: pd.Series[str]) -> Decision:
    sentence = f"'{column}' holds the codes of PLINK: " + ", ".join(
        f"{code} is {words}" for code, words in codes.items()
    )
    if len(gone):
        are = "is" if len(gone) == 1 else "are"
        sentence += (
            f"; {' and '.join(sorted(set(gone)))} in {counted(len(gone), 'cell')} {are} not known, "
            "and read as missing"
        )
    return Decision("plink", column, f"{sentence}.", column, len(gone))
