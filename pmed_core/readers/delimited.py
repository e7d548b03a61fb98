"""Delimited text -> a table of text cells, strictly: every row has every column."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.readers.framing import FOOTER, framed
from pmed_core.readers.header import Header, find_header
from pmed_core.readers.table import CELLS_AT_MOST, Table
from pmed_core.reading import Choices, Decision

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", "^": "caret", "~": "tilde"}
SPACES = "spaces"
OTHER_MARKS = (":", "/", "#", "&", " ")
"""Where these would split every line alike, one column is a guess."""
SAYS = re.compile(r"\"?sep=(.)\"?[,;\t|]*(?:\n|$)", re.IGNORECASE)
"""The first line by which Excel is told the separator."""
AS_TEXT = re.compile(r"=\"([^\"]*)\"|'([^']+)")
ESCAPED = re.compile(r'(?<!\\)\\"')
WITHIN_QUOTES = re.compile(r'(?:^|[,;\t|^~])"[^"\n]*?(?<!\\)\\"(?=\w)', re.MULTILINE)
"""A mark with a backslash inside a cell in marks, where a plain one would end the cell."""
LINES = 100
"""Lines by which the separator and the names are found."""
COLUMNS_AT_MOST = 200_000
CELL_AT_MOST = 1_000_000
"""Columns, and characters of a cell: more than any table of patients, less than a memory."""
# A whole line is one cell for the separators that are not the file's; our own limits are told in
# a sentence.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
class Row:
    """The cells of a row, and the lines above its first and up to its last."""

    cells: tuple[str, ...]
    above: int
    upto: int


@dataclass(frozen=True)
class Body:
    """The rows below the names: their text, the separator, and the lines above them.

    ``single``: they have one column, in which an empty line is a row.
    """

    text: str
    separator: str
    above: int
    name: str
    single: bool = False


def parsed(text: str, name: str, choices: Choices) -> Table:
    """Text cells, stripped; an empty cell is "".

    Raises ``UserError`` for a header alone, ragged rows, and duplicate or missing names.
    """
    said = SAYS.match(text)
    text, above = (text[said.end() :], 1) if said else (text, 0)
    text, doubled = _doubled(text)
    separator, told = _separator(text, said.group(1) if said else "", choices, name)
    if separator == SPACES:
        text, separator = _with_tabs(text), "\t"
    _not_too_wide(text, separator, name)
    rows = _first_rows(text, separator, name)
    if not rows:
        raise UserError("The file is empty", name, "Save it again; a table has a header row.")
    header = _header(rows, above, choices, name)
    single = max(len(row.cells) for row in rows) == 1
    start = rows[header.body].above if header.body < len(rows) else rows[-1].upto
    if single and header.body:
        start = rows[header.body - 1].upto
    body = Body(_from_line(text, start), separator, above + start, name, single)
    if not body.text.strip():
        raise UserError("There is a header but no row below it", name, "Add the patients' rows.")
    cells, header, shifted = _shaped(_cells(body), header, body)
    table, framing = framed(cells, header, choices, name)
    table, bare = _bare(table)
    reading = (told, *doubled, *header.reading, *shifted, *framing, *bare)
    return Table(name, table, reading, units=header.units)


def _doubled(text: str) -> tuple[str, list[Decision]]:
    """Quotation marks inside cells doubled, as CSV has them (RFC 4180); R and MySQL write them with
    a backslash."""
    if '\\"' not in text or not WITHIN_QUOTES.search(text):
        return text, []
    found, count = ESCAPED.subn('""', text)
    sentence = (
        f"{count:,} quotation marks inside cells are written with a backslash, as R and MySQL do: "
        "they were read as quotation marks."
    )
    return found, [Decision("quotes", "backslash", sentence, cells=count, options=("backslash",))]


def _separator(text: str, said: str, choices: Choices, where: str) -> tuple[str, Decision]:
    """(separator or SPACES, what was decided)."""
    options = (*SEPARATORS.values(), SPACES)
    if chosen := choices.get("separator", ""):
        found = {word: mark for mark, word in SEPARATORS.items()} | {SPACES: SPACES, "space": " "}
        separator = found.get(chosen.lower().strip(), chosen)
        if separator != SPACES and (len(separator) != 1 or separator.isalnum()):
            raise UserError(
                f"'{chosen[:20]}' is no separator", where, f"Choose one of {', '.join(options)}."
            )
        return separator, _told_separator(separator, "as chosen", True)
    if said:
        return said, _told_separator(said, "as the first line of the file says", True)
    separator, share = _best_separator(text)
    return separator, _told_separator(separator, "", share > 0.5)


def _told_separator(separator: str, why: str, proved: bool) -> Decision:
    word = SEPARATORS.get(separator, "space" if separator == " " else separator)
    mark = "two or more spaces" if separator == SPACES else f"the {word}"
    sentence = f"The cells are separated by {mark}{f', {why}' * bool(why)}."
    return Decision(
        "separator", word, sentence, options=(*SEPARATORS.values(), SPACES), proved=proved
    )


def _best_separator(text: str) -> tuple[str, float]:
    """The one that splits most of the first lines into the same number (> 1) of cells."""
    lines = "\n".join(islice(io.StringIO(text), LINES))
    scores = {separator: _agreeing(lines, separator) for separator in SEPARATORS}
    best = max(SEPARATORS, key=lambda separator: scores[separator])
    share, width = scores[best]
    if share < 1 and _agreeing(_with_tabs(lines), "\t")[0] == 1:
        return SPACES, 1.0
    if width == 1 and (blanks := _agreeing(lines, " "))[0] == 1 and blanks[1] > 2:
        return " ", 1.0
    if width == 1 and _names_rows(lines):
        return " ", 1.0
    others = [mark for mark in OTHER_MARKS if _agreeing(lines, mark)[0] == 1]
    if _agreeing(_with_tabs(lines), "\t")[1] > 1:
        # Columns of a fixed width with a gap, which nothing tells from spaces.
        others.append(SPACES)
    return best, share if width > 1 else float(not others)


def _agreeing(lines: str, separator: str) -> tuple[float, int]:
    """(share of the rows that have the most frequent number of cells, that number)."""
    if _most(lines, separator) >= COLUMNS_AT_MOST:
        # Told by ``_not_too_wide``; to make cells of it would take the memory.
        return (1.0, COLUMNS_AT_MOST + 1)
    rows = [len(row) for row in csv.reader(io.StringIO(lines), delimiter=separator) if row]
    width, agreeing = Counter(rows).most_common(1)[0] if rows else (1, 0)
    return (agreeing / max(len(rows), 1) if width > 1 else 0.0, width)


def _names_rows(lines: str) -> bool:
    """Whether rows have one cell more than the names, a different one each, between blanks: what
    R's ``write.table`` makes."""
    rows = [row for row in csv.reader(io.StringIO(lines), delimiter=" ") if row]
    wide = {len(row) for row in rows[1:]}
    return (
        bool(rows)
        and wide == {len(rows[0]) + 1}
        and len(rows[0]) > 1
        and (len({row[0] for row in rows[1:]}) == len(rows) - 1)
    )


def _not_too_wide(text: str, separator: str, where: str) -> None:
    """Raise ``UserError`` before cells are made of a line that has far too many, or of a cell that
    never ends."""
    wide = _most(text, separator) + 1
    if wide > COLUMNS_AT_MOST:
        raise UserError(
            f"It has {wide:,} columns; at most {COLUMNS_AT_MOST:,} are read", where,
            "Check the separator, or put patients into rows and keep fewer columns.",
        )  # fmt: skip
    if wide * (text.count("\n") + 1) > CELLS_AT_MOST:
        raise UserError(
            f"It has about {text.count(chr(10)) * wide:,} cells; at most {CELLS_AT_MOST:,} are "
            "read", where, "Keep fewer columns or rows.",
        )  # fmt: skip


def _most(text: str, separator: str) -> int:
    """The most separators in one of the first lines."""
    return max((line.count(separator) for line in islice(io.StringIO(text), LINES)), default=0)


def _with_tabs(text: str) -> str:
    return "\n".join(re.sub(r" {2,}|\t", "\t", line.strip(" ")) for line in text.split("\n"))


def _endless(line: int, where: str) -> UserError:
    place = f"{where}, line {line}" if line else where
    return UserError(
        f"A cell holds more than {CELL_AT_MOST:,} characters", place,
        "Perhaps a quotation mark is opened and never closed; save the table again as CSV.",
    )  # fmt: skip


def _first_rows(text: str, separator: str, where: str) -> list[Row]:
    """The rows among the first lines that hold anything."""
    return list(_rows("".join(islice(io.StringIO(text), LINES)), separator, where))


def _rows(text: str, separator: str, where: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    above = 0
    for cells in reader:
        if max(map(len, cells), default=0) > CELL_AT_MOST:
            raise _endless(reader.line_num, where)
        stripped = tuple(cell.strip() for cell in cells)
        if any(stripped):
            yield Row(stripped, above, reader.line_num)
        above = reader.line_num


def _header(rows: Sequence[Row], above: int, choices: Choices, where: str) -> Header:
    width = max(len(row.cells) for row in rows)
    padded = [(*row.cells, *[""] * (width - len(row.cells))) for row in rows]
    header = find_header(padded, [above + row.above + 1 for row in rows], choices, where)
    written = len(rows[header.row].cells) if header.row >= 0 else width
    return replace(header, names=header.names[:written])


def _from_line(text: str, line: int) -> str:
    return text.split("\n", line)[line] if line and text.count("\n") >= line else text * (not line)


def _cells(body: Body) -> pd.DataFrame:
    # pandas counts the columns by the first line, and finds none where that is empty.
    gap = '""' if body.single and body.text.startswith("\n") else ""
    try:
        frame = pd.read_csv(
            io.StringIO(gap + body.text), sep=body.separator, header=None, dtype="str",
            keep_default_na=False, na_values=[], skip_blank_lines=not body.single,
            low_memory=False,
        )  # fmt: skip
    except pd.errors.ParserError as error:
        raise _ragged(str(error), body) from error
    if (frame.iloc[:, -1].fillna("") == "").any():
        _refuse_short_rows(body, frame.shape[1])
    frame = frame.fillna("")
    if _may_be_long(body) and _longest(frame) > CELL_AT_MOST:
        raise _endless(0, body.name)
    # To strip columns one by one takes as long as to read them.
    blank = re.search(r"[^\S\n]", body.text.replace(body.separator, ""))
    return pd.DataFrame(frame.apply(lambda cells: cells.str.strip())) if blank else frame


def _may_be_long(body: Body) -> bool:
    """Whether so much stands without a separator that a cell may be too long.

    To measure the cells of thousands of columns takes longer than to read them.
    """
    part = CELL_AT_MOST // 2
    starts = range(0, len(body.text) - part + 1, part)
    return any(body.text.find(body.separator, at, at + part) < 0 for at in starts)


def _longest(frame: pd.DataFrame) -> int:
    """Characters of the longest cell."""
    return max(int(frame[column].str.len().max()) for column in frame)


def _ragged(message: str, body: Body) -> UserError:
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message)
    if not found:
        return UserError(
            "A quotation mark is opened and never closed", body.name, "Save the table again as CSV."
        )
    expected, line, seen = map(int, found.groups())
    return _other_width(seen, f"the rows above have {expected}", body.above + line, body.name)


def _other_width(seen: int, others: str, line: int, name: str) -> UserError:
    return UserError(
        f"The row has {seen} cells, {others}", f"{name}, line {line}",
        "Put cells that contain the separator in quotation marks, or add the missing separators.",
    )  # fmt: skip


def _refuse_short_rows(body: Body, width: int) -> None:
    """pandas fills a short row with empty cells, as if the last ones had been left empty.

    Remarks below the table have one cell.
    """
    short: list[tuple[int, int, str]] = []
    for line, count, first in _widths(body):
        if count == width and short:
            raise _other_than(width, short[0], body)
        if count != width:
            short.append((line, count, first))
    for one in short:
        if one[1] != 1 or not FOOTER.match(one[2]):
            raise _other_than(width, one, body)


def _widths(body: Body) -> Iterator[tuple[int, int, str]]:
    """(line, number of cells, first cell) of each row that is not empty."""
    if '"' in body.text:
        reader = csv.reader(io.StringIO(body.text), delimiter=body.separator)
        yield from ((reader.line_num, len(row), row[0].strip()) for row in reader if any(row))
        return
    for number, line in enumerate(body.text.split("\n"), 1):
        if line.strip():
            yield number, line.count(body.separator) + 1, line.partition(body.separator)[0].strip()


def _other_than(width: int, short: tuple[int, int, str], body: Body) -> UserError:
    line, count, _ = short
    return _other_width(count, f"the others have {width}", body.above + line, body.name)


def _bare(table: pd.DataFrame) -> tuple[pd.DataFrame, list[Decision]]:
    """Cells without what made a spreadsheet take them for text: ="007", and '007."""
    told = []
    for name in table.columns:
        cells = table[name]
        first = next((cell for cell in cells if cell), "")
        if not AS_TEXT.fullmatch(first):
            continue
        known = cells[cells != ""]
        if known.str.fullmatch(AS_TEXT).all():
            bare = cells.str.replace(AS_TEXT, lambda found: found[1] or found[2] or "", regex=True)
            table = table.assign(**{str(name): bare})
            # No examples: these are mostly record numbers.
            sentence = (
                f"The cells of '{name}' were written so that a spreadsheet takes them for text "
                '(="..." or an apostrophe): they were read without that.'
            )
            told.append(Decision("as-text", "bare", sentence, str(name), len(known)))
    return table, told


def _shaped(
    cells: pd.DataFrame, header: Header, body: Body
) -> tuple[pd.DataFrame, Header, list[Decision]]:
    """As many columns as names: separators at the ends of lines, and R's row names."""
    names, width = header.names, cells.shape[1]
    extra = width - len(names)
    if not extra:
        return cells, header, []
    if extra < 0:
        line = body.above + 1
        raise _other_width(width, f"the header has {len(names)}", line, body.name)
    if (cells.iloc[:, len(names) :] == "").all(axis=None):
        told = Decision(
            "empty-columns", "left out", "The rows end in separators that the names do not have: "
            "what would be empty columns was left out.", cells=extra, options=("left out",),
        )  # fmt: skip
        return pd.DataFrame(cells.iloc[:, : len(names)]), header, [told]
    if extra == 1 and cells[0].is_unique and (cells[0] != "").all():
        told = Decision(
            "row-names", "first column", "The rows have one cell more than the names: the first "
            "is the name of the row and became 'row name'.", cells=len(cells),
            options=("first column",),
        )  # fmt: skip
        return cells, replace(header, names=("row name", *names)), [told]
    raise _other_width(width, f"the header has {len(names)}", body.above + 1, body.name)
