"""The order in which a column is asked what it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core import units
from pmed_core.modalities.columns import OWN_COLUMNS, OwnColumn
from pmed_core.readers import identifiers, inference
from pmed_core.readers.columns import (
    bands,
    codes,
    codes_for_missing,
    dates,
    doses,
    missing,
    number_account,
    numbers,
    odd_dates,
    spellings,
    stored_codes,
    texts,
    unread,
)
from pmed_core.readers.columns.asked import Asked, Cells
from pmed_core.readers.columns.marks import GROUPED
from pmed_core.readers.columns.refusals import refuse, refuse_infinite
from pmed_core.reading import Decision
from pmed_core.variable import PAYLOADS, PLAIN, Kind, Variable, Written

TEXTS = (Kind.CATEGORY, Kind.YES_NO, Kind.IDENTIFIER, *PAYLOADS)
OTHERWISE = ("kind", "exact", "dates")
"""Rules by which typed cells are taken for something else than their type says."""


@dataclass(frozen=True)
class Column:
    """A column as it was read.

    Attributes:
        variable: what it holds, and how that is written.
        cells: (n,) typed as ``Variable.kind`` says.
        reading: what was decided.
    """

    variable: Variable
    cells: pd.Series[float]
    reading: tuple[Decision, ...] = ()


def read_column(cells: pd.Series[str], asked: Asked) -> Column:
    """Find out what an unknown column holds, and read it."""
    if edges := bands.limits(asked):
        return _banded(cells, edges, asked)
    if cells.dtype.kind in "fiubcmM":
        return _typed(cells, asked)
    if quick := _quick(cells, asked):
        return quick
    distinct = Cells.of(cells)
    if own := next((one for one in OWN_COLUMNS if one.holds(distinct, asked)), None):
        return _own(own, distinct, own.variable_of(asked.column), asked)
    written = replace(asked.written, values=missing.kept(distinct, asked))
    asked = replace(asked, earlier=Variable(asked.column, Kind.CATEGORY, written=written))
    gone = missing.missing(distinct, asked, numeric=False)
    known = _spread(distinct, distinct.distinct, gone).dropna()
    variable = identifiers.identity(asked.column, known, len(cells))
    exact = _is_exact(distinct, gone, asked)
    if variable is None and not len(known):
        variable = inference.ignored(
            Variable(asked.column, Kind.CATEGORY), Kind.CATEGORY, "has no value"
        )
    if variable is None and not exact and (found := _number_or_date(distinct, known, asked)):
        return found
    told: list[Decision] = []
    if variable is None:
        variable = inference.of_text(asked.column, known)
        told = [] if exact else unread.decisions(distinct, gone, asked)
    variable = replace(
        variable, written=replace(written, exact=exact, missing=missing.named(asked))
    )
    column = _text(distinct, replace(asked, earlier=variable), True)
    return replace(column, reading=(*told, *column.reading))


def _own(own: OwnColumn, distinct: Cells, variable: Variable, asked: Asked) -> Column:
    return Column(variable, *own.read(distinct, asked))


def _is_exact(distinct: Cells, gone: NDArray[np.bool_], asked: Asked) -> bool:
    chosen = asked.choice("exact", ("text", "number"))
    if chosen or asked.choice("kind") in ("number", "date"):
        return chosen == "text"
    if dates.plainly(distinct, gone, asked):
        return False
    return codes.is_code(asked.column, distinct, gone.tolist())


def read_as(cells: pd.Series[str], asked: Asked, *, new: bool = False) -> Column:
    """Read a column as the variable ``asked.earlier`` says.

    ``new``: for a model, whose categories are known. Raises ``UserError`` where many cells do not
    fit.
    """
    variable = asked.earlier
    assert variable is not None  # noqa: S101 - the caller's duty
    if edges := bands.limits(asked):
        return _banded(cells, edges, asked)
    if own := next((one for one in OWN_COLUMNS if variable.kind in one.KINDS), None):
        return _own(own, Cells.of(texts.words(cells)), variable, asked)
    if cells.dtype.kind in "fiubcmM" and variable.kind not in TEXTS:
        return _as_typed(cells, variable, asked)
    if new and doses.such(variable):
        read = read_as(cells, doses.as_number(variable, asked))
        return Column(variable, doses.named(read.cells), read.reading)
    if variable.kind in TEXTS:
        distinct = Cells.of(texts.words(cells))
        told = stored_codes.told(cells, asked) if cells.dtype.kind == "f" else ()
        if not new and variable.written == PLAIN:
            variable = replace(variable, written=Written(values=missing.values_here(distinct)))
        column = _text(distinct, replace(asked, earlier=variable), not new)
        return replace(column, reading=(*told, *column.reading))
    distinct = Cells.of(cells)
    if variable.kind is Kind.NUMBER:
        return _number(numbers.read(distinct, asked), variable, asked)
    return _date(_dates(distinct, asked), variable, asked)


def _banded(cells: pd.Series[Any], edges: tuple[float, ...], asked: Asked) -> Column:
    """Numbers as the bands in which they lie; names of bands, as they are exported, stay."""
    known = asked.earlier.categories if asked.earlier else ()
    named = bands.named(cells, known)
    of_numbers = cells.mask(named) if named.any() else cells
    as_number = bands.as_number(asked)
    read = (read_as if as_number.earlier else read_column)(of_numbers, as_number)
    variable, banded, told = bands.cut(read.variable, read.cells, edges, asked)
    return Column(variable, banded.mask(named.to_numpy(), cells.array), (*read.reading, told))


def _dates(distinct: Cells, asked: Asked) -> dates.Dates:
    found = dates.read(distinct, asked)
    if found.is_date:
        return found
    as_numbers = numbers.read(distinct, asked)
    if as_numbers.is_number:
        return dates.serials(distinct, as_numbers.values, as_numbers.gone)
    return found


def _quick(cells: pd.Series[str], asked: Asked) -> Column | None:
    """Plain numbers with decimals, the columns of an expression table among them."""
    values = numbers.written_plainly(cells)
    if values is None:
        return None
    unread = np.isnan(values)
    known = values[~unread]
    if not np.isfinite(known).all() or not inference.plainly_a_number(asked.column, known):
        return None
    asks = ("decimal", "dates", "kind", "missing-code", "exact", "unit")
    if any(f"{rule}:{asked.column}" in asked.choices for rule in asks):
        return None
    if codes.called_one(asked.column, ()) or dates.DATE_NAME.search(asked.column):
        return None
    sample = cells.array[np.flatnonzero(~unread)[:50]]
    if all(
        GROUPED["."].fullmatch(str(text).strip().lstrip("+-")) or "." not in str(text)
        for text in sample
    ):
        return None
    variable = inference.number(asked.column, known)
    told = codes_for_missing.asked_about(values, asked)
    return Column(replace(variable, written=Written(decimal=".")), pd.Series(values), told)


def _typed(cells: pd.Series[str], asked: Asked) -> Column:
    """Cells whose type the file knows, unless a person knows better."""
    if any(asked.choice(rule) for rule in OTHERWISE):
        return read_column(texts.words(cells), asked)
    if cells.dtype.kind in "iuf" and stored_codes.as_text(asked.column, cells):
        column = read_column(texts.words(cells), asked)
        return replace(column, reading=(*stored_codes.told(cells, asked), *column.reading))
    variable = inference.infer_variable(asked.column, cells)
    return _as_typed(cells, variable, asked)


def _as_typed(cells: pd.Series[str], variable: Variable, asked: Asked) -> Column:
    if variable.kind is Kind.NUMBER and cells.dtype.kind in "fiub":
        values = cells.to_numpy(dtype=np.float64, na_value=np.nan)
        refuse_infinite(Cells.of(cells), np.isinf(values), variable, asked)
        values, told = codes_for_missing.without(values, asked)
        values, said = _in_the_wanted_unit(values, asked)
        unit = asked.wanted_unit or variable.unit
        variable = _with_range(replace(variable, unit=unit), values)
        return Column(
            replace(variable, written=_kept(variable, asked)),
            pd.Series(values),
            (*told, *said, *codes_for_missing.asked_about(values, asked)),
        )
    if variable.kind is Kind.DATE and cells.dtype.kind == "M":
        days, said = odd_dates.told(pd.Series(cells.astype("datetime64[us]").to_numpy()), asked)
        return Column(replace(variable, written=_kept(variable, asked)), days, said)
    if variable.kind in TEXTS:
        return _text(
            Cells.of(texts.words(cells)), replace(asked, earlier=variable), not variable.categories
        )
    return read_as(texts.words(cells), replace(asked, earlier=variable))


def _in_the_wanted_unit(
    values: NDArray[np.float64], asked: Asked
) -> tuple[NDArray[np.float64], tuple[Decision, ...]]:
    """Numbers, whose unit stands beside them if anywhere; raises ``UserError``."""
    unit, to = asked.bare_unit, asked.wanted_unit
    known = values[np.isfinite(values)]
    moved: NDArray[np.float64] | None = values
    said, proved = number_account.as_before(asked, known), False
    if unit and to and units.same_unit(unit) != units.same_unit(to):
        moved = units.converted(values, asked.column, unit, to)
        said, proved = number_account.converted_to(asked.column, f"'{unit}'", to), True
    if moved is None:
        raise numbers.not_convertible(unit, to, asked)
    told = Decision("unit", to, said, asked.column, len(known), proved=proved)
    return moved, (told,) if said else ()


def _kept(variable: Variable, asked: Asked) -> Written:
    """With the codes for missing that a user chose."""
    codes_ = codes_for_missing.chosen(asked)
    return replace(variable.written, missing=codes_) if codes_ else variable.written


def _number_or_date(distinct: Cells, known: pd.Series[str], asked: Asked) -> Column | None:
    kind = asked.choice("kind", ("number", "date", "category", "two-numbers"))
    if kind == "category":
        return None
    variable = Variable(asked.column, Kind.NUMBER)
    if kind == "" and _written_dates(distinct, asked):
        kind = "date"
    read = numbers.read(distinct, asked)
    if read.is_number and kind != "date":
        values = read.column()
        if kind != "number" and _spreadsheet_days(values, asked):
            return _date(
                dates.serials(distinct, read.values, read.gone), inference.date(asked.column), asked
            )
        two = known.nunique() == 2 and inference.two_values(values)
        if not two or kind == "number" or read.unit or read.clash:
            variable = inference.number(asked.column, values[np.isfinite(values)])
            return _number(read, variable, asked)
        return None
    if kind == "number":
        return _number(read, variable, asked)
    if kind == "" and (mixed := _days_and_dates(read, asked)):
        return _date(mixed, inference.date(asked.column), asked)
    if kind == "date" or dates.looks_like_dates(distinct, asked):
        found = dates.read(distinct, asked)
        if found.is_date or kind == "date":
            return _date(found, inference.date(asked.column), asked)
    return None


def _written_dates(distinct: Cells, asked: Asked) -> bool:
    """Dates that are numbers too, such as 20230115: by the column's name, or where many fit."""
    if not dates.looks_like_dates(distinct, asked):
        return False
    found = dates.read(distinct, asked)
    return found.is_date and (
        bool(dates.DATE_NAME.search(asked.column)) or len(distinct.distinct) > 2
    )


def _spreadsheet_days(values: NDArray[np.float64], asked: Asked) -> bool:
    known = values[~np.isnan(values)]
    chosen = asked.choice("dates")
    if chosen == "serial":
        return True
    if chosen == "number" or not dates.DATE_NAME.search(asked.column):
        return False
    return bool(((known > dates.SERIAL_LOW) & (known < dates.SERIAL_HIGH)).all() and len(known))


def _days_and_dates(read: numbers.Numbers, asked: Asked) -> dates.Dates | None:
    """Day numbers of a spreadsheet among dates, in a column that is called a date."""
    if not read.known or not _spreadsheet_days(read.values, asked):
        return None
    found = dates.serials(read.cells, read.values, read.gone)
    return found if found.is_date else None


def _number(read: numbers.Numbers, variable: Variable, asked: Asked) -> Column:
    numbers.refuse_two_units(read, asked)
    refuse_infinite(read.cells, np.isinf(read.column()), variable, asked)
    if not read.is_number and read.known and asked.choice("kind") != "number":
        refuse(read.cells, read.wrong, variable, asked)
    values, told = codes_for_missing.without(read.column(), asked)
    unit = read.unit or variable.unit
    written = replace(
        variable.written if asked.earlier is None else asked.written,
        decimal=read.marks.decimal, thousands=read.marks.thousands if _grouped(read) else "",
        missing=codes_for_missing.chosen(asked) or asked.written.missing,
        spellings=tuple((str(t).casefold(), "0") for t in read.cells.distinct[read.zero])
        or asked.written.spellings,
        unit=read.unit if any(p and p.unit for p in read.parts) else asked.written.unit,
        limits=asked.choice("limits") or asked.written.limits,
    )  # fmt: skip
    variable = _with_range(replace(variable, unit=unit, written=written), values)
    reading = (
        *number_account.decisions(read, asked),
        *told,
        *codes_for_missing.asked_about(values, asked),
        *dates.called_one(read.cells, read.gone, asked),
    )
    return Column(variable, pd.Series(values), reading)


def _grouped(read: numbers.Numbers) -> bool:
    return any(p is not None and set(p.body) & set(read.marks.thousands) for p in read.parts)


def _date(found: dates.Dates, variable: Variable, asked: Asked) -> Column:
    if not found.is_date and (~found.gone).any():
        refuse(found.cells, found.wrong, variable, asked)
    written = replace(_kept(variable, asked), dates=found.order or variable.written.dates)
    days, said = odd_dates.told(found.column(), asked)
    reading = (*dates.decisions(found, asked), *said)
    return Column(replace(variable, written=written), days, reading)


def _text(cells: Cells, asked: Asked, first: bool) -> Column:
    """Levels, codes and identifiers; ``first``: the levels are those that are there."""
    variable = asked.earlier
    assert variable is not None  # noqa: S101 - given by the callers
    gone = missing.missing(cells, asked, numeric=False)
    changed: dict[str, str] = {}
    if not variable.written.exact:
        changed = _canonical(cells, gone)
        if variable.kind in (Kind.CATEGORY, Kind.YES_NO):
            changed |= _spelt(cells, gone, asked, first)
    levels = np.array([changed.get(text, text) for text in cells.distinct], dtype=object)
    series = _spread(cells, levels, gone)
    written = replace(
        variable.written,
        spellings=tuple(sorted(changed.items())) if first else variable.written.spellings,
    )
    if variable.kind in (Kind.CATEGORY, Kind.YES_NO) and first:
        variable = replace(variable, categories=inference.ordered(series.dropna()))
    reading = [*missing.decisions(cells, gone, asked), *spellings.decision(cells, changed, asked)]
    if variable.written.exact and first:
        reading += _exact(cells, gone, asked)
    return Column(replace(variable, written=written), series, tuple(reading))  # type: ignore[arg-type]


def _exact(cells: Cells, gone: NDArray[np.bool_], asked: Asked) -> list[Decision]:
    sentence = f"'{asked.column}' was kept as text, sign for sign: its cells look like codes."
    told = asked.decision("exact", "text", sentence, cells, ~gone)
    return [replace(told, examples=(), options=("text", "number"))]


def _canonical(cells: Cells, gone: NDArray[np.bool_]) -> dict[str, str]:
    """ "1.0" and "1" are one value where a column is no code."""
    found = {}
    for text, out in zip(cells.distinct, gone, strict=True):
        whole, point, fraction = text.partition(".") if "." in text else text.partition(",")
        if (
            not out
            and point
            and fraction
            and not fraction.strip("0")
            and whole.removeprefix("-").isdigit()
        ):
            found[text] = whole
    return found


def _spelt(cells: Cells, gone: NDArray[np.bool_], asked: Asked, first: bool) -> dict[str, str]:
    known = (~gone).tolist()
    if first:
        return spellings.folded(cells, known, asked)
    levels = asked.earlier.categories if asked.earlier else ()
    earlier = {text: level for text, level in asked.written.spellings if text in cells.distinct}
    return earlier | spellings.onto(levels, cells, known)


def _spread(cells: Cells, levels: NDArray[np.object_], gone: NDArray[np.bool_]) -> pd.Series[str]:
    """(n,) the level of each row; NaN where it is missing."""
    known = [None if out else level for level, out in zip(levels, gone, strict=True)]
    shown = pd.array(known, dtype="str")
    return pd.Series(shown.take(cells.codes))


def _with_range(variable: Variable, values: NDArray[np.float64]) -> Variable:
    finite = values[np.isfinite(values)]
    return replace(
        variable, range=(float(finite.min()), float(finite.max())) if len(finite) else None
    )
