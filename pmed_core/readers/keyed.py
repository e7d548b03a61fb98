"""Which column of another file, or which of its heads, stands for the key of a table.

Public files call it otherwise ("depmap_id" here, no name there), or have what is measured in rows
and whom it was measured of in columns. The whole key is compared, sign for sign; a difference of
case, spaces and hyphens counts unless a user says otherwise, as T-T and TT are two cell lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.quantity import counted
from pmed_core.readers.columns import texts
from pmed_core.readers.table import Table
from pmed_core.reading import CLOSED, Choices, Decision, Reading

SPELLING = "spelling"
FOLDED, AS_WRITTEN = CLOSED[SPELLING]
WHOLE = re.compile(r"(\d+)\.0+")
STARTS = (re.compile("^$"), re.compile(r"^[A-Za-z]+\."), re.compile(r"^X(?=\d)"))
"""What stands before a key among the heads: nothing, "DATA." of GDSC, or the X of R."""
LEAST = 0.1
"""Share of the keys of either side that the other must know, where the names do not say it."""


@dataclass(frozen=True)
class Keyed:
    """The other file with its key under the table's name for it.

    Attributes:
        table: with that column.
        keys: (n,) of its rows, as the first table spells them.
        said: sentences on what was done for that; empty mostly.
        reading: what was decided of keys that spelling alone keeps apart.
    """

    table: Table
    keys: pd.Series[str]
    said: tuple[str, ...] = ()
    reading: Reading = ()


def keys_of(cells: pd.Series[Any]) -> pd.Series[str]:
    """(n,) as text, "" where there is none; 683667.0, as of a column with gaps, is 683667."""
    found = texts.words(cells).fillna("").astype("str").str.strip()
    known = found[found != ""]
    if len(known) and known.str.fullmatch(r"\d+(?:\.0+)?").all():
        return found.str.replace(WHOLE, r"\1", regex=True)
    return found


def keyed(table: Table, key: str, other: Table, choices: Choices) -> Keyed:
    """The other file by the key of the table; raises ``UserError`` where nothing in it is that."""
    mine = keys_of(table.cells[key])
    said = list[str]()
    if key not in other.cells.columns:
        other, told = _found(set(mine) - {""}, key, other)
        said.append(told)
    theirs = keys_of(other.cells[key])
    pairs = _spelt_apart(set(mine), set(theirs))
    if not pairs:
        return Keyed(other, theirs, tuple(said))
    shown = " and ".join(f"'{one[:40]}'" for one in next(iter(pairs.items()))[::-1])
    folded = choices.get(f"{SPELLING}:{key}") == FOLDED
    sentence = (
        f"{len(pairs):,} '{key}' differ in '{other.name}' by case, spaces or signs alone, as "
        f"{shown}, and were {'taken for the same' if folded else 'not joined'}."
    )
    asked = Decision(
        SPELLING, FOLDED if folded else AS_WRITTEN, sentence, key, len(pairs), (),
        CLOSED[SPELLING], proved=False,
    )  # fmt: skip
    return Keyed(other, theirs.replace(pairs) if folded else theirs, tuple(said), (asked,))


def once_each(
    partner: Keyed, needed: set[str], key: str, measured: Callable[[Table], bool]
) -> tuple[Table, pd.Series[str], tuple[str, ...]]:
    """The other file with one row for each key that is needed, its keys, and what was said.

    Rows that say the same are one; of others a cell is kept where they agree. Raises ``UserError``
    where rows that differ are ``measured``, such as two expressions of one line.
    """
    table, keys = partner.table, partner.keys
    several = keys.isin(needed) & keys.duplicated(keep=False)
    if not several.any():
        return table, keys, partner.said
    again = table.cells.assign(**{key: keys.array}).duplicated()
    if table.genotypes is None and again.any():
        table = replace(table, cells=table.cells[~again].reset_index(drop=True))
        keys = keys[~again].reset_index(drop=True)
    left = keys[keys.isin(needed) & keys.duplicated(keep=False)]
    if len(left) and (table.genotypes is not None or measured(table)):
        refuse_twice(left, table.name, key)
    count = counted(int(several.sum()), "row")
    told = f"{count} there stand for the same '{key}' as another and say the same."
    if len(left):
        table, differing = _agreeing(table, keys, left)
        shown = ", ".join(f"'{one}'" for one in differing[:3])
        told = (
            f"{count} there stand for the same '{key}' as another, such as '{left.iloc[0][:40]}'; "
            f"cells in which they differ are empty ({shown})."
        )
    return table, keys, (*partner.said, told)


def _agreeing(table: Table, keys: pd.Series[str], left: pd.Series[str]) -> tuple[Table, list[str]]:
    """With the first row of each for all, and no cell in which its rows differ; and the columns."""
    cells = table.cells.astype(object)
    differing = dict[str, None]()
    for rows in left.groupby(left).groups.values():
        for column in cells.columns:
            if cells.loc[rows, column].fillna("").nunique() > 1 and column != left.name:
                cells.loc[rows, column] = None
                differing[str(column)] = None
    for column in cells.columns:
        cells[column] = cells[column].astype(table.cells[column].dtype, errors="ignore")
    return replace(table, cells=cells), list(differing)


def refuse_twice(keys: pd.Series[str], where: str, key: str) -> None:
    """Raise ``UserError`` for the first key that stands in several rows."""
    twice = keys[(keys != "") & keys.duplicated()]
    if len(twice):
        first = twice.iloc[0]
        raise UserError(
            f"'{first[:60]}' stands in {int((keys == first).sum())} rows of '{key}'", where,
            "Keep one row for each: which of them is meant cannot be told.",
        )  # fmt: skip


def key_of(table: Table, other: Table) -> str:
    """The column of the table by which the other file can be joined; empty where none is.

    Columns of one name come before columns of the same cells.
    """
    shared = [str(name) for name in table.cells if name in other.cells.columns]
    if len(shared) == 1:
        return shared[0]
    known = {name: set(keys_of(table.cells[name])) - {""} for name in shared or table.cells}
    theirs = {str(name): keys_of(other.cells[name]) for name in shared}
    fits = {name: len(known[name] & set(theirs[name])) for name in shared
            if not theirs[name][theirs[name] != ""].duplicated().any()}  # fmt: skip
    if not shared:
        fits = {str(name): _most(keys, other)[0] for name, keys in known.items() if len(keys) > 1}
    return max(fits, key=lambda name: fits[name]) if any(fits.values()) else ""


def _spelt_apart(mine: set[str], theirs: set[str]) -> dict[str, str]:
    """Their spelling -> ours, of keys that are alike but for it and like no other."""
    folded = [_by_fold(mine), _by_fold(theirs)]
    alone = [{fold: names[0] for fold, names in one.items() if len(names) == 1} for one in folded]
    return {
        alone[1][fold]: ours for fold, ours in alone[0].items()
        if fold in alone[1] and ours not in theirs and alone[1][fold] not in mine
    }  # fmt: skip


def _by_fold(names: set[str]) -> dict[str, list[str]]:
    found = dict[str, list[str]]()
    for name in sorted(names):
        if fold := "".join(sign for sign in name.casefold() if sign.isalnum()):
            found.setdefault(fold, []).append(name)
    return found


def _found(mine: set[str], key: str, other: Table) -> tuple[Table, str]:
    """The file with the key's column, and from what it was made; raises ``UserError``."""
    known, where = _most(mine, other)
    if not known:
        shown = ", ".join(map(str, other.cells.columns[:5]))
        raise UserError(
            f"There is no column '{key}' to join by, and none whose cells are those of '{key}'",
            other.name, f"Its columns begin with: {shown}. Give the key the same name in both.",
        )  # fmt: skip
    if isinstance(where, str):
        cells = other.cells.rename(columns={where: key})
        told = f"'{where}' there holds what '{key}' does here."
        return replace(other, cells=cells), told
    return _turned(key, other, where)


def _most(mine: set[str], other: Table) -> tuple[int, str | Mapping[str, str]]:
    """How many of the keys are known where most are, and where that is: the name of a column, or of
    heads the key that each stands for; 0 where these are too few."""
    heads = [str(name) for name in other.cells]
    found: list[tuple[int, int, str | Mapping[str, str]]] = []
    for start in STARTS:
        fitting = {one: bare for one in heads if (bare := start.sub("", one, count=1)) in mine}
        found.append((len(set(fitting.values())), len(heads), fitting))
    for name in heads:
        cells = set(keys_of(other.cells[name])) if other.cells[name].dtype.kind != "f" else set()
        found.append((len(mine & cells), len(cells), name))
    known, size, where = max(found, key=lambda one: one[0])
    enough = known > 1 or known == len(mine)
    return (known, where) if enough and known >= LEAST * min(len(mine), size) else (0, "")


def _turned(key: str, other: Table, heads: Mapping[str, str]) -> tuple[Table, str]:
    """The file with a row for each of the heads; raises ``UserError`` where nothing names rows."""
    rest = [str(name) for name in other.cells if str(name) not in heads]
    names = next(
        (known for one in rest if (known := keys_of(other.cells[one])).nunique() > 1), None
    )
    if names is None:
        raise UserError(
            f"The '{key}' are its columns, and no column names what its rows hold", other.name,
            "Add a column with the names, such as genes.",
        )  # fmt: skip
    once = (names != "") & ~names.duplicated(keep=False)
    cells = other.cells.loc[once, list(heads)].T
    cells.columns = pd.Index(names[once])
    cells = cells.reset_index(drop=True)
    cells.insert(0, key, list(heads.values()))
    told = f"The '{key}' are its columns: it was turned, so that each is a row."
    if not once.all():
        told += (
            f" {counted(int((~once).sum()), 'row')} whose name is empty or stands twice "
            f"{'was' if (~once).sum() == 1 else 'were'} left out."
        )
    return replace(other, cells=cells, units={}, labels={}), told
