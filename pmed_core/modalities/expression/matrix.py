"""A table that is a matrix of expression, or holds one: which way it lies, and who its samples are.

The sheet with patients and outcome decides which way a matrix lies: where its ids are. Without one
it is chosen, or a table has so many columns of numbers that they can be nothing else; both are
said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pmed_core.errors import UserError
from pmed_core.modalities.expression.decimals import with_points
from pmed_core.modalities.expression.names import are_genes, places_of
from pmed_core.modalities.expression.profile import Matrix, as_numbers, read_cells, with_matrix
from pmed_core.quantity import counted
from pmed_core.readers.columns import texts
from pmed_core.readers.keyed import refuse_twice
from pmed_core.readers.table import Table
from pmed_core.reading import Choices, Decision
from pmed_core.variable import Kind

RULE, KINDS = "expression", (Kind.EXPRESSION,)
ROWS, COLUMNS, LEFT = "genes in rows", "genes in columns", "left as columns"
OPTIONS = (ROWS, COLUMNS, LEFT)
ROW = "row "
"""What names of profiles begin with that have none of their own."""
WIDE = 1_500
"""Columns of numbers from which on they are taken for genes unless it is said otherwise."""
PANEL = 40
"""Genes of the smallest panels that are measured as one."""
FEWEST, MATCHED, FEWEST_GENES = 3, 0.5, 10
"""Samples that a sheet and a matrix must share, the share of either, and the genes of a matrix."""
FEW_LEVELS, LEVELS, ROWS_AT_LEAST = 50, 2, 10
"""A column of two numbers is no gene where there are at most so many such; of fewer rows that tells
nothing."""
CLINICAL = re.compile(
    r"(?:^|[\W_])(?:age|sex|gender|bmi|weight|height|stage|grade|status|event|died|death|dead|"
    r"survival|time|days?|weeks?|months?|years?|outcome|label|class|case|control|id|batch|score|"
    r"treatment|arm|dose|visit|site|response|relapse|os|pfs|dfs|length|start|end|strand|chr|"
    r"entrez|entrez_gene_id|followup|follow)(?:$|[\W_])",
    re.IGNORECASE,
)
ABOUT_GENES = re.compile(
    r"(?:^|[\W_])(?:length|start|end|strand|chr|chromosome|position|entrez|entrez_gene_id|id|score)"
    r"(?:$|[\W_])",
    re.IGNORECASE,
)
"""Numbers beside a matrix with genes in rows that are of no sample; samples may well be called
control_1 or day_7."""


def gathered(table: Table, choices: Choices, sheet: Table | None) -> Table:
    """The table with its genes as profiles; itself where it holds none. Raises ``UserError``."""
    chosen = choices.get(RULE, "")
    if sheet is not None:
        return _with_sheet(with_points(table), sheet, chosen)
    if table.profiles is not None or chosen == LEFT:
        return table
    if chosen == ROWS:
        return _turned(with_points(table))
    return _within(table, choices)


def paired(tables: Mapping[str, Table]) -> tuple[str, str]:
    """(matrix, sheet) among two tables of a ZIP, by their names; empty where they are none."""
    first, second = tables
    tables = {name: with_points(table) for name, table in tables.items()}
    for name, other in ((first, second), (second, first)):
        matrix, sheet = tables[name], tables[other]
        if sheet.profiles is None and _are_matrix_and_sheet(matrix, sheet):
            return name, other
    for name, other in ((first, second), (second, first)):
        matrix = tables[name]
        if matrix.profiles is None and are_genes(list(_words(matrix.cells.iloc[:, 0]))):
            raise _unmatched(replace(matrix, name=name), replace(tables[other], name=other))
    return "", ""


def _are_matrix_and_sheet(matrix: Table, sheet: Table) -> bool:
    """Whether each id stands once on either side: rows that repeat one are joined in another
    way."""
    ids = _ids(matrix, sheet)
    key = ids.of_columns or (ids.of_rows or ("", ""))[1]
    if not key:
        return False
    own = _words(sheet.cells[key])
    beside = _words(matrix.cells[ids.of_rows[0]]) if ids.of_rows and not ids.of_columns else own
    # Whoever repeats an id that stands above a column is told so when both are read.
    if not ids.of_columns and (_twice(own) or _twice(beside)):
        return False
    if matrix.profiles is not None:
        return True
    # Where both are named by the same ids, the matrix is what has more numbers.
    if ids.of_columns:
        return len(matrix.cells) >= FEWEST_GENES
    numbers = len(_columns_of_numbers(matrix.cells, list(matrix.cells.columns)))
    return numbers > max(
        FEWEST_GENES, len(_columns_of_numbers(sheet.cells, list(sheet.cells.columns)))
    )


@dataclass(frozen=True)
class _Ids:
    """Where the ids of a sheet stand in a matrix: in a column of it, or above its columns, and in
    which column of the sheet they are; empty for nowhere."""

    of_rows: tuple[str, str] | None
    of_columns: str


def _words(cells: pd.Series[str]) -> pd.Series[str]:
    return texts.words(cells).fillna("").astype("str").str.strip()


def _ids(matrix: Table, sheet: Table) -> _Ids:
    """Where they are; a column of the sheet that holds each of its cells once comes first."""
    asked = {str(name): _words(sheet.cells[name]) for name in sheet.cells.columns}
    once = {name: cells for name, cells in asked.items() if not _twice(cells)}
    first = _where(matrix, once)
    return first if first.of_rows or first.of_columns else _where(matrix, asked)


def _twice(cells: pd.Series[str]) -> bool:
    return bool(cells[cells != ""].duplicated().any())


def _where(matrix: Table, asked: Mapping[str, pd.Series[str]]) -> _Ids:
    if matrix.profiles is not None:
        return _Ids(None, _best(asked, matrix.profiles.ids))
    above = _best(asked, [str(name).strip() for name in matrix.cells.columns[1:]])
    for name in _named(matrix.cells):
        if found := _best(asked, list(_words(matrix.cells[name]))):
            return _Ids((name, found), above)
    return _Ids(None, above)


def _named(cells: pd.DataFrame) -> list[str]:
    """Columns whose cells may be names: the first, and of the next few those that are no
    numbers."""
    first, *rest = cells.columns
    numbers = set(_columns_of_numbers(cells, rest[:5]))
    return [first, *(one for one in rest[:5] if one not in numbers)]


def _best(asked: Mapping[str, pd.Series[str]], names: Sequence[str]) -> str:
    """The column that shares most different values with the names, at least half of either."""
    there, found = set(names) - {""}, dict[str, int]()
    for column, cells in asked.items():
        own = set(cells) - {""}
        shared = len(own & there)
        if shared >= max(FEWEST, MATCHED * min(len(own), len(there))):
            found[column] = shared
    return max(found, key=lambda column: found[column]) if found else ""


def _with_sheet(table: Table, sheet: Table, chosen: str) -> Table:
    """The rows of the sheet, each with its profile."""
    ids = _ids(table, sheet)
    if chosen in (ROWS, COLUMNS):
        ids = replace(ids, **({"of_rows": None} if chosen == ROWS else {"of_columns": ""}))
    if ids.of_rows and ids.of_columns:
        raise UserError(
            "The ids of the sheet stand above the columns of the matrix and beside its rows",
            table.name, f"Say which are the samples: --read {RULE}='{ROWS}' or '{COLUMNS}'.",
        )  # fmt: skip
    if not ids.of_rows and not ids.of_columns:
        raise _unmatched(table, sheet)
    key = ids.of_columns or (ids.of_rows or ("", ""))[1]
    own = _words(sheet.cells[key])
    refuse_twice(own, sheet.name, key)
    if table.profiles is not None:
        matrix = Matrix(table.profiles.ids, table.profiles.names, table.profiles.values)
        told, way = [*table.reading, *_unread(table)], "genes in the matrix"
    elif ids.of_columns:
        matrix, told = _of_rows(table, set(own))
        told, way = [*table.reading, *told], ROWS
    else:
        matrix, told = _of_columns(table, (ids.of_rows or ("", ""))[0])
        told, way = [*table.reading, *told], COLUMNS
    said = _account(matrix, own, (key, sheet.name, way))
    beside = replace(
        sheet, name=table.name, reading=(*told, *sheet.reading, said), patient="",
        profiles=table.profiles,
    )  # fmt: skip
    return with_matrix(beside, list(own), matrix)


def _unread(table: Table) -> list[Decision]:
    """What a matrix says of its samples itself, where a sheet says it too."""
    kinds = {key.partition(":")[2] for key in table.kinds}
    left = [str(one) for one in table.cells if one not in kinds and one != table.patient]
    if not left:
        return []
    sentence = f"What the matrix says of its samples is not read beside the sheet: {_shown(left)}."
    return [Decision("about-samples", "left out", sentence, cells=len(left))]


def _unmatched(table: Table, sheet: Table) -> UserError:
    first = table.cells.columns[0]
    above = ", ".join(f"'{str(one)[:30]}'" for one in table.cells.columns[1:3])
    rows = ", ".join(f"'{one[:30]}'" for one in _words(table.cells[first]).head(2))
    own = ", ".join(f"'{one[:30]}'" for one in _words(sheet.cells[sheet.cells.columns[0]]).head(2))
    return UserError(
        f"The samples of the matrix are not in the sheet '{sheet.name}'", table.name,
        f"Its columns are called {above}, its rows {rows}; the sheet has {own}. They must be spelt "
        "alike.",
    )  # fmt: skip


def _account(matrix: Matrix, own: pd.Series[str], of: tuple[str, str, str]) -> Decision:
    """Who has a profile, and who has a partner on one side alone."""
    key, name, way = of
    there, known = set(matrix.samples), set(own) - {""}
    alone = [one for one in own if one not in there]
    unused = [one for one in matrix.samples if one not in known]
    parts = [
        f"By '{key}' of '{name}', {counted(len(own) - len(alone), 'row')} "
        f"{'have' if len(own) - len(alone) != 1 else 'has'} a profile of {len(matrix.genes):,} "
        f"genes ({way})."
    ]
    if alone:
        parts.append(
            f"{counted(len(alone), 'row')} of the sheet {'have' if len(alone) > 1 else 'has'} no "
            f"sample in the matrix: {_shown(alone)}."
        )
    if unused:
        parts.append(
            f"{counted(len(unused), 'sample')} of the matrix {'are' if len(unused) > 1 else 'is'} "
            f"not in the sheet and not read: {_shown(unused)}."
        )
    return Decision(
        RULE, way if way in OPTIONS else COLUMNS, " ".join(parts), cells=len(alone) + len(unused),
        options=(ROWS, COLUMNS), proved=not alone,
    )  # fmt: skip


def _shown(names: Sequence[str]) -> str:
    return ", ".join(f"'{one[:40]}'" if one else "an empty id" for one in names[:3]) + " …" * (
        len(names) > 3
    )


def _of_rows(table: Table, wanted: set[str]) -> tuple[Matrix, list[Decision]]:
    """A matrix whose samples are columns; those that are not ``wanted`` are left out and said,
    unless none is named."""
    first, *rest = table.cells.columns
    kept = [one for one in rest if str(one).strip() in wanted] if wanted else _columns_of_numbers(
        table.cells, [one for one in rest if not ABOUT_GENES.search(str(one))]
    )  # fmt: skip
    if not kept:
        raise UserError(
            "No column beside the names of the genes holds numbers alone", table.name,
            f"Say --read {RULE}='{COLUMNS}' or '{LEFT}' where genes are not in rows.",
        )  # fmt: skip
    genes = tuple(_words(table.cells[first]))
    block = table.cells[kept].set_axis(pd.Index(genes), axis=0)
    values = as_numbers(block, table.name).T.copy()
    samples = tuple(str(one).strip() for one in kept)
    taken = set(kept)
    left = [str(one) for one in rest if one not in taken]
    told = []
    if left:
        sentence = (
            f"{counted(len(left), 'column')} beside the samples {'are' if len(left) > 1 else 'is'} "
            f"not read: {_shown(left)}."
        )
        told.append(Decision("beside-samples", "left out", sentence, cells=len(left)))
    return Matrix(samples, genes, values), told


def _of_columns(table: Table, key: str) -> tuple[Matrix, list[Decision]]:
    """A matrix whose genes are the columns of numbers beside the ids of its samples."""
    rest = [one for one in table.cells.columns if one != key]
    numbers = _columns_of_numbers(table.cells, rest)
    other = set(_not_genes(table.cells, numbers))
    genes = [one for one in numbers if one not in other]
    samples = tuple(_words(table.cells[key]))
    block = table.cells[genes].set_axis(pd.Index(samples), axis=0)
    taken = set(genes)
    left = [str(one) for one in rest if one not in taken]
    told = []
    if left:
        sentence = (
            f"{counted(len(left), 'column')} of the matrix "
            f"{'are no genes' if len(left) > 1 else 'is no gene'} by name or content, and "
            f"{'are' if len(left) > 1 else 'is'} not read: {_shown(left)}."
        )
        told.append(Decision("beside-genes", "left out", sentence, cells=len(left)))
    return Matrix(samples, tuple(map(str, genes)), as_numbers(block, table.name)), told


def _turned(table: Table) -> Table:
    """A matrix with genes in rows and no sheet: its samples are the rows of the cohort."""
    matrix, told = _of_rows(table, set())
    said = Decision(
        RULE, ROWS, f"Genes are rows and samples columns: {len(matrix.genes):,} genes of "
        f"{counted(len(matrix.samples), 'sample')}.", options=OPTIONS,
    )  # fmt: skip
    cells = pd.DataFrame({"sample": pd.array(matrix.samples, dtype="str")})
    bare = Table(table.name, cells, (*table.reading, *told, said), patient="sample")
    return with_matrix(bare, matrix.samples, matrix)


def _within(table: Table, choices: Choices) -> Table:
    """A table of patients in which most columns are genes; itself where it is none, or columns are
    few and nobody said so."""
    chosen = choices.get(RULE) == COLUMNS
    if not chosen and len(table.cells.columns) < WIDE:
        _must_not_be_turned(table)
        return table
    table = with_points(table)
    named = {key.partition(":")[2] for key in choices}
    rest = [one for one in table.cells.columns if one not in named]
    numbers = _columns_of_numbers(table.cells, rest)
    other = set(_not_genes(table.cells, numbers))
    genes = [one for one in numbers if one not in other]
    if not chosen and len(genes) < WIDE:
        return table
    if not genes:
        raise UserError(
            "No column of it is a gene by its name and its numbers", table.name,
            f"Say --read {RULE}='{ROWS}' or '{LEFT}' where genes are not in columns.",
        )  # fmt: skip
    rows = [f"{ROW}{k}" for k in range(1, len(table.cells) + 1)]
    values = as_numbers(table.cells[genes].set_axis(pd.Index(rows), axis=0), table.name)
    taken = set(genes)
    kept = [one for one in table.cells.columns if one not in taken]
    stay = "stays a column" if len(kept) == 1 else "stay columns"
    left = f"; {_shown(list(map(str, kept)))} {stay}" if kept else ""
    said = Decision(
        RULE, COLUMNS, f"{len(genes):,} columns of numbers ('{str(genes[0])[:40]}' to "
        f"'{str(genes[-1])[:40]}') were read as the expression of genes, a profile a row{left}. "
        "A number of patients among them is kept apart by 'kind:COLUMN=number'.",
        cells=len(genes), options=OPTIONS, proved=chosen,
    )  # fmt: skip
    beside = replace(table, cells=table.cells[kept].copy(), reading=(*table.reading, said))
    return with_matrix(beside, rows, Matrix(tuple(rows), tuple(map(str, genes)), values))


def _columns_of_numbers(cells: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Those that hold a number and nothing else but words for missing."""
    values, understood = read_cells(cells[list(names)])
    good = np.logical_and(understood.all(axis=0), ~np.isnan(values).all(axis=0))
    return [name for name, one in zip(names, good.tolist(), strict=True) if one]


def _not_genes(cells: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Columns of numbers that are about patients: by their names, and by holding two numbers alone
    where that is rare."""
    clinical = [one for one in names if CLINICAL.search(str(one)) and "_at" not in str(one)]
    values = np.sort(read_cells(cells[list(names)])[0], axis=0)
    levels = 1 + (np.diff(values, axis=0) > 0).sum(axis=0)
    two = [one for one, many in zip(names, levels, strict=True) if many <= LEVELS]
    few = len(two) <= FEW_LEVELS and len(cells) >= ROWS_AT_LEAST
    return [*clinical, *(two if few else ())]


def _must_not_be_turned(table: Table) -> None:
    """Raise ``UserError`` for a table whose rows look like genes: nothing tells whose outcome it
    is, and a row would be taken for a patient."""
    cells = table.cells
    if len(cells) < PANEL or len(cells.columns) < FEWEST or cells.iloc[:, 0].dtype.kind in "iuf":
        return
    first = _words(cells.iloc[:, 0])
    if are_genes(list(first)) and first.nunique() >= MATCHED * len(cells):
        raise UserError(
            "The rows of this table look like genes, and not like patients", table.name,
            "Bring it in together with a sheet of the samples and their outcome (in the shell "
            f"--phenotypes SHEET), or say --read {RULE}='{ROWS}' or '{LEFT}'.",
        )  # fmt: skip


def of_model(opened: Table, genes: Sequence[str]) -> Choices:
    """Which way a file lies that a model with these genes is asked about."""
    if opened.profiles is not None:
        return {}
    above = len(places_of(genes, list(map(str, opened.cells.columns))))
    beside = len(places_of(genes, list(_words(opened.cells[opened.cells.columns[0]]))))
    return {RULE: ROWS} if beside > above else {RULE: COLUMNS}
