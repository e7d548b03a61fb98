"""Files of SPSS, Stata and SAS -> Table, with the names of codes and the codes for missing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.readers.columnar import stored
from pmed_core.readers.foreign import foreign
from pmed_core.readers.stored_dates import SAS, SPSS, STATA, Stored, dated
from pmed_core.readers.table import Table
from pmed_core.reading import Choices, Decision

RANGES_AT_MOST = 20
XPORT_RECORD = 80
"""Bytes of a record of a SAS transport file, which does not say how many it has."""


@dataclass(frozen=True)
class Format:
    """A file format: what people call it, how it starts, its endings and who reads it."""

    name: str
    starts: tuple[bytes, ...]
    endings: tuple[str, ...]
    read: Callable[..., tuple[pd.DataFrame, Any]]
    dates: tuple[Stored, ...]
    user_missing: bool = True

    def is_of(self, start: bytes, name: str) -> bool:
        """By the first bytes; by the name only where the format has no mark of its own."""
        if start.startswith(self.starts):
            return True
        return not self.starts and name.lower().endswith(self.endings)


SAS7BDAT = bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011")
FORMATS = (
    Format("an SPSS file", (b"$FL2", b"$FL3"), (".sav", ".zsav"), pyreadstat.read_sav, SPSS),
    Format("a Stata file", (b"<stata_dta>",), (".dta",), pyreadstat.read_dta, STATA),
    Format("a SAS file", (SAS7BDAT,), (".sas7bdat",), pyreadstat.read_sas7bdat, SAS),
    Format(
        "a SAS transport file", (b"HEADER RECORD*******LIB",), (".xpt",), pyreadstat.read_xport,
        SAS, user_missing=False,
    ),
    Format("a portable SPSS file", (), (".por",), pyreadstat.read_por, SPSS,
           user_missing=False),
    Format("a Stata file", (), (".dta",), pyreadstat.read_dta, STATA),
)  # fmt: skip

NO_CODES = (
    "Codes for missing that a portable SPSS file declares are not known here and were read as "
    "values: save it as .sav, or name them for each column."
)


def kind_of(data: bytes, name: str) -> Format | None:
    """Which of these formats a file is."""
    return next((kind for kind in FORMATS if kind.is_of(data[:100], name)), None)


def statistical(data: bytes, name: str, kind: Format, choices: Choices) -> Table:
    """The cells as codes; what the codes mean is in ``Table.labels``.

    Codes that the file itself calls missing are missing, unless "missing-code:COLUMN" is "kept".
    Raises ``UserError`` where the file is damaged or holds no rows.
    """
    cells, about = _read(data, name, kind)
    if not len(cells) or not len(cells.columns):
        raise UserError("The table has no rows", name, "Add the patients' rows.")
    labels = _labels(about.variable_value_labels)
    reading = [Decision("format", kind.name, f"The file is {kind.name}.", options=(kind.name,))]
    if kind.read is pyreadstat.read_por:
        reading.append(Decision("missing", "as values", NO_CODES, proved=False))
    cells, missing = _without_codes(cells, about, labels, choices)
    reading += missing
    cells, dates = dated(cells, about.original_variable_types, kind.dates)
    reading += dates
    reading += _told_names(about.column_names_to_labels)
    cells.columns = pd.Index([str(name).strip() for name in cells.columns])
    return Table(name, stored(_whole(cells)), tuple(reading), labels)


def _read(data: bytes, name: str, kind: Format) -> tuple[pd.DataFrame, Any]:
    # Its list of formats of dates is short: most of SAS and Stata would be numbers.
    options = {"disable_datetime_conversion": True}
    options |= {"user_missing": True} if kind.user_missing else {}
    if kind.read is pyreadstat.read_xport and len(data) % XPORT_RECORD:
        raise _damaged(name, kind, "it does not end with a whole record")
    # The library reads from a path only.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table{kind.endings[0]}"
        path.write_bytes(data)
        with foreign(_damaged(name, kind, "it cannot be read to its end")):
            try:
                cells, about = kind.read(str(path), **options)
            except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
                raise _damaged(name, kind, str(error)[:80]) from error
    return pd.DataFrame(cells), about


def _damaged(name: str, kind: Format, why: str) -> UserError:
    return UserError(
        f"This is {kind.name} that is damaged or cut off: {why}", name,
        "Save the table again in the program it comes from, or as CSV.",
    )  # fmt: skip


def code(value: object) -> str:
    """A code as it is written in a table: 1.0 is "1"."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _labels(given: Mapping[str, Mapping[Any, str]]) -> dict[str, dict[str, str]]:
    return {
        column: {code(value): str(name).strip() for value, name in names.items()}
        for column, names in given.items()
        if names
    }


def _without_codes(
    cells: pd.DataFrame, about: Any, labels: Mapping[str, Mapping[str, str]], choices: Choices
) -> tuple[pd.DataFrame, list[Decision]]:
    """Codes that the file declares as missing, column by column."""
    told = []
    for column in cells.columns:
        found = _declared_missing(cells[column], about, column)
        if not found.any():
            continue
        codes = sorted({code(value) for value in cells[column][found]})
        decision = _told_missing(column, codes, int(found.sum()), labels.get(column, {}))
        if choices.get(decision.key) == "kept":
            told.append(replace(decision, value="kept", sentence=_kept(column, codes)))
            continue
        told.append(decision)
        cells[column] = _numbers(cells[column].mask(found))
    return cells, told


def _numbers(cells: pd.Series[Any]) -> pd.Series[Any]:
    """A column in which letters stood for missing numbers is one of numbers without them."""
    known = cells.dropna()
    if cells.dtype.kind == "O" and all(isinstance(value, int | float) for value in known):
        return cells.astype("float64")
    return cells


def _declared_missing(cells: pd.Series[Any], about: Any, column: str) -> NDArray[np.bool_]:
    found = np.zeros(len(cells), dtype=bool)
    for span in about.missing_ranges.get(column, ()):
        low, high = span["lo"], span["hi"]
        if isinstance(low, str):
            ends = [str(low).strip(), str(high).strip()]
            found |= cells.astype("str").str.strip().isin(ends).to_numpy(dtype=bool)
        else:
            found |= cells.between(low, high).to_numpy(dtype=bool)
    # Stata's .a to .z and SAS's .A to .Z are letters among the numbers.
    if letters := about.missing_user_values.get(column):
        found |= cells.isin(letters).to_numpy(dtype=bool)
    return found


def _told_missing(column: str, codes: list[str], count: int, names: Mapping[str, str]) -> Decision:
    shown = ", ".join(
        f"{one} ('{names[one]}')" if one in names else one for one in codes[:RANGES_AT_MOST]
    )
    cells = "1 cell holds" if count == 1 else f"{count:,} cells hold"
    codes_ = "the code" if len(codes) == 1 else "the codes"
    return Decision(
        "missing-code", ", ".join(codes),
        f"'{column}': {cells} {codes_} {shown}, which the file itself declares as missing: read as "
        "missing.", column, count, tuple((one, "") for one in codes[:2]),
        options=(", ".join(codes), "kept"),
    )  # fmt: skip


def _kept(column: str, codes: list[str]) -> str:
    return f"'{column}': the codes {', '.join(codes)}, declared as missing, were kept as values."


def _told_names(names: Mapping[str, str | None]) -> list[Decision]:
    """What the file says each column is, beside its short name."""
    known = [(name, words) for name, words in names.items() if words and words != name]
    if not known:
        return []
    return [
        Decision(
            "column-labels", "kept in the account",
            f"{len(known)} columns have a description beside their name, as "
            f"'{known[0][0]}': '{known[0][1][:80]}'.", cells=len(known),
            examples=tuple((name, words[:80]) for name, words in known[:2]),
            options=("kept in the account",),
        )
    ]  # fmt: skip


def _whole(cells: pd.DataFrame) -> pd.DataFrame:
    """These formats have one kind of number: whole ones are codes and counts."""
    return pd.DataFrame({name: whole(cells[name]) for name in cells.columns})


def whole(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Whole numbers where all are."""
    if cells.dtype.kind != "f":
        return cells
    known = cells.to_numpy()[~np.isnan(cells.to_numpy())]
    if not len(known) or not (known == np.round(known)).all() or np.abs(known).max() >= 2**53:
        return cells
    return cells.astype("int64" if len(known) == len(cells) else "Int64")
