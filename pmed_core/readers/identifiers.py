"""Whose row it is: columns that name a person, a stay, a visit or a sample, and never say more.

Known by name (MIMIC, eICU, OMOP, REDCap, Epic, Cerner and hospitals of many countries) and by how
their cells look, however often they repeat. Exactly one of them says which rows are of one patient:
the person before the stay, the stay before the visit, the visit before the sample.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.quantity import counted
from pmed_core.readers import id_doubts
from pmed_core.readers.direct import (
    NAME,
    NUMBER_OF_RECORD,
    called_direct,
    direct_reason,
    name_beside_others,
)
from pmed_core.readers.id_names import (
    ADMISSION,
    CARDS,
    CASE,
    COUNTED_ABROAD,
    COUNTERS,
    GROUP,
    LEVELS,
    MANY,
    NUMBERS,
    OTHERS,
    PEOPLE,
    PERSON,
    RECORD,
    ROW,
    SAMPLE,
    UNIT_STAY,
    VISIT,
    Level,
    is_id,
    level,
    names_molecules,
    slug,
    squeezed,
)
from pmed_core.reading import Choices, Decision
from pmed_core.variable import Kind, Role, Variable

RULE = "identifier"
LONG_DIGITS = 12
SAME_WIDTH = 7
STEADY = re.compile(r"(?:^|[ _.-])(sex|gender|birth|dob|race|ethnicity|age)(?:$|[ _.-])", re.I)
DAY = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)?"
)
"""20210302, or with its time, as in messages of HL7."""
NO_ID = re.compile(r"concept|___\w+$|, (?:1st|2nd) number$", re.IGNORECASE)
"""What REDCap calls its boxes and OMOP its terms, and we the halves of 120/80."""
UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"


def identity(name: str, known: pd.Series[str], rows: int) -> Variable | None:
    """The variable of a column that says who or what a row is of; None for any other.

    One that may tell a patient's rows has the role PATIENT until ``settled`` has seen all of them.

    Args:
        name: of the column.
        known: its cells that are not missing, as text.
        rows: of the table.
    """
    if not len(known) or NO_ID.search(name):
        return None
    found, distinct = level(name), known.nunique()
    if (name == "X" or COUNTERS.fullmatch(name.casefold().strip())) and _counts(known, rows):
        return _left_out(name, "counts the rows")
    named = names_molecules(name)
    if reason := "" if named else direct_reason(name, known, distinct):
        repeats = reason == NUMBER_OF_RECORD and distinct < len(known)
        if not (repeats and found):
            text = f"looks like {reason}, a direct identifier"
            return _left_out(name, text)
    each = distinct > 0.9 * len(known) or not named
    if found and each and _holds_ids(known, distinct, found):
        return Variable(
            name, Kind.IDENTIFIER, Role.PATIENT, reason=f"looks like {_a(found.title)} id"
        )
    if _called_so_abroad(name, known, distinct):
        return Variable(name, Kind.IDENTIFIER, Role.PATIENT, reason="looks like an id by its name")
    return _by_cells(name, known, distinct, rows)


def _called_so_abroad(name: str, known: pd.Series[str], distinct: int) -> bool:
    folded = name.casefold().strip()
    if CARDS.search(folded):
        return _holds_ids(known, distinct, SAMPLE)
    return bool(COUNTED_ABROAD.search(folded)) and _holds_ids(known, distinct, ROW)


def _counts(known: pd.Series[str], rows: int) -> bool:
    """0, 1, 2, or 1, 2, 3, down to the last row."""
    first = str(known.iloc[0])
    if len(known) != rows or rows < MANY or first not in ("0", "1"):
        return False
    return known.tolist() == [str(int(first) + row) for row in range(rows)]


def _left_out(name: str, reason: str) -> Variable:
    return Variable(name, Kind.IDENTIFIER, Role.IGNORE, reason=reason)


def _holds_ids(known: pd.Series[str], distinct: int, found: Level) -> bool:
    """Whether cells fit a name that says that they number something."""
    sample = known.head(500)
    numbered = sample.str.contains(r"\d").mean() > 0.9
    if not found.sure and sample.str.match(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}(\D|$)").mean() > 0.5:
        return False
    broken = sample.str.match(r"^-?\d+[.,]\d*[1-9]\d*$").mean() > 0.1
    if found.sure:
        return not broken and (distinct > 2 or len(known) < 20) and (numbered or distinct >= MANY)
    many = distinct >= max(3, min(MANY, 0.3 * len(known)))
    if found is ROW:
        many = distinct > 0.3 * len(known) or (distinct >= MANY and _in_runs(known))
        return many and not broken and (bool(numbered) or distinct > 0.9 * len(known))
    return many and not broken and bool(numbered or distinct > 0.5 * len(known))


def _in_runs(known: pd.Series[str]) -> bool:
    """Each value stands in one run of rows: a person's visits below one another."""
    starts = int((known != known.shift()).sum())
    return starts == known.nunique() and starts < len(known)


def _by_cells(name: str, known: pd.Series[str], distinct: int, rows: int) -> Variable | None:
    sample = known.head(200)
    if sample.str.match(UUID).mean() > 0.9 and distinct > 2:
        return _left_out(name, "holds identifiers that programs give (UUID)")
    if not sample.str.fullmatch(r"\d+").all():
        return _other_id(name, known, distinct)
    # A look at a few first: to match every cell of every column of numbers takes long.
    if sample.str.fullmatch(DAY).any() and known.str.fullmatch(DAY).mean() > 0.9:
        return _other_id(name, known, distinct)
    widths = known.str.len()
    if widths.min() >= LONG_DIGITS and distinct > 2 and known.str.fullmatch(r"\d+").all():
        return _left_out(name, f"holds numbers of {widths.max()} digits, as record numbers are")
    alike = widths.min() == widths.max() >= SAME_WIDTH and distinct > max(MANY, 0.1 * len(known))
    if alike and known.str.fullmatch(r"\d+").all():
        return _left_out(name, f"holds numbers of {widths.max()} digits, as record numbers are")
    return _other_id(name, known, distinct)


def _other_id(name: str, known: pd.Series[str], distinct: int) -> Variable | None:
    """``provider_id``: few values are a category, many an identifier."""
    called = slug(name)
    each = distinct == len(known) or _in_runs(known)
    counted = distinct >= MANY and each and not known.head(200).str.contains(r"[.,]\d").any()
    if (OTHERS.search(called) and (distinct > 64 or counted)) or (
        NUMBERS.search(called) and counted
    ):
        return _left_out(name, "is an identifier by its name")
    return None


def settled(
    variables: Sequence[Variable], cells: pd.DataFrame, choices: Choices, where: str
) -> tuple[tuple[Variable, ...], tuple[Decision, ...]]:
    """One column says whose row it is; the other identifiers are left out. With the account.

    Raises ``UserError`` where the chosen column is not there.
    """
    chosen = choices.get("patient", "")
    names = [v.name for v in variables]
    if chosen and chosen != "none" and chosen not in names:
        raise UserError(
            f"There is no column '{chosen}' for the choice 'patient'", where,
            f"The columns are: {', '.join(names[:20])}.",
        )  # fmt: skip
    candidates = sorted(
        (v for v in variables if v.role is Role.PATIENT),
        key=lambda v: (_rank(v.name), int(cells[v.name].isna().sum())),
    )
    person = chosen or next((v.name for v in candidates), "none")
    given, told = [], []
    reasons = [v.reason for v in variables]
    for variable in variables:
        if variable.name == person:
            variable = replace(
                variable, kind=Kind.IDENTIFIER, role=Role.PATIENT, range=None, categories=(),
                reason=variable.reason or "was chosen as the patient id",
            )  # fmt: skip
        elif variable.role is Role.PATIENT:
            variable = replace(variable, role=Role.IGNORE, reason=_why_not(variable, person))
        elif variable.kind is Kind.CATEGORY and name_beside_others(variable.name, reasons):
            variable = _left_out(variable.name, f"looks like {NAME}, a direct identifier")
        given.append(variable)
        if variable.role is Role.IGNORE and variable.kind is Kind.IDENTIFIER:
            told.append(_identifier(variable, cells[variable.name], alone=person == "none"))
        elif variable.role is Role.INPUT and variable.kind is Kind.NUMBER and is_id(variable.name):
            told.append(_in_spite_of_its_name(variable, cells[variable.name]))
    if person != "none":
        told.insert(0, _patient(person, [v.name for v in candidates], cells, names))
    return tuple(given), tuple(told)


def _rank(name: str) -> float:
    found = level(name)
    if found is None:
        return len(LEVELS)
    # A bare "id" is the person where stays and samples have ids of their own.
    if found is ROW:
        return LEVELS.index(CASE) - 0.5 * bool(PEOPLE.match(squeezed(name)))
    return LEVELS.index(found)


def owner(cells: pd.DataFrame, key: str) -> str:
    """The column that tells whose the rows are, of which ``key`` names the samples: the key itself
    where none numbers people."""
    ranks = {key: min(_rank(key), LEVELS.index(CASE) + 1.0)}
    for column in (str(one) for one in cells if str(one) != key):
        found = identity(column, cells[column].dropna().astype("str"), len(cells))
        if found is not None and found.role is Role.PATIENT:
            ranks[column] = _rank(column)
    return min(ranks, key=lambda column: ranks[column])


def _why_not(variable: Variable, person: str) -> str:
    found = level(variable.name)
    if called_direct(variable.name):
        return f"looks like {NUMBER_OF_RECORD}, a direct identifier"
    title = found.title if found else "row"
    return f"is {_a(title)} id; another column is the patient id" + (
        f" ('{person}')" if person != "none" else ""
    )


def _a(title: str) -> str:
    return f"{'an' if title[0] in 'aeiou' else 'a'} {title}"


def numbering(variables: Sequence[Variable]) -> list[str]:
    """Columns that number persons, stays or samples."""
    return [
        v.name
        for v in variables
        if v.kind is Kind.IDENTIFIER
        and "direct identifier" not in v.reason
        and not v.reason.startswith("nearly every value")
    ]


def groups_like_persons(table: pd.DataFrame, variable: Variable) -> bool:
    """Whether rows with the same whole number always share sex, birth or age: by behaviour."""
    if variable.kind is not Kind.NUMBER or STEADY.search(variable.name):
        return False
    cells = table[variable.name]
    known = cells.dropna()
    distinct = known.nunique()
    few = distinct < MANY or distinct < 0.05 * len(known) or distinct > 0.8 * len(known)
    if few or bool((known != known.round()).any()):
        return False
    steady = [str(c) for c in table.columns if STEADY.search(str(c)) and table[c].nunique() > 1]
    if not steady:
        return False
    several = cells[cells.duplicated(keep=False) & cells.notna()].index
    part = table.loc[several]
    counts = part.groupby(variable.name)[steady].nunique()
    mixed = [bool((table[c].value_counts(normalize=True) < 0.9).all()) for c in steady]
    return any(mixed) and len(counts) >= MANY and bool((counts <= 1).to_numpy().all())


def _in_spite_of_its_name(variable: Variable, cells: pd.Series[float]) -> Decision:
    return Decision(
        RULE, "number", f"'{variable.name}' is called an identifier, and was read as a number: it "
        f"has {cells.nunique():,} values only. Ignore it where these are names.",
        variable.name, int(cells.notna().sum()), proved=False,
    )  # fmt: skip


def _identifier(variable: Variable, cells: pd.Series[str], *, alone: bool) -> Decision:
    """``alone``: no other column says whose row it is."""
    hidden = "direct identifier" in variable.reason
    more = id_doubts.of_parts(cells.dropna().astype("str")) if alone and not hidden else ""
    return Decision(
        RULE, "left out", f"'{variable.name}' {variable.reason}: a model does not read it.{more}",
        variable.name, len(cells), proved=not more,
    )  # fmt: skip


def _patient(
    person: str, candidates: Sequence[str], table: pd.DataFrame, names: Sequence[str]
) -> Decision:
    cells = table[person]
    found, missing = level(person), int(cells.isna().sum())
    several, one = int(cells.nunique()), found.one if found else "patient"
    sentence = (
        f"Rows with the same '{person}' are one {one}: {counted(several, one)} in "
        f"{len(cells):,} rows."
    )
    if found in (ADMISSION, UNIT_STAY, VISIT, SAMPLE):
        sentence += f" It is {_a(found.title)} id: one person may have several."
    if found is GROUP:
        sentence += " It is a group id: several persons of one group count as one patient."
    doubt = id_doubts.doubt(person, table, [name for name in names if name != person])
    sentence += doubt
    others = [name for name in candidates if name != person]
    if others:
        sentence += f" Other identifiers: {', '.join(repr(name) for name in others[:5])}."
    if missing:
        sentence += (
            f" {missing:,} row{'s have' if missing > 1 else ' has'} none and "
            f"count{'s' * (missing == 1)} as {f'{one}s' if missing > 1 else f'a {one}'} of "
            f"{'their' if missing > 1 else 'its'} own."
        )
    options = (*dict.fromkeys((*candidates, person)), "none")
    sure = found is PERSON or (found is RECORD and not others)
    proved = sure and not missing and not doubt
    return Decision("patient", person, sentence, "", len(cells), (), options, proved)
