"""Rows of cells without names -> where the names stand, and what stands above and below them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pmed_core.errors import UserError
from pmed_core.reading import Choices, Decision, Reading

LOOKED_AT = 60
"""Rows that are looked at to find the names."""
TYPES = frozenset({"string", "number", "boolean"})
FIRST = 30
"""Names stand in one of the first rows."""

EMPTY = frozenset({"", "na", "n/a", "nan", "null", ".", "-", "?", "none", "<na>", "#n/a"})
NUMBER = re.compile(
    r"[<>≤≥~]?=?\s*[-+−]?(\d[\d\s.,'\u00a0\u202f]*|[.,]\d+)([eE][-+]?\d+)?\s*%?|true|false",
    re.IGNORECASE,
)
DATE = re.compile(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}([ T].*)?|\d{1,2}:\d{2}(:\d{2})?")
UNIT = re.compile(
    r"[\[(]?(%|‰|°c|°f|years?|yrs?|y|months?|weeks?|days?|hours?|h|min|minutes?|s|sec|ms|bpm|cm|mm|m"
    r"|kg|g|mg|lb|mmhg|kpa|cmh2o|meq/l|iu/l|u/l|jahre?|tage?|std|ans|años|jours?"
    r"|(m|µ|μ|u|n|p|f|k|d|c)?(g|mol|l|iu|u|m|eq|cells?)(/|\s?per\s?)"
    r"(m|µ|μ|u|n|d|c|f)?(l|kg|g|m2|m²|min|h|hr|day|d|mm3|mol|mmol)([/.].{1,12})?"
    r"|(10\^?\d+|x?10[³⁶⁹¹²*^\de]+)\s?/\s?(µ|μ|u|m)?l|kg/m(2|²|\^2)|1/min|/min|score|points?)[\])]?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Header:
    """Where the names are.

    Attributes:
        row: index of the row of names among the given rows; -1 where there is none.
        body: index of the first row of patients.
        names: one a column, as written; empty where a column has none.
        units: name -> unit, from a row of units below the names.
        reading: what was decided.
    """

    row: int
    body: int
    names: tuple[str, ...]
    units: dict[str, str] = field(default_factory=dict)
    reading: Reading = ()


def find_header(
    rows: Sequence[Sequence[str]], numbers: Sequence[int], choices: Choices, where: str
) -> Header:
    """The row of names among the first rows of a table.

    Args:
        rows: the first rows that are not empty, all of the same width, stripped.
        numbers: the number that each has in the file, from 1.
        choices: "header" = a row's number, or "none" where the table has no names.
        where: the file (and sheet), for messages.

    Raises:
        UserError: the first row is plainly a patient, or the chosen row does not exist.
    """
    chosen = choices.get("header", "").strip().lower()
    if chosen == "none":
        return _without_names(rows)
    at = _chosen(chosen, numbers, where) if chosen else _below_types(rows) or _best(rows)
    if not chosen and _is_a_patient(rows, at):
        raise UserError(
            f"The first row looks like a patient, not like names: {', '.join(rows[at][:5])}",
            f"{where}, row {numbers[at]}",
            "Put a row with the columns' names on top, or read it without names (header=none).",
        )
    names = list(rows[at])
    reading = [_names_row(rows, numbers, at, bool(chosen))]
    names, group = _with_groups(names, rows[:at], numbers[:at], choices)
    reading += group
    body = at + 1
    units: dict[str, str] = {}
    if not chosen or choices.get("units-row", "") != "patient":
        units, below = _units_below(names, rows[at + 1 :], numbers[at + 1 :], choices)
        body += bool(below)
        reading += below
    return Header(at, body, tuple(names), units, tuple(reading))


def _without_names(rows: Sequence[Sequence[str]]) -> Header:
    width = max(map(len, rows))
    names = tuple(f"column {position + 1}" for position in range(width))
    told = Decision(
        "header", "none", "The table has no row of names: its columns are numbered.",
        options=("none", "1"), proved=True,
    )  # fmt: skip
    return Header(-1, 0, names, {}, (told,))


def _chosen(chosen: str, numbers: Sequence[int], where: str) -> int:
    try:
        return list(numbers).index(int(chosen))
    except ValueError as error:
        raise UserError(
            f"There is no row '{chosen[:20]}' for the names", where,
            f"Give the number of one of the first rows that are not empty: "
            f"{', '.join(map(str, numbers[:5]))} ..., or none.",
        ) from error  # fmt: skip


def _below_types(rows: Sequence[Sequence[str]]) -> int:
    """The first row without "#" below rows with it of which one says what each column holds, as
    cBioPortal writes clinical tables; 0 where there is none."""
    marked = next((k for k, row in enumerate(rows) if not row[0].startswith("#")), 0)
    types = [{cell.lstrip("#").lower() for cell in row} - {""} for row in rows[:marked]]
    return marked if any(one and one <= TYPES for one in types) else 0


def _best(rows: Sequence[Sequence[str]]) -> int:
    """The first row that is about as full as the others.

    A fuller row of words above numbers, below a row with gaps (a title of several cells) or with
    names that stand twice (groups), is the row of names.
    """
    looked_at = range(min(FIRST, len(rows) - 1) or 1)
    filled = [_filled(rows[at]) for at in looked_at]
    most = max(filled)
    first = next(at for at in looked_at if filled[at] > 0.5 * most or most == 1)
    contrast = _contrast(rows, first)
    written = [cell for cell in rows[first] if cell]
    repeats = len(set(written)) < len(written)
    for at in looked_at[first + 1 :]:
        fuller = filled[at] > filled[first] or (repeats and at == first + 1 and filled[at] == most)
        if fuller and not any(map(is_value, rows[at])) and _contrast(rows, at) >= max(1, contrast):
            return at
    return first


def _filled(row: Sequence[str]) -> int:
    """Cells with something in them; a title that is in all of them is one. A first cell that is
    empty, as above an index, counts as a name."""
    texts = [cell for cell in row if cell]
    if len(set(texts)) < 2:
        return len(set(texts))
    return len(texts) + (not row[0] and all(row[1:]))


def _contrast(rows: Sequence[Sequence[str]], at: int) -> int:
    """Columns in which that row holds words and the rows below hold numbers or dates."""
    below = rows[at + 1 : at + 1 + LOOKED_AT]
    return sum(
        bool(cell) and not is_value(cell) and _of_values([row[j] for row in below])
        for j, cell in enumerate(rows[at])
    )


def is_value(cell: str) -> bool:
    """A number or a date, as names are not."""
    return bool(NUMBER.fullmatch(cell) or DATE.fullmatch(cell))


def _of_values(cells: Sequence[str]) -> bool:
    """Whether most of what stands in a column are numbers or dates."""
    known = [cell for cell in cells if cell.lower() not in EMPTY]
    return bool(known) and sum(map(is_value, known)) >= 0.8 * len(known)


def _is_a_patient(rows: Sequence[Sequence[str]], at: int) -> bool:
    """No words above numbers anywhere, and numbers that fit among those below."""
    if len(rows) - at < 4 or _contrast(rows, at):
        return False
    row, below = rows[at], rows[at + 1 :]
    columns = [j for j in range(len(row)) if _of_values([other[j] for other in below])]
    words = [j for j in range(len(row)) if row[j] and j not in columns]
    written = [row[j] for j in columns if row[j]]
    if len(words) > 1 - bool(written) and _values_again(row, words, below):
        return True
    if not written or _sequence(written):
        return False
    return all(_fits(row[j], [other[j] for other in below]) for j in columns if row[j])


def _values_again(row: Sequence[str], words: Sequence[int], below: Sequence[Sequence[str]]) -> bool:
    """Whether its words all stand below again, in other company: names that are repeated as a
    whole, between two exports, are names."""
    others = [other for other in below if list(other) != list(row)]
    return all(any(other[j] == row[j] for other in below) for j in words) and any(
        other[j] == row[j] for other in others for j in words
    )


def _fits(cell: str, below: Sequence[str]) -> bool:
    if DATE.fullmatch(cell):
        return True
    numbers = [number for other in below if (number := _number(other)) is not None]
    value = _number(cell)
    if value is None or not numbers:
        return False
    return "." in cell or "," in cell or min(numbers) <= value <= max(numbers)


def _number(cell: str) -> float | None:
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return None


def _sequence(cells: Sequence[str]) -> bool:
    """0, 1, 2 … or years in a row are names."""
    if not all(cell.isascii() and cell.isdigit() for cell in cells) or len(cells) < 2:
        return False
    whole = [int(cell) for cell in cells]
    return [number - whole[0] for number in whole] == list(range(len(whole)))


def _names_row(
    rows: Sequence[Sequence[str]], numbers: Sequence[int], at: int, chosen: bool
) -> Decision:
    above = [" ".join(filter(None, row)) for row in rows[:at]]
    sentence = f"The names of the columns stand in row {numbers[at]}."
    if above:
        shown = "; ".join(f"'{text[:60]}'" for text in above[:3])
        rest = f" and {len(above) - 3} more" if len(above) > 3 else ""
        sentence = (
            f"The names of the columns stand in row {numbers[at]}; what stands above them was left "
            f"out ({shown}{rest})."
        )
    proved = chosen or not above or _contrast(rows, at) > 0
    values = [cell for cell in rows[at] if is_value(cell)]
    if values and not chosen and not _sequence(values):
        sentence = (
            f"{sentence} Some are like cells ('{values[0]}'): where the table has no names, it can "
            "be read without them (header=none)."
        )
        proved = False
    return Decision("header", str(numbers[at]), sentence, cells=len(above), proved=proved)


def _with_groups(
    names: list[str], above: Sequence[Sequence[str]], numbers: Sequence[int], choices: Choices
) -> tuple[list[str], list[Decision]]:
    """Names that stand twice, told apart by the row of groups above them."""
    repeated = {name for name, count in Counter(filter(None, names)).items() if count > 1}
    if not above or not repeated or choices.get("groups") == "left out":
        return names, []
    groups = _carried(above[-1])
    joined = [
        f"{group} {name}" if group and name in repeated and group != name else name
        for group, name in zip(groups, names, strict=True)
    ]
    told = [name for name in joined if name]
    if len(set(told)) < len(told):
        return names, []
    before = next((name for name in names if name in repeated), names[0])
    after = joined[names.index(before)]
    return joined, [
        Decision(
            "groups", "joined",
            f"The names have two rows: what stands in row {numbers[-1]} was put before the names "
            f"that stand more than once, as in '{after}'.", cells=len(repeated),
            examples=((before, after),), options=("joined", "left out"),
        )
    ]  # fmt: skip


def _carried(groups: Sequence[str]) -> list[str]:
    """A group stands above its first column and holds until the next."""
    carried, last = [], ""
    for cell in groups:
        last = cell or last
        carried.append(last)
    return carried


def _units_below(
    names: Sequence[str], below: Sequence[Sequence[str]], numbers: Sequence[int], choices: Choices
) -> tuple[dict[str, str], list[Decision]]:
    """A row of units, or of descriptions, between the names and the patients."""
    if len(below) < 3:
        return {}, []
    row, rest = below[0], below[1:]
    columns = [j for j in range(len(row)) if _of_values([other[j] for other in rest])]
    written = [row[j] for j in columns if row[j].lower() not in EMPTY]
    if not written or any(map(is_value, row)):
        return {}, []
    units = {names[j]: row[j].strip("[]()") for j in columns if UNIT.fullmatch(row[j])}
    if len(units) == len(written):
        return _told_units(units, numbers[0], choices)
    return _told_descriptions(row, columns, numbers[0], choices)


def _told_units(
    units: dict[str, str], number: int, choices: Choices
) -> tuple[dict[str, str], list[Decision]]:
    if choices.get("units-row") == "patient":
        return {}, []
    shown = tuple(units.items())[:2]
    return units, [
        Decision(
            "units-row", "units", f"Row {number}, below the names, holds units: they were kept "
            "with their columns, and the row is no patient.", cells=len(units), examples=shown,
            options=("units", "patient"), proved=len(units) > 1,
        )
    ]  # fmt: skip


def _told_descriptions(
    row: Sequence[str], columns: Sequence[int], number: int, choices: Choices
) -> tuple[dict[str, str], list[Decision]]:
    """Words above every column of numbers, and long ones: questions, as survey programs write."""
    if choices.get("units-row") == "patient":
        return {}, []
    words = [row[j] for j in columns]
    questions = [word for word in words if " " in word or "{" in word]
    if len(questions) < max(2, 0.5 * len(words)):
        return {}, []
    return {}, [
        Decision(
            "units-row", "descriptions", f"Row {number}, below the names, describes the columns "
            f"('{questions[0][:60]}') and was left out.", cells=1,
            options=("descriptions", "patient"), proved=True,
        )
    ]  # fmt: skip
