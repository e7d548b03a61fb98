"""Cells of a sheet -> columns: numbers where all are numbers, else text as a CSV would have it."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from pmed_core.readers.columns.marks import proofs
from pmed_core.readers.columns.numbers import part
from pmed_core.readers.header import Header
from pmed_core.readers.sheet_marks import Marks
from pmed_core.readers.sheets import Column, Sheet, shown
from pmed_core.reading import CLOSED, Choices, Decision

DIGITS_KEPT = 10**15
"""Excel keeps 15 digits of a number."""
EARLY = 1905
"""Dates before this year are small numbers that were formatted as a date."""
EPOCH = datetime.datetime(1899, 12, 30)


def columns_of(
    sheet: Sheet, header: Header, choices: Choices
) -> tuple[dict[int, pd.Series[Any]], list[Decision], dict[str, str]]:
    """The body's columns by position, what was decided about their cells, and their units.

    Args:
        sheet: with merged areas filled.
        header: where its names are.
        choices: "rows" = "visible", "hidden-columns" = "left out", "shown:COLUMN" = "as stored",
            "percent:COLUMN" = "as shown", "dates:COLUMN" = "numbers".
    """
    rows, told = _body_rows(sheet, header, choices)
    hidden, told_columns = _hidden_columns(sheet, header, choices)
    told += told_columns
    columns: dict[int, pd.Series[Any]] = {}
    units: dict[str, str] = {}
    for j, name in enumerate(header.names):
        if j in hidden:
            continue
        column = Column(name, j, rows, [sheet.rows[row][j] for row in rows])
        told += _told_merged(sheet, header, column)
        told += _told_across(sheet, header, column)
        told += _told_failures(sheet, column)
        columns[j], more = _typed(sheet.marks, column, choices, units)
        told += more
    return columns, told, units


def _body_rows(
    sheet: Sheet, header: Header, choices: Choices
) -> tuple[tuple[int, ...], list[Decision]]:
    rows = list(range(header.body, len(sheet.rows)))
    hidden = [row for row in rows if row in sheet.marks.hidden_rows and any(sheet.rows[row])]
    struck = [row for row in rows if _is_struck(sheet, row)]
    told = []
    for rule, found, how in (
        ("rows", hidden, f"hidden in the sheet '{sheet.name}' (by a filter, or by hand)"),
        ("struck-rows", struck, f"struck through in the sheet '{sheet.name}'"),
    ):
        if not found:
            continue
        kept, without = CLOSED[rule]
        out = choices.get(rule) == without
        many = "1 row is" if len(found) == 1 else f"{len(found):,} rows are"
        done = "left out" if out else "read like the others"
        told.append(Decision(
            rule, without if out else kept, f"{many} {how} and {done}.", cells=len(found),
            options=(kept, without), proved=out,
        ))  # fmt: skip
        leave = set(found) if out else set()
        rows = [row for row in rows if row not in leave]
    return tuple(rows), told


def _is_struck(sheet: Sheet, row: int) -> bool:
    """Whether whatever stands in a row is struck through."""
    if not sheet.marks.struck:
        return False
    filled = [(row, j) for j, cell in enumerate(sheet.rows[row]) if cell not in ("", None)]
    return bool(filled) and all(place in sheet.marks.struck for place in filled)


def _hidden_columns(
    sheet: Sheet, header: Header, choices: Choices
) -> tuple[set[int], list[Decision]]:
    names = {j: n for j, n in enumerate(header.names) if n and j in sheet.marks.hidden_columns}
    if not names:
        return set(), []
    out = choices.get("hidden-columns") == "left out"
    many = "1 column is" if len(names) == 1 else f"{len(names):,} columns are"
    shown_names = ", ".join(f"'{name}'" for name in list(names.values())[:5])
    done = "left out" if out else "read like the others"
    told = Decision(
        "hidden-columns", "left out" if out else "read",
        f"{many} hidden in the sheet '{sheet.name}' and {done}: {shown_names}.",
        cells=len(names), options=("read", "left out"), proved=out,
    )  # fmt: skip
    return (set(names) if out else set()), [told]


def _told_merged(sheet: Sheet, header: Header, column: Column) -> list[Decision]:
    areas = [
        area for area in sheet.merged if area[0][1] == column.position and area[1][0] >= header.body
    ]
    cells = sum(bottom - max(top, header.body - 1) for (top, _), (bottom, _) in areas)
    if cells < 1:
        return []
    value = shown(sheet.rows[areas[0][0][0]][column.position])[:40]
    many = "1 merged area was" if len(areas) == 1 else f"{len(areas):,} merged areas were"
    return [
        Decision(
            "merged", "filled", f"'{column.name}': {many} filled: the value belongs to all rows "
            f"that the area spans ({cells:,} cell{'s' * (cells > 1)}).", column.name, cells,
            (("", value),), options=("filled",),
        )
    ]  # fmt: skip


def _told_across(sheet: Sheet, header: Header, column: Column) -> list[Decision]:
    """Merged areas of several columns: which of them the value is for, the file does not say."""
    areas = [
        (top, left) for (top, left), (_, right) in sheet.merged
        if left == column.position and right > left and header.body <= top < len(sheet.rows)
        and shown(sheet.rows[top][left])
    ]  # fmt: skip
    if not areas:
        return []
    value = shown(sheet.rows[areas[0][0]][column.position])[:40]
    many = "1 merged area spans" if len(areas) == 1 else f"{len(areas):,} merged areas span"
    return [
        Decision(
            "merged-across", "first column", f"'{column.name}': {many} further columns ('{value}'):"
            " the value was read in the first of them, and the others are missing.", column.name,
            len(areas), ((value, value),), options=("first column",), proved=False,
        )
    ]  # fmt: skip


def _told_failures(sheet: Sheet, column: Column) -> list[Decision]:
    """Errors, and formulas that nobody has calculated: both are missing."""
    told = []
    if failed := column.among(sheet.marks.errors):
        texts = Counter(failed.values())
        kinds = ", ".join(text for text, _ in texts.most_common(3))
        cells = "1 cell holds" if len(failed) == 1 else f"{len(failed):,} cells hold"
        told.append(
            Decision(
                "cell-errors", "missing",
                f"'{column.name}': {cells} an error ({kinds}): read as missing.",
                column.name, len(failed), tuple((text, "") for text in list(texts)[:2]),
                options=("missing",),
            )
        )  # fmt: skip
    if waiting := _uncalculated(sheet, column):
        for n in waiting:
            column.cells[n] = ""
        cells = "1 cell is a formula that was" if len(waiting) == 1 else (
            f"{len(waiting):,} cells are formulas that were"
        )  # fmt: skip
        told.append(
            Decision(
                "formulas", "missing", f"'{column.name}': {cells} never calculated: open the file "
                "in Excel and save it. Until then they are missing.", column.name, len(waiting),
                options=("missing",), proved=False,
            )
        )  # fmt: skip
    return told


def _uncalculated(sheet: Sheet, column: Column) -> list[int]:
    """Formulas without a stored value, or with the 0 that a script writes for all of them."""
    values = column.among(sheet.marks.formulas)
    zeros = sheet.recalculates and len(values) > 1 and set(values.values()) == {"0"}
    return [n for n in values if zeros or not values[n]]


def _typed(
    marks: Marks, column: Column, choices: Choices, units: dict[str, str]
) -> tuple[pd.Series[Any], list[Decision]]:
    """The cells as numbers or text, and what was decided about how they are shown."""
    told = [*_dates_of_numbers(column, choices), *_padded(marks, column, choices)]
    told += _percents(marks, column, choices, units)
    told += _units(marks, column, units)
    told += _durations(column, units)
    kinds = {type(cell) for cell in column.cells}
    words = str in kinds and any(type(cell) is str and cell.strip() for cell in column.cells)
    long = sum(isinstance(cell, float) and abs(cell) >= DIGITS_KEPT for cell in column.cells)
    if long:
        told.append(_told_digits(column.name, long))
    if not words and not long and float in kinds and kinds <= {float, str}:
        return _numbers(column.cells), told
    mark = _mark_of_texts(column.cells) if words else "."
    texts = [_beside_text(cell, words, mark).strip() for cell in column.cells]
    return pd.Series(texts, dtype="str"), told


def _numbers(cells: list[Any]) -> pd.Series[Any]:
    numbers = np.array([np.nan if type(cell) is str else cell for cell in cells], dtype=float)
    known = numbers[~np.isnan(numbers)]
    if not (known == np.round(known)).all():
        return pd.Series(numbers)
    return pd.Series(numbers).astype("int64" if len(known) == len(numbers) else "Int64")


def _mark_of_texts(cells: list[Any]) -> str:
    """The decimal mark of numbers that were entered as text: beside 9.5, "8,5" is 8.5."""
    parts = [part(cell) for cell in cells if isinstance(cell, str) and cell.strip()]
    decimal, thousands, _ = proofs(one.body for one in parts if one)
    return "," if decimal == {","} and "," not in thousands else "."


def _beside_text(cell: object, words: bool, mark: str) -> str:
    """Numbers beside text are written as that is; three decimals must not look like a thousands
    mark: 1.125 as 1.1250."""
    text = shown(cell)
    if not words or not isinstance(cell, float) or "e" in text:
        return text
    padded = f"{text}0" if text[-4:-3] == "." else text
    return padded.replace(".", mark)


def _told_digits(name: str, count: int) -> Decision:
    cells = "1 number has" if count == 1 else f"{count:,} numbers have"
    return Decision(
        "digits", "15 digits", f"'{name}': {cells} 16 digits or more. Excel keeps 15: the last "
        "ones may be wrong. Format the column as text before the numbers are entered.",
        name, count, options=("15 digits",), proved=False,
    )  # fmt: skip


def _dates_of_numbers(column: Column, choices: Choices) -> list[Decision]:
    """Small numbers that were formatted as dates: 34 as 3 February 1900."""
    dates = [n for n, cell in enumerate(column.cells) if isinstance(cell, datetime.date)]
    if not dates:
        return []
    early = [n for n in dates if column.cells[n].year < EARLY]
    others = len([cell for cell in column.cells if isinstance(cell, float)])
    chosen = choices.get(f"dates:{column.name}", "")
    if not others and len(early) < len(dates):
        return []
    as_numbers = chosen == "numbers" or (
        chosen != "dates" and bool(early) and len(early) == len(dates)
    )
    before = shown(column.cells[dates[0]])
    # Excel's calendar has a 29 February 1900: 59 and 60 come as the same day.
    twice = [n for n in dates if as_numbers and shown(column.cells[n]).startswith("1900-02-28")]
    if as_numbers:
        for n in dates:
            column.cells[n] = "" if n in twice else _serial(column.cells[n])
    also = f"; {len(twice):,} of them can be 59 or 60 and were read as missing" * bool(twice)
    after = shown(column.cells[dates[0]])
    many = "1 cell is" if len(dates) == 1 else f"{len(dates):,} cells are"
    what = "small numbers formatted as dates" if early else "dates among numbers"
    return [
        Decision(
            "dates", "numbers" if as_numbers else "dates",
            f"'{column.name}': {many} {what} ({before}): read as "
            f"{'numbers' if as_numbers else 'dates'}{also}.", column.name, len(dates),
            ((before, after),), options=("numbers", "dates"), proved=bool(chosen),
        )
    ]  # fmt: skip


def _serial(date: datetime.date) -> float:
    """The number that Excel stores for a date."""
    moment = date if isinstance(date, datetime.datetime) else (
        datetime.datetime(date.year, date.month, date.day)
    )  # fmt: skip
    days = (moment - EPOCH).total_seconds() / 86_400
    return days - 1 if days < 61 else days


def _padded(marks: Marks, column: Column, choices: Choices) -> list[Decision]:
    """Numbers that are shown with leading zeros or marks are ids, those that are shown as words are
    codes: read as they are shown."""
    formats = column.among(marks.shown)
    found = [
        n for n, one in formats.items()
        if one.instead and isinstance(column.cells[n], float) and column.cells[n].is_integer()
    ]  # fmt: skip
    pairs = [(shown(column.cells[n]), formats[n].text(column.cells[n])) for n in found]
    if not any(before != after for before, after in pairs):
        return []
    kept = choices.get(f"shown:{column.name}") == "as stored"
    if not kept:
        for n, (_, after) in zip(found, pairs, strict=True):
            column.cells[n] = after
    many = "1 number is" if len(found) == 1 else f"{len(found):,} numbers are"
    return [
        Decision(
            "shown", "as stored" if kept else "as shown",
            f"'{column.name}': {many} shown as {pairs[0][1]} and stored as {pairs[0][0]}; read as "
            f"{'stored' if kept else 'shown'}.", column.name, len(found), tuple(pairs[:2]),
            options=("as shown", "as stored"),
        )
    ]  # fmt: skip


def _percents(
    marks: Marks, column: Column, choices: Choices, units: dict[str, str]
) -> list[Decision]:
    places = [
        n for n, one in column.among(marks.shown).items()
        if one.percent and isinstance(column.cells[n], float)
    ]  # fmt: skip
    if not places:
        return []
    rest = [cell for n, cell in enumerate(column.cells) if n not in set(places) and cell != ""]
    mixed = any(isinstance(cell, float) for cell in rest)
    as_shown = choices.get(f"percent:{column.name}") == "as shown" or any(
        isinstance(cell, str) and "%" in cell for cell in rest
    )
    before = column.cells[places[0]]
    percent = f"{round(before * 100, 10):g} %"
    if as_shown:
        for n in places:
            column.cells[n] = round(column.cells[n] * 100, 10)
        units[column.name] = "%"
    many = "1 cell is" if len(places) == 1 else f"{len(places):,} cells are"
    also = "; other numbers of the column are not" if mixed else ""
    return [
        Decision(
            "percent", "as shown" if as_shown else "as stored",
            f"'{column.name}': {many} shown as percent ({shown(before)} as {percent}){also}; read "
            f"as {'shown' if as_shown else 'stored'}.", column.name, len(places),
            ((percent, shown(column.cells[places[0]])),), options=("as stored", "as shown"),
            proved=not mixed,
        )
    ]  # fmt: skip


def _units(marks: Marks, column: Column, units: dict[str, str]) -> list[Decision]:
    """Units that are part of the number format."""
    formats = Counter(
        one.unit
        for n, one in column.among(marks.shown).items()
        if isinstance(column.cells[n], float)
    )
    formats.pop("", None)
    if not formats:
        return []
    numbers = sum(isinstance(cell, float) for cell in column.cells)
    one = len(formats) == 1 and sum(formats.values()) == numbers
    names = " and ".join(f"'{unit}'" for unit in formats)
    if one:
        units[column.name] = next(iter(formats))
    sentence = f"'{column.name}': its numbers are shown with the unit {names}, which was kept."
    if not one:
        sentence = (
            f"'{column.name}': some of its numbers are shown with {names} and others are not: no "
            "unit was kept, and the numbers were read as they are stored."
        )
    return [
        Decision(
            "unit", next(iter(formats)) if one else "", sentence, column.name,
            sum(formats.values()), proved=one,
        )
    ]  # fmt: skip


def _durations(column: Column, units: dict[str, str]) -> list[Decision]:
    places = [n for n, cell in enumerate(column.cells) if isinstance(cell, datetime.timedelta)]
    if not places:
        return []
    before = str(column.cells[places[0]])
    for n in places:
        column.cells[n] = column.cells[n].total_seconds() / 86_400
    units[column.name] = "d"
    return [
        Decision(
            "unit", "d", f"'{column.name}': {len(places):,} durations were read in days.",
            column.name, len(places), ((before, shown(column.cells[places[0]])),), options=("d",),
        )
    ]  # fmt: skip
