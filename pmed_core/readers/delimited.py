"""Delimited text -> a frame of text cells, strictly: every row has every column."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice

import pandas as pd

from pmed_core.errors import UserError

SEPARATORS = (",", ";", "\t", "|")


def parsed(text: str, name: str) -> pd.DataFrame:
    """Text cells, stripped; an empty cell is "".

    Raises ``UserError`` for a header alone, ragged rows, and duplicate or missing names.
    """
    separator = _separator(text)
    try:
        frame = pd.read_csv(
            io.StringIO(text), sep=separator, header=None, dtype="str", keep_default_na=False,
            na_values=[], skip_blank_lines=True, low_memory=False,
        )  # fmt: skip
    except pd.errors.ParserError as error:
        raise _ragged(str(error), name) from error
    except pd.errors.EmptyDataError as error:
        raise UserError("The file is empty", name, "Save the table again.") from error
    if (frame.iloc[:, -1].fillna("") == "").any():
        _refuse_short_rows(text, separator, frame.shape[1], name)
    return named(pd.DataFrame(frame), name)


def _separator(text: str) -> str:
    """The one that splits most of the first lines into the same number (> 1) of cells."""
    lines = "\n".join(islice(io.StringIO(text), 100))
    scores = {}
    for separator in SEPARATORS:
        rows = [len(row) for row in csv.reader(io.StringIO(lines), delimiter=separator) if row]
        width, agreeing = Counter(rows).most_common(1)[0] if rows else (1, 0)
        scores[separator] = (agreeing / max(len(rows), 1) if width > 1 else 0.0, width)
    return max(SEPARATORS, key=lambda separator: scores[separator])


def _ragged(message: str, name: str) -> UserError:
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message)
    if not found:
        return UserError(
            "A quotation mark is opened and never closed", name, "Save the table again as CSV."
        )
    expected, line, seen = found.groups()
    return UserError(
        f"The row has {seen} cells, the rows above have {expected}", f"{name}, line {line}",
        "Put cells that contain the separator in quotation marks, or save the table again.",
    )  # fmt: skip


def _refuse_short_rows(text: str, separator: str, width: int, name: str) -> None:
    """pandas fills a short row with empty cells, as if the last ones had been left empty."""
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    for row in reader:
        if row and len(row) != width:
            raise UserError(
                f"The row has {len(row)} cells, the header has {width}",
                f"{name}, line {reader.line_num}",
                "Add the missing separators, or save the table again.",
            )


def named(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Take the first row as names, drop columns that are nothing."""
    header = frame.iloc[0].fillna("").str.strip().tolist()
    body = frame.iloc[1:].reset_index(drop=True)
    if not len(body):
        raise UserError("There is a header but no row below it", name, "Add the patients' rows.")
    body = body.fillna("").apply(lambda cells: cells.str.strip())
    empty = [j for j, title in enumerate(header) if not title and (body[j] == "").all()]
    kept = [j for j in range(len(header)) if j not in empty]
    body = body[kept]
    body.columns = pd.Index(_titles([header[j] for j in kept], kept, name))
    return pd.DataFrame(body)


def _titles(header: list[str], positions: list[int], name: str) -> list[str]:
    titles = [
        title or f"column {position + 1}" for title, position in zip(header, positions, strict=True)
    ]
    twice = [title for title, count in Counter(titles).items() if count > 1]
    if twice:
        shown = ", ".join(f"'{title}'" for title in twice[:5])
        raise UserError(
            f"{len(twice)} column name{'s' * (len(twice) > 1)} stand{'s' * (len(twice) == 1)} "
            f"more than once: {shown}", f"{name}, line 1", "Give each column a name of its own.",
        )  # fmt: skip
    return titles
