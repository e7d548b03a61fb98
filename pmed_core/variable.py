"""One column of a cohort: what it holds and what it is for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

MINUS = "\N{MINUS SIGN}"


class Kind(StrEnum):
    """What the cells of a variable hold."""

    NUMBER = "number"
    CATEGORY = "category"
    YES_NO = "yes/no"
    DATE = "date"
    IDENTIFIER = "identifier"
    SCAN = "scan"
    MOLECULE = "molecule"
    PROFILE = "profile"
    SEQUENCE = "sequence"
    EXPRESSION = "expression"
    VARIANTS = "variants"


REFERENCES = (Kind.SCAN,)
"""Cells of which each names one picture outside the table."""
PAYLOADS = tuple(
    kind for kind in Kind
    if kind not in (Kind.NUMBER, Kind.CATEGORY, Kind.YES_NO, Kind.DATE, Kind.IDENTIFIER)
)  # fmt: skip
"""Cells that only their own modality reads: no label and no category stands in them."""
WRITTEN_OUT = (Kind.MOLECULE, Kind.SEQUENCE)
"""Payloads of which the cell itself says all, as a text."""


class Role(StrEnum):
    """What a variable is for."""

    INPUT = "input"
    OUTCOME = "outcome"
    PATIENT = "patient"
    IGNORE = "ignore"
    TREATMENT = "treatment"


OF_THE_OUTCOME = (Role.OUTCOME, Role.TREATMENT)
"""Roles that come and go with the outcome."""


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
        unit: that the file itself names, in the cells or beside the names of the columns.
        limits: what "<0.5" was chosen to be read as; see ``numbers.LIMITS``.
        bands: the upper limits of all bands but the last, where numbers are read as the category
            of the band in which they lie.
    """

    decimal: str = ""
    thousands: str = ""
    dates: str = ""
    values: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    spellings: tuple[tuple[str, str], ...] = ()
    exact: bool = False
    unit: str = ""
    limits: str = ""
    bands: tuple[float, ...] = ()


PLAIN = Written()


@dataclass(frozen=True)
class Variable:
    """One column.

    Attributes:
        name: as shown; unique within a cohort.
        kind: decides the cells' type in ``Cohort.table``: numbers float64, dates
            datetime64, everything else text (of a scan its name in
            ``Cohort.scans``, of a profile that in ``Cohort.profiles``, of a
            molecule its SMILES, of a sequence its letters, of variants the sample in
            ``Cohort.genotypes``); an empty cell is NaN (NaT).
        role: input, outcome, patient id, ignored, or the treatment that was given.
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

    @property
    def may_take(self) -> bool:
        """Whether there is more than one number or category that it may take."""
        if self.kind is Kind.NUMBER:
            return self.range is not None and self.range[0] < self.range[1]
        return len(self.categories) > 1

    @property
    def tells_unit(self) -> bool:
        """Whether the name ends with the unit: "area (px²)", "weight_kg"."""
        if not self.unit:
            return False
        end = rf"(^|[\s_(\[,/]){re.escape(self.unit)}\s*[)\]]?\s*$"
        return re.search(end, self.name, re.IGNORECASE) is not None

    @property
    def title(self) -> str:
        """The name and, where it does not tell it, the unit."""
        return f"{self.name} ({self.unit})" if self.unit and not self.tells_unit else self.name

    @property
    def suffix(self) -> str:
        """What stands behind a number beside the name: the unit, unless the name tells it."""
        return "" if self.tells_unit else self.unit

    def named(self, cell: object) -> str:
        """What the code in a cell stands for; empty where it stands for nothing.

        Codes of one name are told apart: "disease (1)", "disease (2)".
        """
        if not self.labels:
            return ""
        names = _names(self.labels)
        code = cell if isinstance(cell, str) else code_text(cell)
        return names.get(code) or names.get(code_text(code), "")

    def shown(self, cell: object) -> str:
        """A known cell as a person reads it: "female", "81 years", "2021-03-04"."""
        if name := self.named(cell):
            return name
        if isinstance(cell, str):
            return cell
        if isinstance(cell, date):
            return cell.isoformat()[:10]
        if self.kind is Kind.DATE:
            return day(float(cell))  # type: ignore[arg-type]
        return f"{readable(float(cell), 4)} {self.suffix}".strip()  # type: ignore[arg-type]

    def coded(self, cell: object) -> str:
        """A known cell for other programs and for whoever knows the codes: "0 (female)"."""
        name = self.named(cell)
        if not name:
            return self.shown(cell)
        code = cell if isinstance(cell, str) else code_text(cell)
        return name if name.endswith(f" ({code})") else f"{code} ({name})"


def titled(name: str, unit: str) -> str:
    """A name with its unit, unless it tells it."""
    return Variable(name, Kind.NUMBER, unit=unit).title


def code_text(cell: object) -> str:
    """1.0, "1.0" and "01" -> "1"; what is no number stays."""
    try:
        number = float(str(cell))
    except ValueError:
        return str(cell)
    return f"{number + 0.0:.15g}" if math.isfinite(number) else str(cell)


@lru_cache(maxsize=1024)
def _names(labels: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Code -> name, codes as they are written and as numbers; a name that is used twice with its
    code."""
    often = [name for _, name in labels]
    told = {
        code.strip(): name if often.count(name) == 1 else f"{name} ({code.strip()})"
        for code, name in labels
        if name.strip()
    }
    return {code_text(code): name for code, name in told.items()} | told


def readable(value: float, digits: int = 3) -> str:
    """Significant digits, with no exponent where it can be read without: 0.0421, 12.5, 1,204."""
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size < -4 or size > 8:
        return f"{value:.{digits - 1}e}".replace("-", MINUS, int(value < 0))
    text = f"{value:,.{max(digits - 1 - size, 0)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", MINUS)


def day(days: float) -> str:
    """Days since 1970 as a date."""
    return (date(1970, 1, 1) + timedelta(days=round(days))).isoformat()


def _by_name(variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
    names = [variable.name for variable in variables]
    if len(set(names)) < len(names):
        raise ValueError("Expected variables with names of their own. Received the same twice.")
    return variables


Variables = Annotated[tuple[Variable, ...], AfterValidator(_by_name)]
"""Of a cohort or a model, out of a file: no two have the same name."""
