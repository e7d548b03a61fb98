"""Another file that is joined to a table by a key: the genes of each cell line, the structure of
each drug.

A file in which most columns are numbers, and many, becomes profiles: each is kept once, and the
table gets a column that names it. Any other gives the table its columns. Keys match as text, sign
for sign; what has no partner on either side is counted and said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.modalities.columns import OWN_TABLES, of_own_file
from pmed_core.modalities.variants.regions import build_said, read_regions, with_genes
from pmed_core.profiles import Profiles
from pmed_core.quantity import counted
from pmed_core.readers import archives, plink
from pmed_core.readers.columns import numbers, texts
from pmed_core.readers.columns.asked import Asked
from pmed_core.readers.columns.evidence import Evidence
from pmed_core.readers.columns.missing import WORDS
from pmed_core.readers.columns.pipeline import read_column
from pmed_core.readers.formats import open_table
from pmed_core.readers.identifiers import owner
from pmed_core.readers.keyed import (
    FOLDED,
    SPELLING,
    key_of,
    keyed,
    keys_of,
    once_each,
    refuse_twice,
)
from pmed_core.readers.table import Table
from pmed_core.reading import JOINED, PHENOTYPES, Choices, Decision, joined, joins
from pmed_core.suffixes import PARTS, ends_with, is_gene_name, without_gzip
from pmed_core.variable import Kind, readable

OF_THE_FILE = ("file", "title")
"""What is decided of a joined file, and is otherwise once it is joined."""
MANY = 16
"""Numbers of each key from which on they are a profile, and no columns of the table."""


def settled(path: Path, choices: Choices) -> Choices:
    """With what is joined to what, where the tables of a ZIP are to be joined and nothing else is
    said: the one that shares a column with every other is the main one. Files of sequences or
    molecules alone are parts of one table.

    Raises ``UserError`` where there is none, or more than one.
    """
    if choices.get("files") != JOINED or joins(choices):
        return choices
    names = archives.tables_in(path)
    if all(ends_with(without_gzip(one), PARTS) for one in names):
        return {**choices, "files": "together"}
    carried = {one: own for one in names if (own := _own_keys(path, one))}
    if carried:
        rest = [one for one in names if one not in carried and not is_gene_name(one)]
        return _by_samples(path, choices, rest, carried)
    if len(names) == 2:
        tables = {one: open_table(path, {"file": one}) for one in names}
        for kind in OWN_TABLES:
            matrix, of_patients = kind.paired(tables)
            if matrix:
                told = {"file": matrix, PHENOTYPES: of_patients}
                return {k: v for k, v in choices.items() if k != "files"} | told
    main, keys = _main(path, names)
    return {k: v for k, v in choices.items() if k != "files"} | {"file": main} | joined(keys)


def _main(path: Path, names: Sequence[str]) -> tuple[str, list[tuple[str, str]]]:
    """The table to which each other one can be joined, and by which of its columns; raises
    ``UserError``."""
    tables = {one: open_table(path, {"file": one}) for one in names}
    found = []
    for main in names:
        keys = [(key_of(tables[main], tables[one]), one) for one in names if one != main]
        if keys and all(key for key, _ in keys):
            found.append((main, keys))
    if len(found) != 1:
        found = [(main, keys) for main, keys in found if _repeats(tables[main], keys)]
    if len(found) != 1:
        raise UserError(
            "It cannot be told which of the tables is joined to which", path.name,
            "One of them must share one column, with a name of its own, with each other table.",
        )  # fmt: skip
    return found[0]


def _own_keys(path: Path, name: str) -> tuple[str, ...]:
    """By which a table is joined to a file that only its own modality reads; none of others."""
    data = archives.member(path, name)
    own = of_own_file(data, name)
    return own.keys(data, name) if own else ()


def _by_samples(
    path: Path, choices: Choices, rest: Sequence[str], carried: Mapping[str, Sequence[str]]
) -> Choices:
    """With the only table as the main one, joined by the column that names most samples of the
    other; raises ``UserError``."""
    if len(rest) != 1 or len(carried) != 1:
        raise UserError(
            f"There are {counted(len(rest), 'table')} and {counted(len(carried), 'file')} of "
            "samples in it", path.name,
            "Give one table of the patients with one file of their variants.",
        )  # fmt: skip
    other, keys = next(iter(carried.items()))
    told = {name: value for name, value in choices.items() if name != "files"} | {"file": rest[0]}
    table = open_table(path, told)
    # Different ones: a code such as 1 or 2 may be the name of a sample too.
    known = set(keys)
    among = {one: len(known & set(keys_of(table.cells[one]))) for one in map(str, table.cells)}
    key = max(among, key=lambda one: among[one], default="")
    if not among.get(key):
        raise UserError(
            f"No column of {rest[0]} names samples of {other}", path.name,
            f"There they are called '{keys[0][:40]}' and so on, and must be spelt alike.",
        )  # fmt: skip
    return told | {f"{JOINED}:{key}": other}


def _repeats(table: Table, keys: Sequence[tuple[str, str]]) -> bool:
    """Whether a key stands in several rows of the table that would be the main one."""
    return all(keys_of(table.cells[key]).duplicated().any() for key, _ in keys)


def with_joined(table: Table, path: Path, choices: Choices) -> Table:
    """The table with all that is joined to it; raises ``UserError``."""
    for key, member in joins(choices):
        other = replace(open_table(path, {"file": member}), name=member)
        if other.genotypes is not None:
            other = _named_apart(other, table, key)
        table = _joined(table, key, other, choices)
    return _with_genes(table, path) if joins(choices) else table


def _named_apart(other: Table, table: Table, key: str) -> Table:
    """With the key by its name in the table, and under a name of its own what names genotypes."""
    made = {kind.partition(":")[2]: value for kind, value in other.kinds.items()}
    called = {name: f"{name} ({other.name})" for name in made if name in table.cells.columns}
    return replace(
        other, cells=other.cells.rename(columns={**called, other.patient: key}),
        kinds={f"kind:{called.get(name, name)}": value for name, value in made.items()},
    )  # fmt: skip


def _with_genes(table: Table, path: Path) -> Table:
    """With the genes of a file that lies beside that of the variants; raises ``UserError``."""
    names = [one for one in archives.tables_in(path) if is_gene_name(one)]
    if not names or table.genotypes is None:
        return table
    if len(names) > 1:
        raise UserError(
            f"There are {len(names)} files of genes in it", path.name, "Give one of them."
        )
    data = archives.member(path, names[0])
    of, theirs = table.genotypes.build, build_said(data, names[0])
    if of and theirs and of != theirs:
        raise UserError(
            f"The genes are those of {theirs}, and the variants of {of}", names[0],
            f"Give the genes of {of}: those of another build would hold other variants.",
        )  # fmt: skip
    regions = read_regions(data, names[0])
    found, told = with_genes(table.genotypes, regions, names[0])
    if of and not theirs:
        sentence = (
            f"{told.sentence} It does not say its build; taken as {of}, that of the variants."
        )
        told = replace(told, sentence=sentence, proved=False)
    return replace(table, genotypes=found, reading=(*table.reading, told))


def sheet(path: Path, choices: Choices) -> Table | None:
    """The sheet of patients beside a file whose samples it describes, where one is chosen."""
    if not (name := choices.get(PHENOTYPES, "")):
        return None
    found = open_table(path, {"file": name, PHENOTYPES: name})
    said = Decision(PHENOTYPES, name, f"Patients and outcome are those of '{name}'.")
    # Encoding and the like can be decided of the main file alone.
    of_sheet = tuple(
        replace(one, rule=f"sheet-{one.rule}", options=()) for one in found.reading
        if one.rule != "file"
    )  # fmt: skip
    return replace(found, name=name, reading=(said, *of_sheet))


def _joined(table: Table, key: str, other: Table, choices: Choices) -> Table:
    if key not in table.cells.columns:
        shown = ", ".join(map(str, table.cells.columns[:5]))
        raise UserError(
            f"There is no column '{key}' to join by", table.name,
            f"Its columns begin with: {shown}.",
        )  # fmt: skip
    mine, partner = keys_of(table.cells[key]), keyed(table, key, other, choices)
    other, theirs, said = once_each(
        partner, set(mine) - {""}, key, lambda one: bool(_measured(one, key)[0])
    )
    if other.genotypes is not None:
        refuse_twice(mine, table.name, key)
    known = dict(zip(theirs, range(len(theirs)), strict=True))
    known.pop("", None)
    rows = np.asarray(mine.map(known).fillna(-1), dtype=np.int64)
    if not (rows >= 0).any():
        raise UserError(
            f"No '{key}' of {table.name} stands in {other.name}", other.name,
            f"There it is {_shown(theirs)}, here {_shown(mine)}. "
            + (f"'{SPELLING}:{key}={FOLDED}' ignores case, spaces and signs." if partner.reading
               else "They must be spelt alike."),
        )  # fmt: skip
    found, odd = _measured(other, key)
    own = "" if other.genotypes is None else f"the {len(other.genotypes.sites):,} variants"
    match = _Match(key, other.name, mine, theirs, rows, own, said)
    told = _account(match, found, odd if found else [])
    columns = [c for c in other.cells.columns if c != key and c not in found]
    table = _with_columns(table, other, columns, rows)
    if found:
        table = _with_profiles(table, match, found)
    if other.genotypes is not None:
        table = _with_genotypes(table, key, other)
    return replace(table, reading=(*table.reading, told, *partner.reading))


def _measured(other: Table, key: str) -> tuple[dict[str, NDArray[np.float64]], list[Decision]]:
    """Name -> numbers of each column that holds numbers alone, none where these are few; and the
    first decision about each whose cells are not written as plain numbers."""
    rest = [str(name) for name in other.cells.columns if name != key]
    evidence, found, odd = Evidence.of(other), {}, list[Decision]()
    for name in rest:
        values, told = _numbers(other.cells[name], Asked(name, other.name, table=evidence))
        if values is not None:
            found[name] = values
            odd += told[:1]
    return (found, odd) if len(found) >= max(MANY, len(rest) / 2) else ({}, [])


def _numbers(
    cells: pd.Series[Any], asked: Asked
) -> tuple[NDArray[np.float64] | None, tuple[Decision, ...]]:
    """(n,) where a column holds numbers, and what was decided; raises ``UserError`` for infinity.

    Words for missing are counted with the empty cells.
    """
    known = cells
    if cells.dtype.kind not in "iuf":
        known = texts.words(cells).str.strip()
        known = known.mask(known.str.casefold().isin(WORDS))
    plain = numbers.written_plainly(known)
    if plain is not None and not np.isinf(plain).any():
        return plain, ()
    read = read_column(cells, asked)
    if read.variable.kind is not Kind.NUMBER:
        return None, ()
    return np.asarray(read.cells, dtype=np.float64), read.reading


@dataclass(frozen=True)
class _Match:
    """Which rows found a partner.

    Attributes:
        mine, theirs: the keys of the table and of the other file.
        rows: of each row of the table the row of the other file, -1 for none.
        holds: what is joined, where it is no columns.
        said: sentences on how its key was found and read.
    """

    key: str
    file: str
    mine: pd.Series[str]
    theirs: pd.Series[str]
    rows: NDArray[np.int64]
    holds: str = ""
    said: tuple[str, ...] = ()


def _account(
    match: _Match, found: Mapping[str, NDArray[np.float64]], odd: Sequence[Decision]
) -> Decision:
    """What was joined, how ``odd`` columns were read, and what has no partner on either side."""
    alone, unused = match.mine[match.rows < 0], match.theirs[~match.theirs.isin(set(match.mine))]
    known = match.mine[match.rows >= 0].nunique()
    if found:
        values = np.concatenate(list(found.values()))
        low, high = (readable(float(end)) for end in (np.nanmin(values), np.nanmax(values)))
        holds = f"the {len(found):,} numbers of each ({low} to {high})"
        if gaps := int(np.isnan(values).sum()):
            holds += f", {gaps:,} of them empty"
    else:
        holds = match.holds or "its columns"
    parts = [
        f"By '{match.key}', {holds} were joined from '{match.file}' to "
        f"{counted(int((match.rows >= 0).sum()), 'row')} ({known:,} different)."
    ]
    if odd:
        parts.append(
            f"{counted(len(odd), 'column')} of it {'is' if len(odd) == 1 else 'are'} not written "
            f"as plain numbers; the first: {odd[0].sentence}"
        )
    if len(alone):
        parts.append(
            f"{counted(len(alone), 'row')} of {alone.nunique():,} '{match.key}' "
            f"{'has' if len(alone) == 1 else 'have'} no partner there: {_shown(alone)}."
        )
    if len(unused):
        parts.append(
            f"{counted(len(unused), 'row')} there {'is' if len(unused) == 1 else 'are'} not "
            f"needed: {_shown(unused)}."
        )
    parts += match.said
    proved = not len(alone) and all(one.proved for one in odd) and not match.said
    return Decision(JOINED, match.file, " ".join(parts), match.key, len(alone), proved=proved)


def _shown(keys: pd.Series[str]) -> str:
    first = [f"'{one[:40]}'" if one else "empty" for one in keys.drop_duplicates().head(2)]
    return " and ".join(first)


def _with_columns(
    table: Table, other: Table, columns: Sequence[str], rows: NDArray[np.int64]
) -> Table:
    """With columns of the other file; one of a name that is there already is told by its file."""
    cells, labels, units = table.cells.copy(deep=False), dict(table.labels), dict(table.units)
    for name in columns:
        called = name if name not in cells.columns else f"{name} ({other.name})"
        cells[called] = other.cells[name].reindex(rows).array
        labels |= {called: other.labels[name]} if name in other.labels else {}
        units |= {called: other.units[name]} if name in other.units else {}
    return replace(table, cells=cells, labels=labels, units=units)


def profile_of(key: str) -> str:
    """The column that names a row's profile: the same, whatever the file was called."""
    return f"{key} profile"


def _with_genotypes(table: Table, key: str, other: Table) -> Table:
    """With the genotypes that a column of it names now, and what was said of them."""
    table = plink.coded(table)
    return replace(
        table, genotypes=other.genotypes, kinds={**table.kinds, **other.kinds},
        reading=(*table.reading, *(d for d in other.reading if d.rule not in OF_THE_FILE)),
        patient=table.patient or owner(table.cells, key),
    )  # fmt: skip


def _with_profiles(table: Table, match: _Match, found: Mapping[str, NDArray[np.float64]]) -> Table:
    """With the profiles, of which only those that a row names are kept; beside those of another
    file that was joined by the same key."""
    name, before = profile_of(match.key), table.profiles
    if before is not None and name not in table.cells.columns:
        raise UserError(
            "Two of the joined files hold profiles of different keys", match.file,
            "Join profiles by one column: those of both files are measured on the same.",
        )  # fmt: skip
    used = np.unique(match.rows[match.rows >= 0])
    values = np.stack(list(found.values()), axis=1)[used].astype(np.float32)
    of = ((_own_name(match.file), len(found)),)
    profiles = Profiles(tuple(match.theirs.iloc[used]), tuple(found), values, of)
    ids = match.theirs.to_numpy(dtype=object)
    named = pd.Series([ids[row] if row >= 0 else None for row in match.rows], dtype="str")
    if before is not None:
        named = table.cells[name].reset_index(drop=True).astype("str").fillna(named)
        profiles = _told_apart(before, profiles, match.file)
    return replace(
        table, cells=table.cells.assign(**{name: named.array}), profiles=profiles,
        kinds={f"kind:{name}": Kind.PROFILE.value}, patient=table.patient or match.key,
    )  # fmt: skip


def _told_apart(before: Profiles, other: Profiles, where: str) -> Profiles:
    """Those of both files, by whose names they are told apart, now and when others are read."""
    if other.kinds[0][0] in {name for name, _ in before.kinds}:
        raise UserError(
            f"Two files of profiles are called '{other.kinds[0][0]}'", where,
            "Give each a name that says what was measured (expression.csv, mutations.csv).",
        )  # fmt: skip
    return before.beside(other)


def _own_name(file: str) -> str:
    """Of a file without folder and suffixes, as it tells its measurements from those of others."""
    return PurePosixPath(file.replace("\\", "/")).name.partition(".")[0]
