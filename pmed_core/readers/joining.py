"""Tables of the same columns, one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from pmed_core.readers.columnar import cell_as_text
from pmed_core.readers.table import Table


def joined(tables: Sequence[Table], names: Sequence[str], what: str) -> Table:
    """The tables with a column that names which of them ("sheet", "file") each row is from."""
    if len(tables) == 1:
        return tables[0]
    title = what if what not in tables[0].cells else f"name of the {what}"
    parts = [table.cells.assign(**{title: name}) for table, name in zip(tables, names, strict=True)]
    kinds = {name: {part[name].dtype for part in parts} for name in parts[0]}
    for name, found in kinds.items():
        if len(found) > 1 and any(isinstance(kind, pd.StringDtype) for kind in found):
            for part in parts:
                part[name] = part[name].astype(object).map(cell_as_text).astype("str")
    told = {decision.key: decision for table in tables for decision in table.reading}
    cells = pd.concat(parts, ignore_index=True)
    return replace(tables[0], cells=cells, reading=tuple(told.values()))
