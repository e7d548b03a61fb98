"""Tables of the same columns, one below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.readers.columnar import cell_as_text
from pmed_core.readers.table import Table
from pmed_core.reading import Decision, Reading
from pmed_core.units import same_unit


def joined(tables: Sequence[Table], names: Sequence[str], what: str) -> Table:
    """The tables with a column that names which of them ("sheet", "file") each row is from.

    Raises ``UserError`` where they state different units for one column.
    """
    if len(tables) == 1:
        return tables[0]
    units, said = _units(tables, names, what)
    title = what if what not in tables[0].cells else f"name of the {what}"
    parts = [table.cells.assign(**{title: name}) for table, name in zip(tables, names, strict=True)]
    kinds = {name: {part[name].dtype for part in parts} for name in parts[0]}
    for name, found in kinds.items():
        if len(found) > 1 and any(isinstance(kind, pd.StringDtype) for kind in found):
            for part in parts:
                part[name] = part[name].astype(object).map(cell_as_text).astype("str")
    cells = pd.concat(parts, ignore_index=True)
    return replace(
        tables[0], cells=cells, units=units, reading=(*_account(tables, names, what), *said)
    )


def _units(
    tables: Sequence[Table], names: Sequence[str], what: str
) -> tuple[Mapping[str, str], Reading]:
    """The units of all, and what is said where some of the tables state none."""
    units: dict[str, str] = {}
    said = []
    for column in dict.fromkeys(name for table in tables for name in table.units):
        stated = {
            name: table.units[column]
            for table, name in zip(tables, names, strict=True)
            if column in table.units
        }
        first, unit = next(iter(stated.items()))
        for other, another in stated.items():
            if same_unit(another) != same_unit(unit):
                raise UserError(
                    f"'{column}' is in {unit} in '{first[:80]}' and in {another} in "
                    f"'{other[:80]}'", tables[0].name,
                    f"Write both in one unit, or read one of them ({what}={first}).",
                )  # fmt: skip
        units[column] = unit
        without = [name for name in names if name not in stated]
        if without:
            rows = sum(
                len(table.cells)
                for table, name in zip(tables, names, strict=True)
                if name in without
            )
            shown = ", ".join(f"'{name[:80]}'" for name in without[:5])
            sentence = (
                f"'{column}' is in {unit} in '{first[:80]}'; {shown} "
                f"state{'s' * (len(without) == 1)} no unit: taken as the same."
            )
            said.append(Decision("unit", unit, sentence, column, rows, proved=False))
    return units, tuple(said)


def _account(tables: Sequence[Table], names: Sequence[str], what: str) -> Reading:
    """One decision for each key: what was decided alike of all, or which of them it is about."""
    found: dict[str, dict[str, Decision]] = {}
    for table, name in zip(tables, names, strict=True):
        for decision in table.reading:
            found.setdefault(decision.key, {})[name] = decision
    return tuple(_of_all(parts, len(tables), what) for parts in found.values())


def _of_all(parts: Mapping[str, Decision], tables: int, what: str) -> Decision:
    first = next(iter(parts.values()))
    cells = sum(one.cells for one in parts.values())
    everywhere = len(parts) == tables
    if everywhere and len({one.sentence for one in parts.values()}) == 1:
        sentence = f"In each {what}: {first.sentence}" if cells else first.sentence
    else:
        sentence = " ".join(f"In '{name[:80]}': {one.sentence}" for name, one in parts.items())
    # Cells of a column that only some of the tables show so may not be comparable.
    proved = all(one.proved for one in parts.values()) and (everywhere or not first.column)
    return replace(first, sentence=sentence, cells=cells, proved=proved)
