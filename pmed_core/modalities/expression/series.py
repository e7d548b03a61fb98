"""Series matrix, the text in which GEO keeps a study: values between two marks, and lines about the
samples above them, which become columns of the cohort.

Barrett et al., NCBI GEO: archive for functional genomics data sets, Nucleic Acids Research 2013.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.modalities.expression.profile import SAMPLE, Matrix, alone, as_numbers
from pmed_core.quantity import counted
from pmed_core.readers.identifiers import owner
from pmed_core.readers.table import Table, must_fit
from pmed_core.reading import Choices, Decision

BEGIN, END = "!series_matrix_table_begin", "!series_matrix_table_end"
ACCESSION, CHARACTERISTICS = "!Sample_geo_accession", "!Sample_characteristics_ch"
ABOUT = {"!Sample_title": "title", "!Sample_source_name_ch1": "source"}
REMEDY = "Download the series matrix from GEO again."


def holds(text: str, name: str) -> bool:
    """Whether the text of a file is one."""
    return text.lstrip().startswith(("!Series_", "!Sample_")) and BEGIN in text


def parsed(text: str, name: str, choices: Choices) -> Table:
    """A row a sample, without profiles where GEO keeps the values elsewhere (as of sequencing);
    raises ``UserError`` where the file is cut off or contradicts itself."""
    # Cells hold neither tabs nor ends of lines, but may hold a quotation mark that is not closed.
    rows = [[_bare(cell) for cell in line.split("\t")] for line in text.split("\n")]
    marks = [row[0] for row in rows]
    if marks.count(BEGIN) != 1 or END not in marks:
        raise UserError(f"The line '{END}' is missing", name, f"It may be cut off. {REMEDY}")
    first, last = marks.index(BEGIN), marks.index(END)
    head, *body = [row for row in rows[first + 1 : last] if any(row)] or [[]]
    samples = tuple(head[1:])
    about = _about(rows[:first], samples, name)
    columns = f"{counted(len(about.columns), 'column')} about them"
    if not body:
        told = Decision("format", "series matrix", "This is a series matrix of GEO without values, "
                        f"which it keeps in other files: {counted(len(samples), 'sample')} with "
                        f"{columns}.", proved=True)  # fmt: skip
        about.insert(0, SAMPLE, pd.Series(samples, dtype="str"))
        return Table(name, about, (told,), patient=owner(about, SAMPLE))
    values = _values(body, samples, name)
    genes = tuple(row[0] for row in body)
    told = Decision("format", "series matrix", "This is a matrix of expression (series matrix of "
                    f"GEO): {len(genes):,} genes or probes of {counted(len(samples), 'sample')}, "
                    f"with {columns}.", proved=True)  # fmt: skip
    return alone(name, Matrix(samples, genes, as_numbers(values, name).T.copy()), (told,), about)


def _values(body: Sequence[Sequence[str]], samples: Sequence[str], where: str) -> pd.DataFrame:
    must_fit(len(body) * len(samples), where)
    for row in body:
        if len(row) != 1 + len(samples):
            raise UserError(
                f"'{row[0][:40]}' has {counted(len(row) - 1, 'value')} of "
                f"{counted(len(samples), 'sample')}", where, REMEDY,
            )  # fmt: skip
    cells = [row[1:] for row in body]
    return pd.DataFrame(cells, index=[row[0] for row in body], columns=list(samples))


def _about(rows: Sequence[Sequence[str]], samples: Sequence[str], where: str) -> pd.DataFrame:
    """What the lines say of each sample. Characteristics are "name: value", and a line may hold
    another name for each; raises ``UserError`` where lines are of other samples."""
    found = defaultdict[str, list[list[str]]](lambda: [[] for _ in samples])
    for row in rows:
        mark, *cells = row
        known = mark in ABOUT or mark.startswith(CHARACTERISTICS)
        if (known and len(cells) != len(samples)) or (mark == ACCESSION and cells != list(samples)):
            raise UserError(f"The line '{mark}' is not of the samples of the matrix", where, REMEDY)
        for place, cell in enumerate(cells if known else []):
            column, value = _named(mark, cell)
            if value:
                found[column][place].append(value)
    told = {column: ["; ".join(cell) or None for cell in cells] for column, cells in found.items()}
    return pd.DataFrame(told, index=pd.RangeIndex(len(samples)), dtype="str")


def _bare(cell: str) -> str:
    """Without the quotation marks around it."""
    text = cell.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == '"' else text


def _named(mark: str, cell: str) -> tuple[str, str]:
    """(column, value) of what a line says of a sample."""
    if mark in ABOUT:
        return ABOUT[mark], cell
    channel = mark.removeprefix(CHARACTERISTICS)
    name, colon, value = cell.partition(":")
    column = name.strip() if colon and name.strip() else "characteristics"
    return column + f" (channel {channel})" * (channel != "1"), value.strip() if colon else cell
