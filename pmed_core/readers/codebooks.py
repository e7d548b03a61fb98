"""A sheet or table that explains the columns of another -> names of codes, and units."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pmed_core.dictionary import CODE, coded, without_zeros

Labels = dict[str, dict[str, str]]

UNIT_NAME = re.compile(
    r"units?|einheit|unité|unidad|measure(ment)?[ _]units?|单位|單位|単位", re.IGNORECASE
)
CODE_NAME = re.compile(r"codes?|values?|levels?|wert|valeur|valor|key|编码|代码|值", re.IGNORECASE)
NAME_NAME = re.compile(
    r"(value[ _]?)?labels?|meaning|descriptions?|text|name|bedeutung|definition|libellé|含义|标签",
    re.IGNORECASE,
)


def explained(
    names: Sequence[str], rows: Sequence[Sequence[str]], columns: Sequence[str]
) -> tuple[Labels, dict[str, str]]:
    """(names of codes, units) of the columns that the rows of a codebook explain.

    Args:
        names: the codebook's own header.
        rows: its rows of text, as wide as the header.
        columns: names of the table that it explains.
    """
    known = {column.strip().lower(): column for column in columns}
    subject = _subject(rows, known)
    if subject is None:
        return {}, {}
    labels: Labels = {}
    units: dict[str, str] = {}
    unit = next((j for j, name in enumerate(names) if UNIT_NAME.fullmatch(name.strip())), None)
    for column, row in _by_column(rows, subject, known):
        cells = [cell for j, cell in enumerate(row) if j != subject]
        labels.setdefault(column, {}).update(next(filter(None, map(coded, cells)), {}))
        if unit is not None and row[unit]:
            units.setdefault(column, row[unit])
    for column, code, name in _one_a_row(names, rows, subject, known):
        labels.setdefault(column, {}).setdefault(code, name)
    return {column: pairs for column, pairs in labels.items() if pairs}, units


def _subject(rows: Sequence[Sequence[str]], known: dict[str, str]) -> int | None:
    """The column that lists the other table's columns."""
    width = len(rows[0]) if rows else 0
    hits = [len([row for row in rows if row[j].strip().lower() in known]) for j in range(width)]
    best = max(hits, default=0)
    return hits.index(best) if best else None


def _by_column(
    rows: Sequence[Sequence[str]], subject: int, known: dict[str, str]
) -> Iterator[tuple[str, Sequence[str]]]:
    """Each row with the column it speaks of; an empty name means the one above."""
    last = ""
    for row in rows:
        last = row[subject].strip() or last
        if column := known.get(last.lower()):
            yield column, row


def _one_a_row(
    names: Sequence[str], rows: Sequence[Sequence[str]], subject: int, known: dict[str, str]
) -> Iterator[tuple[str, str, str]]:
    """(column, code, name) of codebooks with a row for each code."""
    code = next((j for j, name in enumerate(names) if CODE_NAME.fullmatch(name.strip())), None)
    name = next(
        (
            j
            for j, one in enumerate(names)
            if NAME_NAME.fullmatch(one.strip()) and j not in (code, subject)
        ),
        None,
    )
    if code is None or name is None:
        return
    for column, row in _by_column(rows, subject, known):
        if re.fullmatch(CODE, row[code].strip()) and row[name]:
            yield column, without_zeros(row[code]), row[name]
