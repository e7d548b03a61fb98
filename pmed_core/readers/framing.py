"""Columns below their names: what is empty or no patient goes, and that is said."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.readers.header import Header, is_value
from pmed_core.reading import Choices, Decision

FOOTERS_AT_MOST = 10
MANY = 4
GAPS = 20
"""Empty rows, from the end, below which another table is looked for."""
FOOTER = re.compile(
    r"s\.?d\.?$|std(\b|ev)|st(andard)?\.? ?dev|variance\b|range\b|(min|max)(imum)?$|iqr\b"
    r"|standardabweichung|stabw\b|varianz\b|ecart|écart|desviaci|deviazione"
    r"|(grand |sub)?totals?\b|sums?\b|mean\b|average\b|median\b|count\b|n\s*=|exported\b|created\b"
    r"|generated\b|printed\b|sources?\b|notes?\b|legend\b|abbreviations?\b|end of\b|page \d"
    r"|\*|†|©|#|\([\d,]+ rows?( affected)?\)"
    r"|summe\b|gesamt\b|mittelwert\b|quelle\b|stand\b|exportiert\b|erstellt\b|anmerkung"
    r"|totaux\b|somme\b|moyenne\b|exporté\b|suma\b|media\b|fuente\b|totale\b|合计|总计|合計|総計|итого",
    re.IGNORECASE,
)


RULE = re.compile(r":?[-=]+:?")
"""What databases and Markdown draw below the names."""


def framed(
    body: pd.DataFrame, header: Header, choices: Choices, where: str
) -> tuple[pd.DataFrame, list[Decision]]:
    """The body with its names; raises ``UserError`` for names that stand twice and for no rows.

    Args:
        body: (n rows, one column a name), columns by position; text stripped, "" where empty, or
            typed.
        header: where the names stand.
        choices: "columns" = "number-repeats", "footer" = "kept".
        where: the file, for messages.
    """
    told: list[Decision] = []
    blank = _blank(body)
    if body.shape[1] == 1 and (gaps := _above_the_last(blank)).any():
        told.append(_told_gaps(int(gaps.sum())))
        blank &= ~gaps
    if blank.any():
        body = body[~blank]
        told.append(_rows_left_out(int(blank.sum())))
    if (ruled := _ruled(body)).any():
        body = body[~ruled]
        told.append(_told_ruled(int(ruled.sum())))
    if (again := _names_again(body, header)).any():
        body = body[~again]
        told.append(_told_again(int(again.sum())))
    body, below = _without_second_table(body, blank, choices)
    told += below
    body, footer = _without_footer(body, choices)
    told += footer
    if not len(body):
        raise UserError("There is a header but no row below it", where, "Add the patients' rows.")
    kept = [j for j in map(int, body.columns) if header.names[j] or not _empty(body[j]).all()]
    if len(kept) < body.shape[1]:
        told.append(_columns_left_out(body.shape[1] - len(kept)))
    kept, beside = _without_beside(body, header, kept, choices)
    told += beside
    names, repeats = _titles([header.names[j] for j in kept], kept, choices, where)
    body = body[kept].reset_index(drop=True)
    body.columns = pd.Index(names)
    return pd.DataFrame(body), [*told, *repeats]


def _empty(cells: pd.Series[str]) -> pd.Series[bool]:
    return cells.isna() | (cells == "") if cells.dtype.kind not in "fiub" else cells.isna()


def _names_again(body: pd.DataFrame, header: Header) -> pd.Series[bool]:
    """Rows that repeat the names, as where exports were put one below the other."""
    again = pd.Series([header.row >= 0 and len(body) > 0] * len(body), index=body.index, dtype=bool)
    for j in map(int, body.columns):
        if not again.any():
            break
        again &= (body[j] == header.names[j]) if body[j].dtype.kind not in "fiub" else False
    return again


def _ruled(body: pd.DataFrame) -> pd.Series[bool]:
    """Rows with nothing but a line in each cell, as ``sqlcmd`` and Markdown draw them."""
    ruled = pd.Series([body.shape[1] > 1] * len(body), index=body.index, dtype=bool)
    lines = pd.Series([0] * len(body), index=body.index, dtype=int)
    for j in body.columns:
        if not ruled.any():
            break
        if body[j].dtype.kind in "fiub":
            return ruled & False
        line = body[j].str.fullmatch(RULE).fillna(False).astype(bool)
        ruled &= line | _empty(body[j])
        lines += line.astype(int)
    return ruled & (lines > 1)


def _told_ruled(count: int) -> Decision:
    rows = "1 row holds nothing but lines and was" if count == 1 else (
        f"{count:,} rows hold nothing but lines and were"
    )  # fmt: skip
    return Decision("lines", "left out", f"{rows} left out.", cells=count, options=("left out",))


def _told_again(count: int) -> Decision:
    rows = "1 row repeats the names and was" if count == 1 else (
        f"{count:,} rows repeat the names and were"
    )  # fmt: skip
    return Decision(
        "names-again", "left out", f"{rows} left out.", cells=count, options=("left out",)
    )


def _rows_left_out(count: int) -> Decision:
    rows = "1 empty row was" if count == 1 else f"{count:,} empty rows were"
    return Decision(
        "empty-rows", "left out", f"{rows} left out.", cells=count, options=("left out",)
    )


def _above_the_last(blank: pd.Series[bool]) -> pd.Series[bool]:
    """The empty rows with others below them: of a table of one column these are its gaps."""
    return blank & (~blank)[::-1].cummax()[::-1]


def _told_gaps(count: int) -> Decision:
    rows = "1 empty row is a missing cell" if count == 1 else (
        f"{count:,} empty rows are missing cells"
    )  # fmt: skip
    return Decision(
        "empty-rows", "missing", f"{rows}: the table has one column.", cells=count,
        options=("missing",),
    )  # fmt: skip


def _columns_left_out(count: int) -> Decision:
    columns = "1 empty column without a name was"
    if count > 1:
        columns = f"{count:,} empty columns without a name were"
    return Decision(
        "empty-columns", "left out", f"{columns} left out.", cells=count, options=("left out",)
    )


def _blank(body: pd.DataFrame) -> pd.Series[bool]:
    """Rows in which nothing stands; other columns are looked at only where the first has gaps."""
    blank = pd.Series([bool(len(body))] * len(body), index=body.index, dtype=bool)
    for j in body.columns:
        if not blank.any():
            break
        blank &= _empty(body[j])
    return blank


def _without_second_table(
    body: pd.DataFrame, blank: pd.Series[bool], choices: Choices
) -> tuple[pd.DataFrame, list[Decision]]:
    """A narrower table that stands below, after an empty row."""
    gaps = [place for place, empty in enumerate(blank) if empty]
    if not gaps or body.shape[1] < MANY or choices.get("below") == "kept":
        return body, []
    there = pd.DataFrame({j: ~_empty(body[j]) for j in body.columns})
    filled = there.sum(axis=1)
    for gap in gaps[-GAPS:]:
        above, below = body.index <= gap, body.index > gap
        if not above.any() or not below.any() or below.sum() > above.sum():
            continue
        narrow = filled[below].max() <= 0.5 * filled[above].median()
        first = [str(cell) for cell in body[below].iloc[0][there[below].iloc[0]]]
        words = not any(map(is_value, first))
        if narrow and words and below.sum() > 1:
            rows = int(below.sum())
            shown = " ".join(first)[:60]
            told = Decision(
                "below", "left out", f"Below an empty row stand {rows:,} rows of fewer cells "
                f"('{shown}'), as of another table: they were left out.", cells=rows,
                options=("left out", "kept"), proved=False,
            )  # fmt: skip
            return body[above], [told]
    return body, []


def _without_beside(
    body: pd.DataFrame, header: Header, kept: list[int], choices: Choices
) -> tuple[list[int], list[Decision]]:
    """Columns without a name behind an empty one, mostly empty: remarks beside the table."""
    empty = [j for j in map(int, body.columns) if j not in kept]
    out = [
        j for j in kept
        if not header.names[j] and empty and j > empty[0] and _empty(body[j]).mean() > 0.5
    ]  # fmt: skip
    if not out or choices.get("unnamed-columns") == "kept":
        return kept, []
    cells = [str(cell) for cell in body[out[0]] if str(cell) not in ("", "nan")]
    sentence = (
        f"Beside the table {'stands' if len(out) == 1 else 'stand'} {len(out)} column"
        f"{'s' * (len(out) > 1)} without a name, mostly empty ('{cells[0][:40]}'), left out: name "
        "what belongs to the table."
    )
    told = Decision(
        "unnamed-columns", "left out", sentence, cells=len(out), options=("left out", "kept"),
        proved=False,
    )  # fmt: skip
    return [j for j in kept if j not in out], [told]


def _gap(cell: object) -> bool:
    return bool(pd.isna(cell) or cell == "")  # type: ignore[call-overload]


def _without_footer(body: pd.DataFrame, choices: Choices) -> tuple[pd.DataFrame, list[Decision]]:
    """Totals and remarks at the end, which are no patients."""
    found: list[str] = []
    if body.shape[1] > 1:
        for back in range(1, min(FOOTERS_AT_MOST, len(body) - 1) + 1):
            if not (text := _remark(body, back)):
                break
            found.append(text)
    if not found or choices.get("footer") == "kept":
        return body, []
    kept = len(body) - len(found)
    shown = "; ".join(f"'{text[:60]}'" for text in reversed(found[-3:]))
    rows = "The last row is" if len(found) == 1 else f"The last {len(found)} rows are"
    told = Decision(
        "footer", "left out", f"{rows} no patient{'s' * (len(found) > 1)} and left out: {shown}.",
        cells=len(found), options=("left out", "kept"), proved=False,
    )  # fmt: skip
    return body.iloc[:kept], [told]


def _remark(body: pd.DataFrame, back: int) -> str:
    """What the last row but some says where it is a remark or a total, else nothing."""
    # Cell by cell, and no further than needed: tables may have tens of thousands of columns.
    first = next((j for j in body.columns if not _gap(body[j].iloc[-back])), None)
    if first is None or is_value(str(body[first].iloc[-back])):
        return ""
    text = str(body[first].iloc[-back])
    column = body[first].iloc[:-back]
    if not FOOTER.match(text) or (column == text).any():
        return ""
    filled = [j for j in body.columns if not _gap(body[j].iloc[-back])]
    alone = len(filled) == 1 and (body.shape[1] > 2 or " " in text or is_value(column.iloc[0]))
    numbers = all(is_value(str(body[j].iloc[-back])) for j in filled[1:])
    return text if alone or (len(filled) > 1 and first == body.columns[0] and numbers) else ""


def _titles(
    names: Sequence[str], positions: Sequence[int], choices: Choices, where: str
) -> tuple[list[str], list[Decision]]:
    titles = [
        name or f"column {position + 1}" for name, position in zip(names, positions, strict=True)
    ]
    twice = [title for title, count in Counter(titles).items() if count > 1]
    if not twice:
        return titles, []
    shown = ", ".join(f"'{title}'" for title in twice[:5])
    if choices.get("columns") != "number-repeats":
        without = any(map(is_value, twice)) * (
            " Where the table has no names, read it without them (header=none)."
        )
        raise UserError(
            f"{len(twice)} column name{'s' * (len(twice) > 1)} stand{'s' * (len(twice) == 1)} "
            f"more than once: {shown}", f"{where}, line 1",
            "Give each column a name of its own, or let the repeats be numbered "
            f"(columns=number-repeats).{without}",
        )  # fmt: skip
    numbered = _numbered(titles)
    changed = [pair for pair in zip(titles, numbered, strict=True) if pair[0] != pair[1]]
    return numbered, [
        Decision(
            "columns", "number-repeats", f"Names that stand more than once were numbered: {shown}.",
            cells=len(changed), examples=tuple(changed[:2]), options=("number-repeats",),
        )
    ]  # fmt: skip


def _numbered(titles: Sequence[str]) -> list[str]:
    """The second of a name gets " (2)", and so on."""
    taken, seen, numbered = set(titles), Counter[str](), []
    for title in titles:
        seen[title] += 1
        name, number = title, seen[title]
        while number > 1 and (name := f"{title} ({number})") in taken:
            number += 1
        taken.add(name)
        numbered.append(name)
    return numbered
