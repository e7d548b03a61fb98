"""What is said of a column of numbers."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from pmed_core.readers.columns import missing
from pmed_core.readers.columns.asked import Asked, spoiled
from pmed_core.readers.columns.marks import NAMES, plain
from pmed_core.readers.columns.numbers import LIMITS, Numbers
from pmed_core.reading import Decision
from pmed_core.units import same_unit


def decisions(numbers: Numbers, asked: Asked) -> list[Decision]:
    """Everything that was done to a column of numbers beyond reading plain digits."""
    found = [*_of_marks(numbers, asked), *_of_signs(numbers, asked), *_of_units(numbers, asked)]
    found += [*_of_limits(numbers, asked), *_of_powers(numbers, asked)]
    found += _of_zeros(numbers, asked)
    wrong = numbers.wrong & ~np.isinf(numbers.values)
    if wrong.any():
        found.append(spoiled(numbers.cells, wrong, asked, "number"))
    return [*found, *missing.decisions(numbers.cells, numbers.gone, asked)]


def _having(numbers: Numbers, has: list[bool]) -> NDArray[np.bool_]:
    return np.array(has, dtype=bool) & ~np.isnan(numbers.values)


def _shown(numbers: Numbers, which: NDArray[np.bool_]) -> tuple[tuple[str, str], ...]:
    at = np.flatnonzero(which)[:2]
    values = ["" if np.isnan(numbers.values[i]) else f"{numbers.values[i]:.10g}" for i in at]
    return tuple(
        (str(numbers.cells.distinct[i]), value) for i, value in zip(at, values, strict=True)
    )


def _decided(
    numbers: Numbers,
    asked: Asked,
    which: NDArray[np.bool_],
    what: tuple[str, str, str],
    **more: object,
) -> Decision:
    rule, value, sentence = what
    cells = int(numbers.cells.counts[which].sum())
    return Decision(
        rule,
        value,
        sentence,
        asked.column,
        cells,
        _shown(numbers, which),
        **more,  # type: ignore[arg-type]
    )


def _of_marks(numbers: Numbers, asked: Asked) -> list[Decision]:
    marks = numbers.marks
    has = _having(numbers, [p is not None and not p.body.isdigit() for p in numbers.parts])
    moved = _having(
        numbers, [p is not None and bool(set(p.body) & set(", '")) for p in numbers.parts]
    )
    if marks.decimal == ",":
        moved = has
    if not has.any() or (marks.proved and not moved.any() and not marks.by_others):
        return []
    name = NAMES.get(marks.decimal or ".", "point")
    grouped = sorted({c for p in numbers.parts if p for c in p.body if c in marks.thousands})
    between = {" ": "a space", "'": "an apostrophe", ".": "a point", ",": "a comma"}
    sentence = f"'{asked.column}' was read with a decimal {name}"
    if grouped:
        sentence += f" and {' or '.join(between[mark] for mark in grouped)} between thousands"
    why = ", as other columns show" if marks.by_others else ""
    sentence += f"{why}." if marks.proved else "; its cells do not prove it."
    return [
        _decided(
            numbers, asked, moved if moved.any() else has, ("decimal", name, sentence),
            options=("point", "comma"), proved=marks.proved,
        )
    ]  # fmt: skip


def _of_signs(numbers: Numbers, asked: Asked) -> list[Decision]:
    words = {"minus": "another minus sign", "trailing": "a minus sign behind the number",
             "brackets": "brackets round the number"}  # fmt: skip
    found = []
    for sign, name in words.items():
        which = _having(numbers, [p is not None and p.sign == sign for p in numbers.parts])
        if which.any():
            sentence = (
                f"{_count(numbers, which)} of '{asked.column}' with {name} "
                f"{_were(numbers, which)} read as negative."
            )
            found.append(_decided(numbers, asked, which, ("minus", "negative", sentence)))
    digits = _having(
        numbers, [p is not None and not t.isascii() and plain(t) != t and not p.sign and not p.unit
                  for p, t in zip(numbers.parts, numbers.cells.distinct, strict=True)],
    )  # fmt: skip
    exponents = _having(
        numbers,
        [
            p is not None and bool(p.exponent) and "10" in t.replace(p.body, "", 1)
            for p, t in zip(numbers.parts, numbers.cells.distinct, strict=True)
        ],
    )
    for which in (digits & ~exponents, exponents):
        if which.any():
            sentence = (
                f"{_count(numbers, which)} of '{asked.column}' with other digits or powers of ten "
                f"{_were(numbers, which)} read as numbers."
            )
            found.append(_decided(numbers, asked, which, ("digits", "numbers", sentence)))
    return found


def _of_units(numbers: Numbers, asked: Asked) -> list[Decision]:
    which = _having(numbers, [p is not None and bool(p.unit) for p in numbers.parts])
    found = _of_other_units(numbers, asked)
    if which.any() and numbers.parts[int(np.flatnonzero(which)[0])].unit.startswith("age in "):  # type: ignore[union-attr]
        sentence = f"'{asked.column}' holds ages as DICOM writes them; they were read in years."
        return [_decided(numbers, asked, which, ("ages", "years", sentence))]
    if which.any() and not found:
        bare = _having(numbers, [p is not None and not p.unit for p in numbers.parts])
        without = (
            f"; {_count(numbers, bare)} without a unit were taken as the same" if bare.any() else ""
        )
        if numbers.unit == "%" and _fractions(numbers, which, bare):
            without += ", though they lie between 0 and 1 as fractions do"
        new = asked.earlier is not None and not asked.earlier.unit
        if new:
            without += ", and taken as that of training, where none was named"
        sentence = (
            f"The unit '{numbers.unit}' was split off from the cells of '{asked.column}'{without}."
        )
        found.append(
            _decided(
                numbers,
                asked,
                which,
                ("unit", numbers.unit, sentence),
                proved=not bare.any() and not new and not _a_letter(numbers, which),
            )
        )
    flagged = _having(numbers, [p is not None and bool(p.flag) for p in numbers.parts])
    if flagged.any():
        sentence = (
            f"{_count(numbers, flagged)} of '{asked.column}' with a laboratory flag "
            f"{_were(numbers, flagged)} read without it."
        )
        found.append(_decided(numbers, asked, flagged, ("flags", "left out", sentence)))
    return found


def _of_other_units(numbers: Numbers, asked: Asked) -> list[Decision]:
    """Cells that were converted, and those whose unit only the earlier reading tells."""
    units = [p.unit or asked.bare_unit if p else "" for p in numbers.parts]
    to = asked.wanted_unit
    which = _having(numbers, [bool(u and to) and same_unit(u) != same_unit(to) for u in units])
    if which.any():
        shown = " and ".join(dict.fromkeys(f"'{units[i]}'" for i in np.flatnonzero(which)))
        return [
            _decided(numbers, asked, which, ("unit", to, converted_to(asked.column, shown, to)))
        ]
    known = ~np.isnan(numbers.values)
    said = as_before(asked, numbers.values[known])
    return (
        [_decided(numbers, asked, known, ("unit", to, said), proved=False)]
        if said and not any(units)
        else []
    )


def converted_to(column: str, units: str, to: str) -> str:
    """What is said of cells in another unit."""
    return f"The cells of '{column}' in {units} were converted to '{to}'."


def as_before(asked: Asked, values: NDArray[np.float64]) -> str:
    """What is said of cells without a unit, where those of the earlier reading had one; "" where
    there is nothing to say."""
    to = asked.wanted_unit
    if not (asked.written.unit and to and not asked.bare_unit and len(values)):
        return ""
    sentence = f"No unit of '{asked.column}' is named: its cells were taken as '{to}', as before"
    if to == "%" and np.abs(values).max() <= 1:
        sentence += ", though they lie between 0 and 1 as fractions do"
    return f"{sentence}."


def _a_letter(numbers: Numbers, which: NDArray[np.bool_]) -> bool:
    """A single letter right behind the number, as of ward 3D."""
    return numbers.unit.isalpha() and len(numbers.unit) == 1 and all(
        re.search(r"\d[^\W\d]$", text) for text in numbers.cells.distinct[which]
    )  # fmt: skip


def _fractions(numbers: Numbers, which: NDArray[np.bool_], bare: NDArray[np.bool_]) -> bool:
    values = np.abs(numbers.values)
    return bool(bare.any() and values[bare].max() <= 1 < np.median(values[which]))


def _of_limits(numbers: Numbers, asked: Asked) -> list[Decision]:
    which = np.array([p is not None and bool(p.limit) for p in numbers.parts], dtype=bool)
    which &= ~np.isnan(numbers.values) | (numbers.limits == "missing")
    if not which.any():
        return []
    how = {"half": "half of the limit, upper ones as the limit", "missing": "missing"}
    sentence = (
        f"{_count(numbers, which)} of '{asked.column}' such as "
        f"'{numbers.cells.distinct[which][0]}' {_were(numbers, which)} read as "
        f"{how.get(numbers.limits, 'the limit')}."
    )
    told = ("limits", numbers.limits, sentence)
    return [_decided(numbers, asked, which, told, options=LIMITS)]


def _of_zeros(numbers: Numbers, asked: Asked) -> list[Decision]:
    if not numbers.zero.any():
        return []
    word = numbers.cells.distinct[numbers.zero][0]
    sentence = (
        f"{_count(numbers, numbers.zero)} of '{asked.column}' such as '{word}' "
        f"{_were(numbers, numbers.zero)} read as 0."
    )
    return [
        _decided(
            numbers, asked, numbers.zero, ("missing", "zero", sentence), options=(word, "zero")
        )
    ]


def _of_powers(numbers: Numbers, asked: Asked) -> list[Decision]:
    """1E5 is 100,000, or well 5 of row E."""
    which = _having(
        numbers,
        [
            p is not None and bool(re.fullmatch(r"\d+[eE]\d+", t))
            for p, t in zip(numbers.parts, numbers.cells.distinct, strict=True)
        ],
    )
    if not which.any():
        return []
    sentence = (
        f"{_count(numbers, which)} of '{asked.column}' such as "
        f"'{numbers.cells.distinct[which][0]}' {_were(numbers, which)} read as powers of ten."
    )
    return [
        _decided(
            numbers, asked, which, ("exact", "number", sentence),
            options=("text", "number"), proved=False,
        )
    ]  # fmt: skip


def _rows(numbers: Numbers, which: NDArray[np.bool_]) -> int:
    return int(numbers.cells.counts[which].sum())


def _count(numbers: Numbers, which: NDArray[np.bool_]) -> str:
    rows = _rows(numbers, which)
    return "1 cell" if rows == 1 else f"{rows:,} cells"


def _were(numbers: Numbers, which: NDArray[np.bool_]) -> str:
    return "was" if _rows(numbers, which) == 1 else "were"
