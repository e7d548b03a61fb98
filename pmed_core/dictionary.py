"""What the codes of a table stand for, and how that becomes part of its variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pmed_core.errors import UserError
from pmed_core.variable import Kind, Role, Variable, code_text

NONE = "none"
"""Given instead of names: the codes of this column stand for nothing."""
MARKS = ("=", ",", ":", " - ")
"""Between a code and its name."""
CODE = r"[-+]?\d{1,6}(?:\.0+)?|[A-Za-z]{1,3}"
PAIR = re.compile(
    rf"\s*(?:({CODE})\s*(?:=|:|->|→)|([-+]?\d{{1,6}})\s*(?:\)|–|-|,|\s))\s*(\S.*?)\s*"
)
CUTS = (r"\s*\|\s*", r"\s*;\s*", r"\s*\n\s*", r"\s*/\s*", rf"\s*,\s*(?=(?:{CODE})\s*[=:–])")
Values = Callable[[str], Collection[str]]
"""Asked for a column's name: its different values as text."""


@dataclass(frozen=True)
class Dictionary:
    """What somebody wrote down about the columns of a table.

    Attributes:
        labels: column -> code -> name.
        units: column -> unit.
        said: what could not be understood of it, in sentences.
    """

    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()


def with_dictionary(
    variables: Sequence[Variable], dictionary: Dictionary, values: Values
) -> tuple[tuple[Variable, ...], tuple[str, ...]]:
    """The variables with names and units of the dictionary, and what there is to say of it.

    A name that differs from one that is there takes its place; a unit does not.
    """
    names = {name.strip().casefold(): name for name in (*dictionary.labels, *dictionary.units)}
    said = list(dictionary.said)
    found = []
    for variable in variables:
        key = names.pop(variable.column.strip().casefold(), "")
        labels, unit = dictionary.labels.get(key, {}), dictionary.units.get(key, "")
        said += _conflicts(variable, labels, unit)
        if labels:
            variable = labelled(variable, {**dict(variable.labels), **labels}, values)
        found.append(replace(variable, unit=variable.unit or (unit if _measured(variable) else "")))
    if names:
        said.append(_strange(sorted(names.values())))
    return tuple(found), tuple(said)


def _measured(variable: Variable) -> bool:
    return variable.kind is Kind.NUMBER


def _conflicts(variable: Variable, labels: Mapping[str, str], unit: str) -> Iterable[str]:
    before = {code_text(code): name for code, name in variable.labels}
    for code, name in labels.items():
        earlier = before.get(code_text(code), name)
        if earlier.casefold() != name.casefold():
            yield (
                f"'{variable.name}': {code} was '{earlier}' and is '{name}' in the dictionary, "
                "which counts."
            )
    if unit and variable.unit and unit.casefold() != variable.unit.casefold():
        yield (
            f"'{variable.name}' is in {variable.unit} by the table and in {unit} by the "
            "dictionary; the table's unit stays."
        )


def _strange(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:3]) + " …" * (len(names) > 3)
    one = "1 variable" if len(names) == 1 else f"{len(names):,} variables"
    return f"The dictionary describes {one} that this table does not have: {shown}."


def labelled(variable: Variable, names: Mapping[str, str], values: Values) -> Variable:
    """With these names; a number all of whose values have one is a category in truth."""
    labels = tuple((code.strip(), name.strip()) for code, name in names.items() if name.strip())
    named = replace(variable, labels=labels)
    if variable.kind is not Kind.NUMBER or not labels or variable.role is Role.PATIENT:
        return named
    there = {code_text(value) for value in values(variable.column)}
    if not there or not there <= {code_text(code) for code, _ in labels}:
        return named
    kind = Kind.YES_NO if len(there) == 2 else Kind.CATEGORY
    ordered = tuple(sorted(there, key=float))
    return replace(named, kind=kind, categories=ordered, range=None, unit="")


def listed(names: Sequence[tuple[str, str]]) -> str:
    """ "0=female;1=male", as it is given in the shell."""
    mark = "|" if any(";" in name for _, name in names) else ";"
    return mark.join(f"{code}={name}" for code, name in names) or NONE


def parsed(text: str) -> dict[str, str]:
    """ "0=female;1=male", "1, Male | 2, Female" or one a line -> code -> name.

    Empty where the text is no such list.
    """
    marks = [mark for mark in ("|", "\n", ";") if mark in text]
    pairs = _pairs(text.split(marks[0]) if marks else [text])
    if len(pairs) == 1 and not marks and "," in text:
        pairs = _pairs(text.split(",")) or pairs
    found: dict[str, str] = {}
    for code, name in pairs:
        found.setdefault(code, name)
    return found if len(found) > 1 else coded(text) or found


def coded(text: str) -> dict[str, str]:
    """ "0 = female; 1 = male" -> {"0": "female", "1": "male"}; {} where it says no codes."""
    for cut in CUTS:
        parts = [part for part in re.split(cut, text.strip()) if part]
        found = [PAIR.fullmatch(part) for part in parts]
        if len(parts) > 1 and all(found):
            pairs = {without_zeros(one[1] or one[2]): one[3] for one in found if one}
            if len(pairs) == len(parts):
                return pairs
    return {}


def without_zeros(code: str) -> str:
    """ "1.0" as "1"."""
    return re.sub(r"\.0+$", "", code.strip())


def _pairs(parts: Sequence[str]) -> list[tuple[str, str]]:
    """None at all where one of the parts is none."""
    found = [_pair(part) for part in parts if part.strip()]
    pairs = [pair for pair in found if pair is not None]
    return pairs if len(pairs) == len(found) else []


def _pair(part: str) -> tuple[str, str] | None:
    """Code and name around the first mark between them."""
    at, mark = min(((part.find(m), m) for m in MARKS if part.find(m) > 0), default=(0, ""))
    code, name = (text.strip().strip("'\"") for text in (part[:at], part[at + len(mark) :]))
    word = mark != "," or re.fullmatch(r"[\w.+-]+", code)
    return (code, name) if code and name and len(code) <= 40 and word else None


def chosen(text: str, key: str) -> dict[str, str]:
    """What a user gave as names; raises ``UserError`` where it cannot be read."""
    if text.strip().casefold() in ("", NONE):
        return {}
    if found := parsed(text):
        return found
    raise UserError(
        f"'{text}' gives no names to values", key, "Write for example 0=female;1=male, or none."
    )
