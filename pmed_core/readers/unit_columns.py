"""A column that holds the unit of the column beside it, row for row: "7.1" and "mmol/L"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from pmed_core.readers.columns.texts import as_text, words
from pmed_core.readers.layouts import PIVOT
from pmed_core.readers.table import Table
from pmed_core.reading import CLOSED, Choices, Decision
from pmed_core.units import is_unit, same_unit

RULE = "unit-column"
JOINED, APART = CLOSED[RULE]
CALLED = re.compile(
    r"(?P<of>.*?)[\s_.\-(]*(?:units?|uom|einheit(?:en)?|unit[ée]s?|unidad(?:es)?|unità|eenheid"
    r"|единиц[аы]|ед|单位|單位|単位|단위)\)?",
    re.IGNORECASE,
)
AMOUNT = re.compile(r"\s*[<>≤≥~]?\s*[-+−]?\s*[\d.,]*\d.*")
UNITS_AT_MOST = 12


def joined(table: Table, choices: Choices, asked: Iterable[str] = ()) -> Table:
    """The table without such columns: each cell names its own unit, as in "7.1 mmol/L".

    ``asked``: columns that a model reads as they are.
    """
    if any(d.rule == PIVOT and not d.proved for d in table.reading):
        return table  # Rows are measurements of different things.
    names = list(map(str, table.cells.columns))
    kept = {name for name in names if choices.get(f"{RULE}:{name}") == APART} | set(asked)
    for at, name in enumerate(names):
        if name not in kept and (of := _measured(table.cells, names, at)):
            table = _joined(table, name, of)
    return table


def _measured(cells: pd.DataFrame, names: list[str], at: int) -> str:
    """The column whose units stand in this one; empty where it holds no units."""
    called = CALLED.fullmatch(names[at])
    if not called:
        return ""
    before = names[at - 1] if at else ""
    of = next((n for n in names if n.casefold() == called["of"].casefold()), "")
    of = of or ("" if called["of"] else before)
    if not of or not _holds(cells[names[at]]):
        return ""
    amounts = words(cells[of]).dropna()
    measured = amounts.str.match(AMOUNT.pattern).mean() >= 0.5 if len(amounts) else False
    return of if measured else ""


def _holds(cells: pd.Series[str]) -> bool:
    """Whether whatever stands there is a unit."""
    if cells.dtype.kind in "iufM":
        return False
    found = as_text(cells).dropna().str.strip()
    different = [one for one in found.unique()[: UNITS_AT_MOST + 1] if one]
    return 0 < len(different) <= UNITS_AT_MOST and all(is_unit(one) for one in different)


def _joined(table: Table, name: str, of: str) -> Table:
    units = as_text(table.cells[name]).fillna("").str.strip()
    amounts = words(table.cells[of])
    counts = units[units != ""].map(same_unit).value_counts()
    cells = table.cells.drop(columns=name)
    if len(counts) == 1 and (units != "").all():
        table = replace(table, units={**table.units, of: str(units.iloc[0])})
    else:
        named = amounts.str.match(AMOUNT.pattern).fillna(False).astype(bool) & (units != "")
        cells[of] = amounts.mask(named, amounts.str.strip() + " " + units).array
    spelt = units[units != ""]
    example = f"{amounts[spelt.index[0]]} {spelt.iloc[0]}"
    sentence = f"'{name}' names the unit of '{of}', row for row: it was read with it."
    told = Decision(
        RULE, JOINED, sentence, name, int((units != "").sum()),
        ((f"{amounts[spelt.index[0]]} | {spelt.iloc[0]}", example),), (JOINED, APART),
        proved=bool(CALLED.sub(r"\g<of>", name)),
    )  # fmt: skip
    return replace(table, cells=cells, reading=(*table.reading, told))
