"""Text cells -> typed cells of one variable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.variable import Kind, Variable

MISSING = frozenset({"", "?", "na", "n/a", "#n/a", "nan", "<na>", "null", "."})
NO_NUMBER = MISSING | {"-", "--", "none", "missing", "unknown", "nd", "not done"}
INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "-infinity", "∞", "-∞"})
DATE_PATTERN = r"^\d{4}-\d{1,2}-\d{1,2}|^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|^\d{4}/\d{1,2}/\d{1,2}"


@dataclass(frozen=True)
class Numbers:
    """Cells read as numbers.

    Attributes:
        values: (n,) NaN where missing or not a number.
        wrong: (n,) neither a number nor missing.
        limits: cells such as "<0.5" that were read as the limit.
    """

    values: NDArray[np.float64]
    wrong: NDArray[np.bool_]
    limits: int


def as_numbers(cells: pd.Series[str]) -> Numbers:
    """Decimal points or commas, thousands marks where both stand, "<0.5" as 0.5."""
    if cells.dtype.kind in "fiub":
        values = cells.to_numpy(dtype=np.float64, na_value=np.nan)
        return Numbers(values, np.isinf(values), 0)
    if cells.dtype.kind == "M":
        return Numbers(np.full(len(cells), np.nan), cells.notna().to_numpy(dtype=bool), 0)
    plain = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, copy=True)
    unread = np.isnan(plain)
    if not unread.any():
        return Numbers(plain, np.isinf(plain), 0)
    rest = cells[unread].astype(object)
    lower = rest.str.lower()
    missing = rest.isna() | lower.isin(NO_NUMBER)
    if missing.all():
        return Numbers(plain, np.isinf(plain), 0)
    text = rest.str.replace(r"^[<>≤≥]=?\s*", "", regex=True)
    limits = (text != rest) & ~missing
    text = text.str.replace(r"^(-?\d{1,3})(?:\.\d{3})+(?=,\d)", _without_points, regex=True)
    text = text.str.replace(r"^-?\d{1,3}(?:,\d{3})+(?=\.\d)", _without_commas, regex=True)
    text = text.str.replace(r"^(-?\d+),(\d+)(?=$|[eE])", r"\1.\2", regex=True)
    found = pd.to_numeric(text.where(~missing), errors="coerce").to_numpy(dtype=np.float64)
    plain[unread] = found
    wrong = np.zeros(len(cells), dtype=bool)
    wrong[unread] = np.isnan(found) & ~missing.to_numpy(dtype=bool)
    return Numbers(plain, wrong | np.isinf(plain), int((limits & ~np.isnan(found)).sum()))


def _without_points(match: object) -> str:
    return match.group(0).replace(".", "")  # type: ignore[attr-defined, no-any-return]


def _without_commas(match: object) -> str:
    return match.group(0).replace(",", "")  # type: ignore[attr-defined, no-any-return]


def as_text(cells: pd.Series[str]) -> pd.Series[str]:
    """Canonical text: stripped, "1.0" as "1", missing as NaN; equal values get equal text."""
    if cells.dtype.kind == "M":
        return pd.to_datetime(cells).dt.strftime("%Y-%m-%d").astype("str")
    if cells.dtype.kind == "b":
        return cells.map({True: "yes", False: "no"}).astype("str")
    text = cells.astype("str").str.strip()
    text = text.mask(text.str.lower().isin(MISSING))
    return text.str.replace(r"^(-?\d+)[.,]0+$", r"\1", regex=True).astype("str")


def as_dates(cells: pd.Series[str]) -> tuple[pd.Series[pd.Timestamp], NDArray[np.bool_]]:
    """(dates, cells that are neither a date nor missing); day first where it can be either."""
    if cells.dtype.kind == "M":
        return cells.astype("datetime64[ns]"), np.zeros(len(cells), dtype=bool)
    text = as_text(cells)
    iso = text.str.match(r"^\d{4}-")
    dates = pd.to_datetime(text.where(iso.fillna(False)), errors="coerce", format="ISO8601")
    other = text.where(~iso.fillna(False)).str.replace(r"[./]", "-", regex=True)
    for pattern in ("%d-%m-%Y", "%m-%d-%Y", "%Y-%m-%d", "%d-%m-%y"):
        dates = dates.fillna(pd.to_datetime(other, errors="coerce", format=pattern))
    wrong = dates.isna() & text.notna()
    return dates.astype("datetime64[ns]"), wrong.to_numpy()


def typed(cells: pd.Series[str], variable: Variable, where: str) -> pd.Series[float]:
    """The cells as the variable's kind says; raises ``UserError`` where one does not fit."""
    match variable.kind:
        case Kind.NUMBER:
            numbers = as_numbers(cells)
            refuse(cells, numbers.wrong, variable, where)
            return pd.Series(numbers.values)
        case Kind.DATE:
            dates, wrong = as_dates(cells)
            refuse(cells, wrong, variable, where)
            return dates  # type: ignore[return-value]
        case _:
            return as_text(cells)  # type: ignore[return-value]


def refuse(cells: pd.Series[str], wrong: NDArray[np.bool_], variable: Variable, where: str) -> None:
    """Raise ``UserError`` naming the first cells that do not fit the variable's kind."""
    rows = np.flatnonzero(wrong)
    if not len(rows):
        return
    shown = ", ".join(f"'{cells.iloc[row]}' (row {row + 2})" for row in rows[:3])
    place = f"{where}, column '{variable.column}'"
    if str(cells.iloc[rows[0]]).strip().lower() in INFINITE:
        raise UserError(
            f"{len(rows)} cell{'s are' if len(rows) > 1 else ' is'} infinite: {shown}", place,
            "Replace infinite values by a number or clear the cells.",
        )  # fmt: skip
    raise UserError(
        f"{len(rows)} cell{'s are' if len(rows) > 1 else ' is'} not a {variable.kind}: {shown}",
        place, "Correct or clear these cells, or make the variable a category.",
    )  # fmt: skip
