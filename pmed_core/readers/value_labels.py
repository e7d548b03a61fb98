"""Value labels: from the codebook of a file, from a data dictionary, by the user's choice.

A data dictionary is a table: that of REDCap ("Variable / Field Name", "Choices, Calculations, OR
Slider Labels"), one line a code (variable, code, label), or one line a variable (variable,
values "0=female;1=male", unit).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from pmed_core.dictionary import (
    Dictionary,
    chosen,
    labelled,
    listed,
    parsed,
    with_dictionary,
)
from pmed_core.errors import UserError
from pmed_core.outcomes.events import Names
from pmed_core.readers.columns.asked import NOTHING
from pmed_core.readers.columns.texts import as_text
from pmed_core.readers.formats import open_table
from pmed_core.readers.table import Table
from pmed_core.reading import Choices, Decision
from pmed_core.variable import Kind, Variable, code_text

RULE = "labels"
REDCAP = {
    "name": ("variablefieldname", "fieldname"),
    "type": ("fieldtype",),
    "choices": ("choicescalculationsorsliderlabels", "selectchoicesorcalculations", "choices"),
    "check": (
        "textvalidationtypeorshowslidernumber", "textvalidationtype", "textvalidationtypeorshow",
    ),
    "note": ("fieldnote",),
    "label": ("fieldlabel",),
}  # fmt: skip
VARIABLE = (
    "variable", "variablename", "variablefieldname", "name", "column", "columnname", "field",
    "fieldname", "var", "item", "feature", "attribute",
)  # fmt: skip
CODE = ("code", "value", "level", "codevalue", "key", "category", "rawvalue")
LABEL = (
    "label", "meaning", "valuelabel", "codelabel", "labels", "text", "description", "valuemeaning",
    "display", "decode", "definition",
)  # fmt: skip
VALUES = (
    "values", "valuelabels", "codes", "levels", "choices", "coding", "categories", "options",
    "encoding", "permittedvalues", "allowedvalues", "value", "labels",
)  # fmt: skip
UNIT = ("unit", "units", "unitofmeasure", "uom")
IN_A_NOTE = re.compile(
    r"^(?:in|units?:?)?\s*[\[(]?\s*((?:[^\s\d()\[\],;.]|[µ%°²³⁹/^*·-]|\d(?=[\d^*/]|$)){1,15}"
    r"|beats/min|breaths/min|beats per minute|per cent)\s*[\])]?\.?$",
    re.IGNORECASE,
)
BEHIND_A_NAME = re.compile(r"[\[(]\s*([^\])\d][^\])]{0,14}?)\s*[\])]\s*:?$")
NUMERIC_CHECK = ("number", "integer", "float")
YES_NO = {"yesno": {"1": "Yes", "0": "No"}, "truefalse": {"1": "True", "0": "False"}}


def with_codebook(variables: Sequence[Variable], table: Table) -> tuple[Variable, ...]:
    """Variables as they were inferred, with the names and units that stand in the file itself."""
    if not table.labels and not table.units:
        return tuple(variables)
    book = Dictionary(table.labels, table.units)
    named = with_dictionary(variables, book, lambda column: _values(table, column))[0]
    return tuple(
        replace(v, written=replace(v.written, unit=table.units[v.column]))
        if v.column in table.units else v
        for v in named
    )  # fmt: skip


def _values(table: Table, column: str) -> tuple[str, ...]:
    return tuple(as_text(table.cells[column]).dropna().astype("str").unique())


def with_file(
    variables: Sequence[Variable], table: Table, dictionary: Path, choices: Choices = NOTHING
) -> tuple[tuple[Variable, ...], tuple[str, ...]]:
    """Variables with the names of a data dictionary, and sentences; raises ``UserError``.

    Names that the user gave by a choice count before the dictionary's.
    """
    found = read_dictionary(dictionary)
    given = {key.partition(":")[2].casefold() for key in choices if key.startswith(f"{RULE}:")}
    labels = {name: of for name, of in found.labels.items() if name.casefold() not in given}
    book = replace(found, labels=labels)
    return with_dictionary(variables, book, lambda column: _values(table, column))


def by_choice(
    variables: Sequence[Variable], table: Table, choices: Choices
) -> tuple[Variable, ...]:
    """With the names that the user gave instead; raises ``UserError``."""
    found = []
    for variable in variables:
        key = f"{RULE}:{variable.column}"
        if key in choices:
            kept = f"kind:{variable.column}" in choices
            variable = labelled(
                variable, chosen(choices[key], key),
                lambda column, kept=kept: () if kept else _values(table, column),  # type: ignore[misc]
            )  # fmt: skip
        found.append(variable)
    return tuple(found)


def account(variables: Sequence[Variable], table: Table) -> list[Decision]:
    """A decision for each variable with names, and one for names of columns that are not there."""
    found = [_decision(v, table) for v in variables if v.labels]
    known = {v.column.casefold() for v in variables}
    strange = sorted(name for name in table.labels if name.casefold() not in known)
    if strange:
        shown = ", ".join(f"'{name}'" for name in strange[:3]) + " …" * (len(strange) > 3)
        found.append(
            Decision(
                RULE, "not used", f"The file names values of columns that are not there: {shown}.",
                cells=len(strange),
            )
        )  # fmt: skip
    return found


def _decision(variable: Variable, table: Table) -> Decision:
    names = dict(variable.labels)
    in_file = _coded(table.labels.get(variable.column, {})) == _coded(names)
    cells = as_text(table.cells[variable.column]).dropna().astype("str")
    nameless = sorted({value for value in cells.unique() if not variable.named(value)})
    shown = [f"{code} is {name}" for code, name in variable.labels[:4]]
    sentence = f"{', '.join(shown)}{' …' * (len(variable.labels) > 4)}"
    sentence += ", by the file's own codebook or its format." if in_file else ", as you said."
    if not nameless and variable.kind is Kind.CATEGORY and _all_numbers(cells):
        sentence += " All its values have a name, so it is read as categories."
    if nameless:
        without = ", ".join(nameless[:3]) + " …" * (len(nameless) > 3)
        sentence += f" Without a name: {without}."
    return Decision(
        RULE, listed(variable.labels), sentence, variable.column, len(cells),
        variable.labels[:2], (), proved=True,
    )  # fmt: skip


def _all_numbers(cells: pd.Series[str]) -> bool:
    return bool(pd.to_numeric(cells, errors="coerce").notna().all())


def _coded(names: Mapping[str, str]) -> dict[str, str]:
    return {code_text(code): name for code, name in names.items()}


def names_of(values: Sequence[str], variable: Variable) -> Names:
    """(value, name) of those values that have one."""
    names = _coded(dict(variable.labels))
    return tuple((value, names[code_text(value)]) for value in values if code_text(value) in names)


def read_dictionary(path: Path, name: str = "") -> Dictionary:
    """A data dictionary, called ``name`` by people; raises ``UserError`` where it is none."""
    cells = open_table(path, NOTHING).cells.astype("object")
    cells = cells.where(cells.notna(), "").map(lambda cell: str(cell).strip())
    folded = {_folded(name): name for name in reversed(cells.columns)}
    if _first(folded, REDCAP["type"]) and _first(folded, REDCAP["name"]):
        found = _redcap(cells, folded)
    else:
        found = _plain(cells, folded)
    if not found.labels and not found.units:
        raise UserError(
            "This file names no values and no units", name or path.name,
            "A data dictionary has a line for each variable (variable, values such as "
            "'0=female;1=male', unit) or for each code (variable, code, label), or is REDCap's.",
        )  # fmt: skip
    return found


def _folded(name: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).casefold())


def _first(folded: Mapping[str, str], wanted: Sequence[str]) -> str:
    return next((folded[name] for name in wanted if name in folded), "")


def _redcap(cells: pd.DataFrame, folded: Mapping[str, str]) -> Dictionary:
    labels: dict[str, Mapping[str, str]] = {}
    units: dict[str, str] = {}
    said: list[str] = []
    places = {what: _first(folded, names) for what, names in REDCAP.items()}
    for row in cells.to_dict("records"):
        field = {what: str(row[place]) if place else "" for what, place in places.items()}
        name, kind = field["name"], _folded(field["type"])
        if kind in YES_NO:
            labels[name] = YES_NO[kind]
        elif kind in ("radio", "dropdown", "checkbox"):
            names = parsed(field["choices"])
            if not names:
                said.append(f"The choices of '{name}' were not understood: '{field['choices']}'.")
            labels |= _checkboxes(name, names) if kind == "checkbox" else {name: names}
        elif unit := _unit(field, kind):
            units[name] = unit
    return Dictionary({name: names for name, names in labels.items() if names}, units, tuple(said))


def _checkboxes(name: str, names: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    """A column of 0 and 1 for each choice: ``name___code``, a minus written as an underscore."""
    return {
        f"{name}___{code.casefold().replace('-', '_')}": {"1": choice, "0": f"not {choice}"}
        for code, choice in names.items()
    }


def _unit(field: Mapping[str, str], kind: str) -> str:
    """Of a number, from its note ("mg/dL") or its label ("Weight (kg)")."""
    if kind not in ("text", "calc", "slider"):
        return ""
    if kind == "text" and not field["check"].casefold().startswith(NUMERIC_CHECK):
        return ""
    note = IN_A_NOTE.match(field["note"]) or BEHIND_A_NAME.search(field["label"])
    return note.group(1).strip() if note else ""


def _plain(cells: pd.DataFrame, folded: Mapping[str, str]) -> Dictionary:
    """One line a code or one line a variable, told by what stands in the lines."""
    name, unit = _first(folded, VARIABLE), _first(folded, UNIT)
    values, code, label = (_first(folded, names) for names in (VALUES, CODE, LABEL))
    if not name and len(cells.columns) == 3:
        name, code, label = map(str, cells.columns)
    elif not name and len(cells.columns) == 2:
        name, values = map(str, cells.columns)
    if not name:
        return Dictionary()
    names = cells[name].replace("", pd.NA).ffill().fillna("").astype("str")
    lists = next((c for c in (values, label) if c and _holds_lists(cells[c])), "")
    if lists:
        labels, said = _by_variable(names, cells[lists])
    elif code and label and code != label:
        labels, said = _by_code(names, cells[code], cells[label])
    else:
        labels, said = {}, []
    units = {n: u for n, u in zip(names, cells[unit], strict=True) if n and u} if unit else {}
    return Dictionary(labels, units, tuple(said))


def _holds_lists(cells: pd.Series[str]) -> bool:
    """At least one cell in five that is filled lists codes with their names."""
    filled = [cell for cell in cells if cell]
    return sum(len(parsed(cell)) > 1 for cell in filled) >= max(1, len(filled) / 5)


def _by_variable(
    names: pd.Series[str], cells: pd.Series[str]
) -> tuple[dict[str, Mapping[str, str]], list[str]]:
    found = {n: parsed(cell) for n, cell in zip(names, cells, strict=True) if n and cell}
    strange = [n for n, labels in found.items() if not labels]
    said = []
    if strange:
        shown = ", ".join(f"'{n}'" for n in strange[:3]) + " …" * (len(strange) > 3)
        said.append(f"The dictionary lists no codes with names for {shown}.")
    return {n: labels for n, labels in found.items() if labels}, said


def _by_code(
    names: pd.Series[str], codes: pd.Series[str], labels: pd.Series[str]
) -> tuple[dict[str, Mapping[str, str]], list[str]]:
    found: dict[str, dict[str, str]] = {}
    said = []
    for name, code, label in zip(names, codes, labels, strict=True):
        if not (name and code and label):
            continue
        earlier = found.setdefault(name, {}).setdefault(code, label)
        if earlier != label:
            said.append(
                f"The dictionary calls {code} of '{name}' both '{earlier}' and '{label}'; the "
                "first counts."
            )
    return dict(found), said
