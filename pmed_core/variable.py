"""One column of a cohort: what it holds and what it is for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What the cells of a variable hold."""

    NUMBER = "number"
    CATEGORY = "category"
    YES_NO = "yes/no"
    DATE = "date"
    IDENTIFIER = "identifier"
    SCAN = "scan"


class Role(StrEnum):
    """What a variable is for."""

    INPUT = "input"
    OUTCOME = "outcome"
    PATIENT = "patient"
    IGNORE = "ignore"


@dataclass(frozen=True)
class Written:
    """How the cells of a column are written in its file; empty where the cells leave no choice.

    Attributes:
        decimal: the decimal mark, "." or ",".
        thousands: the marks between thousands.
        dates: order of day, month and year: "dmy", "mdy" or "ymd".
        values: words that are values here, though they mean "missing" elsewhere ("NA", "None").
        missing: words and numbers that mean "missing" here beyond the usual ones ("999").
        spellings: (as written, as read) of levels that are spelt in several ways.
        exact: the cells are codes or record numbers: "250.00" stays, and so do leading zeros.
    """

    decimal: str = ""
    thousands: str = ""
    dates: str = ""
    values: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    spellings: tuple[tuple[str, str], ...] = ()
    exact: bool = False


PLAIN = Written()


@dataclass(frozen=True)
class Variable:
    """One column.

    Attributes:
        name: as shown; unique within a cohort.
        kind: decides the cells' type in ``Cohort.table``: numbers float64, dates
            datetime64, everything else text (of a scan its name in
            ``Cohort.scans``); an empty cell is NaN (NaT).
        role: input, outcome, patient id, or ignored.
        unit: of a number, as text ("mg/dL"); empty when unknown.
        categories: the values of a category or yes/no variable, in order of display.
        range: lowest and highest observed number (dates: days since 1970).
        changeable: a person could change it (weight, not age); used by what-if.
        reason: why the reader chose this role ("looks like a record number"); may be empty.
        source: the column's name in the file, where it differs from ``name``; else empty.
        written: how its cells are written in the file.
        labels: (code, name) of values that stand for something ("0", "female").
    """

    name: str
    kind: Kind
    role: Role = Role.INPUT
    unit: str = ""
    categories: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    changeable: bool = False
    reason: str = ""
    source: str = ""
    written: Written = PLAIN
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def column(self) -> str:
        """The column's name in the file it was read from."""
        return self.source or self.name
