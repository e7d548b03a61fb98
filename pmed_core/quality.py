"""What is worth knowing about a cohort before anyone trains on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pmed_core.evaluation import Curve

LABELS = "labels to learn from"
"""The check that scans have two labels; a screen that offers outcomes says what it found."""

CODES_FOR_MISSING = "codes for missing"
"""The check for numbers such as 999; a screen offers to set them missing."""


SAME_ROW = "same row twice"
"""The check for rows that two patients share; a screen offers to leave the later ones out."""


class Severity(StrEnum):
    """How much a finding matters."""

    CLEAN = "clean"  # looked for and not there
    NOTE = "note"
    WARNING = "warning"
    SERIOUS = "serious"  # a score computed on this would not be true


@dataclass(frozen=True)
class Finding:
    """One sentence about the cohort.

    Attributes:
        check: what was looked for ("leakage", "duplicate patients", "direct identifiers", ...).
        severity: clean findings are said too.
        sentence: what was found, with numbers.
        remedy: what to do; empty when clean.
        columns: the variables concerned.
        rows: positions of the rows concerned (the first 100).
    """

    check: str
    severity: Severity
    sentence: str
    remedy: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Summary:
    """The distribution of one variable.

    Attributes:
        missing: empty cells.
        distinct: different values.
        outliers: numbers beyond three interquartile ranges from the quartiles.
        edges, counts: histogram of a number or date (edges one longer), 20 bins at most.
        values, counts: of a category, most frequent first, 12 at most.
        quantiles: 0, 5, 25, 50, 75, 95, 100 % of a number (dates: days since 1970).
    """

    name: str
    missing: int
    distinct: int
    outliers: int = 0
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    quantiles: tuple[float, ...] = ()


@dataclass(frozen=True)
class Quality:
    """The quality panel of a cohort of n rows.

    Attributes:
        balance: outcome value -> patients, once an outcome is chosen.
        incidences: event -> share of the patients who have had it by time, where several compete.
    """

    n: int
    summaries: tuple[Summary, ...]
    findings: tuple[Finding, ...]
    balance: tuple[tuple[str, int], ...] = ()
    incidences: dict[str, Curve] = field(default_factory=dict)
