"""JSON -> a table: a list of records, lines of records, or columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.readers.columnar import numbers_or_text
from pmed_core.readers.table import Table, must_fit
from pmed_core.reading import Decision

DEEP = 6
WRAPPERS = ("data", "records", "rows", "results", "items", "patients", "values", "entries")


class Number(str):
    """A number as it is written, so that no digit of an id is lost."""


def is_json(text: str) -> bool:
    """Whether a text starts as JSON does: a CSV never starts with a brace or a list of objects."""
    start = text.lstrip("\ufeff \t\n")[:200]
    return start.startswith("{") or start[:1] == "[" and start[1:].lstrip()[:1] in ("{", "[", "]")


def records(text: str, name: str) -> Table:
    """One row a record; keys of objects inside a record become columns "outer.inner".

    Raises ``UserError`` for JSON that is damaged, or is no list of flat records.
    """
    found, beside = _rows(_loaded(text, name), name)
    if not any(found):
        raise UserError("The table has no rows", name, "Add the patients' rows.")
    flat = [_once(_flat(row, "", name), name) for row in found]
    names = list(dict.fromkeys(key for row in flat for key in row))
    must_fit(len(names) * len(flat), name)
    gaps = sum(len(names) - len(row) for row in flat)
    columns = {key: numbers_or_text([_cell(row.get(key)) for row in flat], Number) for key in names}
    told = [Decision("format", "JSON", "The file is JSON, one record a row.", options=("JSON",))]
    told += beside
    outer = {key for row in found for key, value in row.items() if isinstance(value, dict)}
    if nested := [key for key in names if key.split(".")[0] in outer]:
        told.append(
            Decision(
                "columns", "flattened", f"{len(nested)} columns come from objects inside the "
                f"records, as '{nested[0]}'.", cells=len(nested), options=("flattened",),
            )
        )  # fmt: skip
    if gaps:
        told.append(
            Decision(
                "missing", "absent keys", f"{gaps:,} cells are missing because their record does "
                "not have the key.", cells=gaps, options=("absent keys",),
            )
        )  # fmt: skip
    return Table(name, pd.DataFrame(columns), tuple(told))


def _loaded(text: str, name: str) -> Any:
    text = text.lstrip("\ufeff")
    try:
        return _parsed(text)
    except (ValueError, RecursionError) as error:
        whole = error
    lines = [line for line in text.split("\n") if line.strip()]
    try:
        if len(lines) > 1:
            return [_parsed(line) for line in lines]
    except (ValueError, RecursionError):
        pass
    place = f", line {whole.lineno}" if isinstance(whole, json.JSONDecodeError) else ""
    raise UserError(
        "This is not JSON, or it is damaged", f"{name}{place}", "Save the table again, or as CSV."
    ) from whole


def _parsed(text: str) -> Any:
    return json.loads(
        text, parse_int=Number, parse_float=Number, parse_constant=_constant,
        object_pairs_hook=_unique,
    )  # fmt: skip


def _constant(word: str) -> str:
    return "" if word == "NaN" else word


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in a record")
    return found


def _once(pairs: Iterator[tuple[str, Any]], name: str) -> dict[str, Any]:
    """A record; raises ``UserError`` where objects or spaces give two values one name."""
    record: dict[str, Any] = {}
    for title, value in pairs:
        if title in record:
            raise UserError(
                f"A record has two values that would be called '{title[:60]}'", name,
                "Give each value of a record a name of its own.",
            )  # fmt: skip
        record[title] = value
    return record


def _rows(loaded: Any, name: str) -> tuple[list[dict[str, Any]], list[Decision]]:
    remedy = "Save it as a list of records, one a patient, or as CSV."
    kind = loaded.get("resourceType") if isinstance(loaded, dict) else None
    first = loaded[0] if isinstance(loaded, list) and loaded else None
    if kind or (isinstance(first, dict) and "resourceType" in first):
        raise UserError(
            "This is FHIR, which holds resources and no table", name,
            "Export one row a patient as CSV, JSON records or Parquet.",
        )  # fmt: skip
    told: list[Decision] = []
    if isinstance(loaded, dict):
        loaded, told = _unwrapped(loaded)
    if isinstance(loaded, list) and all(isinstance(row, dict) for row in loaded):
        return loaded, told
    if isinstance(loaded, list) and len(loaded) > 1 and _is_a_grid(loaded):
        return [dict(zip(map(str, loaded[0]), row, strict=True)) for row in loaded[1:]], told
    raise UserError("This JSON holds no list of records", name, remedy)


def _unwrapped(loaded: dict[str, Any]) -> tuple[Any, list[Decision]]:
    """{"data": [...]}, columns of lists, columns by row, or names beside rows."""
    values = list(loaded.values())
    if isinstance(names := loaded.get("columns"), list) and isinstance(loaded.get("data"), list):
        return _with_index(names, loaded["data"], loaded.get("index")), []
    lists = [key for key in loaded if isinstance(loaded[key], list)]
    wrapped = [key for key in lists if key.lower() in WRAPPERS] or lists
    if len(wrapped) == 1 and all(isinstance(row, dict) for row in loaded[wrapped[0]]):
        return loaded[wrapped[0]], _told_beside(loaded, wrapped[0])
    if values and len(lists) == len(values) and len({len(column) for column in values}) == 1:
        return [dict(zip(loaded, row, strict=True)) for row in zip(*values, strict=True)], []
    if values and all(isinstance(column, dict) for column in values):
        keys = [list(column) for column in values]
        if keys[0] and all(one == keys[0] for one in keys):
            return _by_keys(loaded, keys[0])
    return (loaded if any(isinstance(value, list) for value in values) else [loaded]), []


def _with_index(names: list[Any], rows: list[Any], index: Any) -> list[Any]:
    """Names above their rows; the rows' own names in front, where they do more than count."""
    counts = not isinstance(index, list) or index == [Number(n) for n in range(len(rows))]
    if counts or len(index) != len(rows) or not all(isinstance(row, list) for row in rows):
        return [names, *rows]
    title = _of_rows(list(map(str, names)))
    return [[title, *names], *([one, *row] for one, row in zip(index, rows, strict=True))]


def _of_rows(names: list[str]) -> str:
    """What the column with the rows' names is called."""
    return next(title for title in ("record", "row name", "name of the row") if title not in names)


def _by_keys(loaded: dict[str, Any], inner: list[str]) -> tuple[Any, list[Decision]]:
    """Objects of the same keys: columns by row, or rows by column; there are more rows."""
    numbered = all(map(str.isdigit, inner))
    if not numbered and (len(loaded) == 1 or len(inner) <= len(loaded)):
        if len(loaded) == 1:
            return [loaded], []
        title = _of_rows(inner)
        found = [{title: key, **row} for key, row in loaded.items()]
        return found, _told_keys(next(iter(loaded)), inner[0])
    by_row = [{name: loaded[name][key] for name in loaded} for key in inner]
    if inner == [str(n) for n in range(len(inner))]:
        return by_row, []
    title = _of_rows(list(loaded))
    found = [{title: key, **row} for key, row in zip(inner, by_row, strict=True)]
    return found, _told_keys(inner[0], next(iter(loaded)))


def _told_keys(row: str, column: str) -> list[Decision]:
    sentence = (
        f"The rows have names such as '{row[:60]}', which became a column, and the columns such as "
        f"'{column[:60]}'."
    )
    return [Decision("row-names", "kept", sentence, options=("kept",), proved=False)]


def _told_beside(loaded: dict[str, Any], read: str) -> list[Decision]:
    """What else the file holds; other lists of records may be patients too."""
    rest = [key for key, one in loaded.items() if key != read and isinstance(one, dict | list)]
    lists = [
        key for key in rest
        if isinstance(loaded[key], list) and any(isinstance(one, dict) for one in loaded[key])
    ]  # fmt: skip
    if not rest:
        return []
    shown = ", ".join(f"'{key[:60]}' ({len(loaded[key]):,} long)" for key in lists[:5])
    sentence = f"The list '{read[:60]}' was read; other lists of the file were not: {shown}."
    if not lists:
        named = ", ".join(f"'{key[:60]}'" for key in rest[:5])
        sentence = f"The list '{read[:60]}' was read; what stands beside it was not: {named}."
    return [Decision("records", read, sentence, cells=len(lists or rest), proved=not lists)]


def _is_a_grid(rows: list[Any]) -> bool:
    """Lists of cells, the first of them the names."""
    return all(isinstance(row, list) and len(row) == len(rows[0]) for row in rows) and len(
        set(map(str, rows[0]))
    ) == len(rows[0])


def _flat(record: Mapping[str, Any], before: str, name: str) -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        title = f"{before}{key}".strip()
        if isinstance(value, list) or (isinstance(value, dict) and title.count(".") >= DEEP):
            raise UserError(
                f"'{title[:60]}' holds a list inside a record", name,
                "Save one row a patient, with one value a column.",
            )  # fmt: skip
        if isinstance(value, dict):
            yield from _flat(value, f"{title}.", name)
        else:
            yield title, value


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)
