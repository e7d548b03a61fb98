"""Numbers that stand for "not known": 999 among ages, -9 among counts."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.readers.columns.asked import Asked
from pmed_core.reading import Decision

HIGH = frozenset(
    (9.0, 77.0, 88.0, 99.0, 99.9, 666.0, 777.0, 888.0, 999.0, 999.9, 7777.0, 8888.0, 9998.0,
     9999.0, 99999.0, 999999.0, 99999999.0)
)  # fmt: skip
LOW = frozenset(
    (*map(float, range(-9, 0)), -66.0, -77.0, -88.0, -99.0, -666.0, -777.0, -888.0, -998.0,
     -999.0, -9999.0, -99999.0)
)  # fmt: skip
DIFFERENCES = frozenset(map(float, range(-6, -1)))
MOST = 4
"""Codes that a column may have."""


def suspects(values: NDArray[np.float64]) -> tuple[float, ...]:
    """The codes for missing that a column seems to hold: such numbers, far from all others.

    Args:
        values: (n,) numbers, NaN where missing.
    """
    known = values[np.isfinite(values)]
    found: list[float] = []
    if len(known) > 5 and (float(known.max()) in HIGH or float(known.min()) in LOW):
        distinct = np.unique(known)
        found = _at_the_end(distinct[: -MOST - 1 : -1], known, HIGH)
        known = known[~np.isin(known, found)]
        found += _at_the_end(distinct[:MOST], known, LOW)
    return tuple(sorted(found))


def _at_the_end(
    ends: NDArray[np.float64], known: NDArray[np.float64], codes: frozenset[float]
) -> list[float]:
    """As many of the outermost numbers as are codes, where the last is far from what is left."""
    run = list(itertools.takewhile(codes.__contains__, map(float, ends)))
    for several in range(len(run), 0, -1):
        rest = known[~np.isin(known, run[:several])]
        if len(rest) > 5 and (_alone_below(run[:several], rest) or _far(run[several - 1], rest)):
            return run[:several]
    return []


def _alone_below(run: list[float], rest: NDArray[np.float64]) -> bool:
    """Nothing else is negative; beside zeros, -2 may be a difference."""
    least = float(rest.min())
    return run[0] < 0 and (least > 0 or (least == 0 and not set(run) & DIFFERENCES))


def _far(code: float, rest: NDArray[np.float64]) -> bool:
    low, high = float(rest.min()), float(rest.max())
    if (rest == np.round(rest)).all() and high - low <= 7 and code >= 9:
        return low >= 0 and code > high + 3
    gap = low - code if code < low else code - high
    quarter, three = np.quantile(rest, [0.25, 0.75])
    return bool(gap > max(3 * (three - quarter), 0.5 * (high - low), 1.0))


def chosen(asked: Asked) -> tuple[str, ...]:
    """The codes that the user named."""
    given = asked.choice("missing-code")
    return () if given in ("", "none", "kept", "missing") else tuple(given.split(","))


def without(
    values: NDArray[np.float64], asked: Asked
) -> tuple[NDArray[np.float64], tuple[Decision, ...]]:
    """Numbers that the user, or the model's training, took for "missing" as NaN."""
    told = []
    for text in chosen(asked) or asked.written.missing:
        if text.strip().isalpha() and len(text.strip()) == 1:
            continue  # Stata's and SAS's letters: the file's own reader has taken them
        try:
            code = float(text)
        except ValueError as error:
            raise UserError(
                f"'{text}' is no number", f"missing-code:{asked.column}",
                "Give numbers with commas between them.",
            ) from error  # fmt: skip
        rows = int((values == code).sum())
        values = np.where(values == code, np.nan, values)
        if rows:
            sentence = f"{rows:,} cells of '{asked.column}' with {text} were read as missing."
            told.append(Decision("missing-code", text, sentence, asked.column, rows, ((text, ""),)))
    return values, tuple(told)


def asked_about(values: NDArray[np.float64], asked: Asked) -> tuple[Decision, ...]:
    """What is said of numbers that may be codes."""
    found = suspects(values)
    if not found:
        return ()
    settled = asked.choice("missing-code") in ("none", "kept")
    shown = [f"{code:g}" for code in found]
    rows = int(np.isin(values, found).sum())
    sentence = (
        f"'{asked.column}' holds {' and '.join(shown)} in {rows:,} cell{'s' * (rows > 1)}, far "
        "from all others: a code for missing? It was read as a number."
    )
    pairs = tuple((code, code) for code in shown[:2])
    options = (",".join(shown), "none")
    return (
        Decision(
            "missing-code", "none", sentence, asked.column, rows, pairs, options, proved=settled
        ),
    )
