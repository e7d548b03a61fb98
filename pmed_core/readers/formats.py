"""A file of any kind -> Table. What it is, its first bytes say; its name only where they do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pmed_core.readers import columnar, workbooks
from pmed_core.readers.decoding import contents, decoded
from pmed_core.readers.delimited import parsed
from pmed_core.readers.statistical import FORMATS, statistical
from pmed_core.readers.table import Table
from pmed_core.reading import Choices
from pmed_core.suffixes import WORKBOOKS, ends_with


def open_table(path: Path, choices: Choices) -> Table:
    """What stands in a file, one column a name.

    Raises ``UserError``: what is wrong with the file, where, and what to do.
    """
    data = contents(path)
    if kind := next((kind for kind in FORMATS if kind.is_of(data, path.name)), None):
        return statistical(path, kind, choices)
    if data.startswith(b"PAR1") or ends_with(path.name, ("parquet", "pq")):
        return columnar.parquet(data, path.name)
    if data.startswith(workbooks.STARTS) or ends_with(path.name, WORKBOOKS):
        return workbooks.workbook(data, path.name, choices)
    text, told = decoded(data, path.name, choices)
    table = parsed(text, path.name, choices)
    return replace(table, reading=(*told, *table.reading))
