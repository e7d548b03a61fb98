"""Numbers that a person chose to read in bands, such as a dose: "0", "above 0 to 10 mg"."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pmed_core.errors import UserError
from pmed_core.readers.columns.asked import Asked
from pmed_core.reading import Decision
from pmed_core.variable import Kind, Variable, code_text

RULE = "bands"
AT_MOST = 20
SEPARATORS = (r"\s*;\s*", r"\s*,\s+", r"\s+", r",")
"""The first that is there divides all: in "0,5 7" the comma is a decimal mark."""
TWO_NUMBERS_OR_ONE = re.compile(r"[+-]?\d+,\d+")


def limits(asked: Asked) -> tuple[float, ...]:
    """The upper limits of all bands but the last, as chosen or as in training; empty where a
    column is not read in bands. Raises ``UserError`` for a choice that is no such limits, or about
    a variable that is something else."""
    chosen, earlier = asked.choice(RULE), asked.earlier
    if not chosen:
        return asked.written.bands if earlier and earlier.kind is Kind.CATEGORY else ()
    found = _parsed(chosen, asked)
    if earlier is not None and earlier.kind is not Kind.CATEGORY:
        raise UserError(
            f"'{asked.column}' is read in bands and cannot be a {earlier.kind} as well",
            asked.where, f"Make it a category, or take the choice {RULE}:{asked.column} back.",
        )  # fmt: skip
    if earlier is not None and asked.written.bands not in ((), found):
        raise UserError(
            f"'{asked.column}' was read in other bands before", asked.where,
            f"Leave the choice {RULE}:{asked.column} out: the bands are known.",
        )  # fmt: skip
    return found


def _parsed(text: str, asked: Asked) -> tuple[float, ...]:
    whole = text.strip()
    parts = next((re.split(one, whole) for one in SEPARATORS if re.search(one, whole)), [whole])
    try:
        found = tuple(float(part) for part in parts)
    except ValueError:
        found = ()
    rising = all(low < high for low, high in zip(found, found[1:], strict=False))
    if TWO_NUMBERS_OR_ONE.fullmatch(whole) or not found or not rising or not all(
        map(math.isfinite, found)
    ) or len(found) >= AT_MOST:  # fmt: skip
        raise UserError(
            f"'{text[:60]}' are not limits of bands", f"{asked.where}, column '{asked.column}'",
            f"Write up to {AT_MOST - 1} rising numbers with a decimal point, such as 0; 10; 50 for "
            "0, above 0 to 10, above 10 to 50 and above 50.",
        )  # fmt: skip
    return found


def as_number(asked: Asked) -> Asked:
    """The same column asked for its numbers; of "<5" nobody knows the band."""
    before = asked.earlier
    limits = asked.written.limits or "missing"
    choices = {f"limits:{asked.column}": limits, **asked.choices}
    choices.pop(f"{RULE}:{asked.column}", None)
    if before is None:
        return replace(asked, choices={**choices, f"kind:{asked.column}": "number"})
    written = replace(before.written, bands=())
    before = replace(before, kind=Kind.NUMBER, categories=(), range=None, written=written)
    return replace(asked, choices=choices, earlier=before)


def named(cells: pd.Series[Any], known: tuple[str, ...]) -> pd.Series[Any]:
    """(n,) whether a cell is the name of a band itself, and no number."""
    return cells.isin(known) & pd.to_numeric(cells, errors="coerce").isna()


def cut(
    number: Variable, values: pd.Series[float], edges: tuple[float, ...], asked: Asked
) -> tuple[Variable, pd.Series[str], Decision]:
    """A column of numbers as the bands in which they lie: upper limits belong to their band.

    Args:
        number: as it was read, with its unit.
        values: (n,).
        edges: what ``limits`` says.

    Raises ``UserError`` where there is no number among unknown cells.
    """
    known = values.dropna()
    before = asked.earlier.categories if asked.earlier else ()
    if not len(known) and not before:
        raise UserError(
            "No cell is a number, which could lie in a band", f"{asked.where}, column "
            f"'{asked.column}'", f"Take the choice {RULE}:{asked.column} back.",
        )  # fmt: skip
    unit = _unit(edges, number, asked)
    alone = _names(edges, unit, True)
    lowest_alone = alone[0] in before if before else bool(len(known)) and known.min() == edges[0]
    names = alone if lowest_alone else _names(edges, unit, False)
    at = np.searchsorted(np.array(edges), values.to_numpy(), side="left")
    below = (values < edges[0]).to_numpy() & lowest_alone
    cells = pd.Series(pd.array(names, dtype="str").take(np.minimum(at, len(edges))))
    cells = cells.mask(values.isna().to_numpy() | below)
    counts = cells.value_counts()
    there = tuple(name for name in names if counts.get(name, 0))
    written = replace(number.written, bands=edges)
    variable = replace(
        number, kind=Kind.CATEGORY, categories=before or there, range=None, written=written
    )
    told = ", ".join(f"'{name}' ({counts[name]:,})" for name in there)
    sentence = f"'{asked.column}' is read in bands: {told or 'no cell is a number'}."
    if many := int(below.sum()):
        lie, were = ("s lie", "they were") if many > 1 else (" lies", "it was")
        sentence += (
            f" {many:,} number{lie} below {names[0]}, in no band, and {were} read as missing."
        )
    value = "; ".join(map(code_text, edges))
    return variable, cells, Decision(RULE, value, sentence, asked.column, len(known))


def _unit(edges: tuple[float, ...], number: Variable, asked: Asked) -> str:
    """That with which bands are named: as in training, whether or not a later file's cells name one
    ("20" then, "20 mg" now); else the patients of a band would seem to be of another."""
    before = asked.earlier
    if before is None:
        return number.unit
    units = (number.unit, before.unit, "")
    named_so = (one for one in units if {*_names(edges, one, True)[1:]} & {*before.categories})
    return next(named_so, number.unit)


def _names(edges: tuple[float, ...], unit: str, lowest_alone: bool) -> tuple[str, ...]:
    """Of the bands, lowest first; ``lowest_alone``: nothing lies below the first limit."""
    shown = [code_text(edge) for edge in edges]
    between = [f"above {a} to {b}" for a, b in zip(shown, shown[1:], strict=False)]
    first = shown[0] if lowest_alone else f"up to {shown[0]}"
    found = (first, *between, f"above {shown[-1]}")
    return tuple(f"{name} {unit}".strip() if name != shown[0] else name for name in found)
