"""A column that says something of the number beside it, row for row: its unit ("7.1" and "mmol/L"),
or that it is a limit (">" and "10000"), as ChEMBL and laboratories export them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

import pandas as pd

from pmed_core.quantity import counted
from pmed_core.readers.columns.texts import as_text, words
from pmed_core.readers.layouts import PIVOT
from pmed_core.readers.table import Table
from pmed_core.reading import CLOSED, Choices, Decision
from pmed_core.units import converted, is_unit, same_unit, usual

RULE = "unit-column"
JOINED, APART = CLOSED[RULE]
CALLED = re.compile(
    r"(?P<of>.*?)[\s_.\-(]*(?:units?|uom|einheit(?:en)?|unit[ée]s?|unidad(?:es)?|unità|eenheid"
    r"|единиц[аы]|ед|单位|單位|単位|단위)\)?",
    re.IGNORECASE,
)
RELATED = re.compile(
    r"(?P<of>.*?)[\s_.\-(]*(?:relations?|qualifiers?|operators?|modifiers?|censor(?:ed|ing)?)\)?",
    re.IGNORECASE,
)
VALUE = r"[\s_.\-]*(?:values?|results?|amounts?)"
"""What the number is called, where a column beside it is called "Standard Units"."""
LIMITS = {"<": "<", ">": ">", "<=": "<", ">=": ">", "≤": "<", "≥": ">", "<<": "<", ">>": ">"}
EXACTLY = ("=", "~", "")
MOLAR = r"[pnuµμm]?M"
AMOUNT = re.compile(r"\s*[<>≤≥~]?\s*[-+−]?\s*[\d.,]*\d.*")
UNITS_AT_MOST = 12
MOSTLY = 0.8


def joined(table: Table, choices: Choices, asked: Iterable[str] = ()) -> Table:
    """The table without such columns: each cell names its own unit, as in "7.1 mmol/L".

    ``asked``: columns that a model reads as they are.
    """
    if any(d.rule == PIVOT and not d.proved for d in table.reading):
        return table  # Rows are measurements of different things.
    names = list(map(str, table.cells.columns))
    kept = {name for name in names if choices.get(f"{RULE}:{name}") == APART} | set(asked)
    for at, name in enumerate(names):
        if name in kept:
            continue
        if of := _measured(table.cells, names, at, RELATED, _holds_relations):
            table = _related(table, name, of)
        elif of := _measured(table.cells, names, at, CALLED, _holds):
            table = _joined(table, name, of)
    return table


def _measured(
    cells: pd.DataFrame, names: list[str], at: int, called: re.Pattern[str],
    holds: Callable[[pd.Series[str], bool], bool],
) -> str:  # fmt: skip
    """The column of which this one speaks; empty where it speaks of none."""
    found = called.fullmatch(names[at])
    if not found:
        return ""
    value = re.compile(re.escape(found["of"]) + VALUE, re.IGNORECASE)
    valued = [n for n in names if n != names[at] and value.fullmatch(n)]
    of = [n for n in names if n.casefold() == found["of"].casefold()]
    of = of or ([] if found["of"] else names[at - 1 : at]) or valued[:1]
    if not of or not holds(cells[names[at]], of == valued[:1]):
        return ""
    amounts = words(cells[of[0]]).dropna()
    measured = amounts.str.match(AMOUNT.pattern).mean() >= 0.5 if len(amounts) else False
    return of[0] if measured else ""


def _holds(cells: pd.Series[str], named: bool) -> bool:
    """Whether whatever stands there is a unit; where the names of both columns say so, most of it,
    as chemists have units of their own."""
    if cells.dtype.kind in "iufM":
        return False
    found = as_text(cells).dropna().str.strip()
    found = found[found != ""]
    different = list(found.unique()[: UNITS_AT_MOST + 1])
    if named and len(found):
        return bool(found.map(is_unit).mean() >= MOSTLY)
    return 0 < len(different) <= UNITS_AT_MOST and all(map(is_unit, different))


def _relations(cells: pd.Series[str]) -> pd.Series[str]:
    return as_text(cells).fillna("").str.strip(" '\"")


def _holds_relations(cells: pd.Series[str], named: bool) -> bool:
    """Whether nothing but signs stands there, and one of them makes a limit."""
    if cells.dtype.kind in "iufM":
        return False
    found = set(_relations(cells).unique())
    return bool(found & set(LIMITS)) and found <= {*LIMITS, *EXACTLY}


def _related(table: Table, name: str, of: str) -> Table:
    """With "> 10000" where the sign stood beside its number, which is read as such a cell is."""
    signs, amounts = _relations(table.cells[name]).map(LIMITS).fillna(""), words(table.cells[of])
    limited = amounts.str.match(AMOUNT.pattern).fillna(False).astype(bool) & (signs != "")
    cells = table.cells.drop(columns=name)
    cells[of] = amounts.mask(limited, signs + " " + amounts.str.strip()).array
    sentence = (
        f"'{name}' says of {counted(int(limited.sum()), 'cell')} of '{of}' that the value is a "
        "limit ('<' or '>'), and not the value: it was read with it."
    )
    told = Decision(
        RULE, JOINED, sentence, name, int(limited.sum()), options=(JOINED, APART), proved=False
    )
    return replace(table, cells=cells, reading=(*table.reading, told))


def _joined(table: Table, name: str, of: str) -> Table:
    units = as_text(table.cells[name]).fillna("").str.strip()
    amounts = words(table.cells[of])
    named = amounts.str.match(AMOUNT.pattern).fillna(False).astype(bool) & (units != "")
    cells, strange, other = table.cells.drop(columns=name), _strange(units[named], of), ""
    if strange:
        aside = named & units.isin(strange)
        amounts, named = amounts.mask(aside), named & ~aside
        other = (
            f" {counted(int(aside.sum()), 'cell')} in another unit that cannot be converted "
            f"({', '.join(strange[:3])}) {'was' if aside.sum() == 1 else 'were'} read as missing."
        )
    counts = units[named].map(same_unit).value_counts()
    if len(counts) > 1 and units[named].str.fullmatch(MOLAR).all():
        # Only the prefixes differ, and no substance has to be known to convert them.
        top = usual(units[named])
        table = replace(table, kinds={**table.kinds, f"unit:{of}": top})
        other += f" Cells in other units were converted to {top}"
        bare = int((amounts.str.match(AMOUNT.pattern).fillna(False) & (units == "")).sum())
        other += f"; {counted(bare, 'cell')} without a unit taken as such." if bare else "."
    if len(counts) == 1 and (units != "").all() and not strange:
        table = replace(table, units={**table.units, of: str(units.iloc[0])})
    else:
        cells[of] = amounts.mask(named, amounts.str.strip() + " " + units).array
    spelt = units[named]
    pair = [amounts[spelt.index[0]], spelt.iloc[0]] if len(spelt) else ["", units[units != ""][0]]
    sentence = f"'{name}' names the unit of '{of}', row for row: it was read with it.{other}"
    told = Decision(
        RULE, JOINED, sentence, name, int((units != "").sum()),
        ((" | ".join(pair), " ".join(pair)),), (JOINED, APART),
        proved=bool(CALLED.sub(r"\g<of>", name)) and not other,
    )  # fmt: skip
    return replace(table, cells=cells, reading=(*table.reading, told))


def _strange(units: pd.Series[str], of: str) -> list[str]:
    """Those that cannot be converted to the one that most cells have."""
    counts = units.value_counts()
    if not len(counts) or counts.iloc[0] <= 0.5 * len(units):
        return []
    top = str(counts.index[0])
    return [one for one in map(str, counts.index) if converted(1.0, of, one, top) is None]
