"""Tables that are not one row a patient: REDCap's events and repeats, one row a measurement.

They are recognised and offered as one row a patient (``join``, ``pivot``). Without that choice an
outcome is refused that stands on rows which hold no inputs, or among single measurements.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.readers import id_names
from pmed_core.readers.table import Table
from pmed_core.reading import Choices, Decision
from pmed_core.variable import PAYLOADS, Kind, Role, Variable

JOIN, PIVOT, TOGETHER, AS_IT_IS = "join", "pivot", "patients", "none"
HOW = ("first", "last", "mean", "median", "min", "max")
EVENT, INSTRUMENT, INSTANCE = (
    "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance",
)  # fmt: skip
LABELS = {"Event Name": EVENT, "Repeat Instrument": INSTRUMENT, "Repeat Instance": INSTANCE}
NAMED = re.compile(
    r"^(parameter|param|paramcd|test|testname|testcode|labtest|lbtestcd|lbtest|item|itemid|itemname"
    r"|analyte|measurement|measure|measurementconceptid|observation|loinc|loinccode|variable"
    r"|labname|assay|parametre|prueba|esame)$"
)
VALUED = re.compile(
    r"^(value|values|valuenum|numericvalue|valueasnumber|result|results|resultvalue|testresult"
    r"|labresult|measurementvalue|aval|lborres|lbstresn|wert|ergebnis|valeur|resultat|valor"
    r"|resultado|valore|risultato)$"
)
CHECKBOX = re.compile(r"___\w+$")
COMPLETE = re.compile(r"_complete$")
UNIT = re.compile(r"^(unit|units|unitofmeasure|uom|valueuom|einheit|unite|unidad|unita)$")


def laid_out(table: Table, choices: Choices) -> Table:
    """The table with one row a patient where that is chosen, and what is said of its layout.

    Raises ``UserError`` where it cannot be laid out as chosen.
    """
    table = _in_redcaps_words(table)
    if EVENT in table.cells.columns or INSTANCE in table.cells.columns:
        return _of_redcap(table, choices)
    key = _long(table)
    return table if key is None else _measurements(table, key, choices)


def roles(variables: Sequence[Variable]) -> tuple[Variable, ...]:
    """What REDCap writes about rows and forms is no input."""
    found = []
    ours = any(v.column in (EVENT, INSTRUMENT, INSTANCE) for v in variables)
    ours = ours or any(CHECKBOX.search(v.column) for v in variables)
    for variable in variables:
        if variable.column in (EVENT, INSTRUMENT, INSTANCE):
            reason = "says which of a record's rows this is"
            variable = replace(variable, role=Role.IGNORE, reason=reason)
        elif ours and COMPLETE.search(variable.column) and _marks(variable):
            reason = "says whether a form of REDCap was filled in"
            variable = replace(variable, role=Role.IGNORE, reason=reason)
        found.append(variable)
    return tuple(found)


def _marks(variable: Variable) -> bool:
    """0, 1, 2, or in words: incomplete, unverified, complete."""
    if variable.kind is Kind.NUMBER:
        return variable.range is None or (variable.range[0] >= 0 and variable.range[1] <= 2)
    marks = {"0", "1", "2", "incomplete", "unverified", "complete"}
    return {one.casefold() for one in variable.categories} <= marks


def of_model(card: Mapping[str, Any]) -> Choices:
    """How the training table of a model was laid out, from its card."""
    return {str(rule): str(value) for rule, value in dict(card.get("layout", {})).items()}


def refuse_apart(cohort: Cohort, outcome: str) -> None:
    """Raise ``UserError`` where the rows of an outcome hold nothing to predict it from."""
    undecided = {d.rule: d for d in cohort.reading if d.rule in (JOIN, PIVOT) and not d.proved}
    where = f"{cohort.name}, column '{outcome}'"
    if PIVOT in undecided:
        raise UserError(
            undecided[PIVOT].sentence.partition(". ")[0], where,
            f"Lay them out as one row a patient: --read {PIVOT}=first, or {', '.join(HOW[1:])}.",
        )  # fmt: skip
    known = cohort.table[outcome].notna()
    inputs = [v.name for v in cohort.inputs if v.name != outcome and v.kind not in PAYLOADS]
    if not inputs or not known.any():
        return
    there = cohort.table.loc[known, inputs]
    # What is the same in all these rows, such as the name of their visit, tells nothing either.
    if there.isna().all().any() and (there.nunique() <= 1).all():
        remedy = "Bring what is known of a patient and the outcome into one row."
        if JOIN in undecided:
            remedy = f"Join a record's rows into one: --read {JOIN}={TOGETHER}."
        what = "empty" if there.isna().to_numpy().all() else "empty or the same in every row"
        raise UserError(f"Where the outcome is known, all inputs are {what}", where, remedy)


def _in_redcaps_words(table: Table) -> Table:
    """A label export calls the same columns otherwise."""
    names = {label: name for label, name in LABELS.items() if label in table.cells.columns}
    if "Event Name" not in names and "Repeat Instrument" not in names:
        return table
    return replace(table, cells=table.cells.rename(columns=names))


def _empty(cells: pd.Series[str]) -> pd.Series[bool]:
    return cells.isna() | (cells.astype("str").str.strip() == "")


def _whose(cells: pd.DataFrame, key: str, where: str) -> tuple[pd.DataFrame, str]:
    """The rows that say whose they are, and what is said of the others."""
    lost = _empty(cells[key])
    if lost.all():
        raise UserError(f"No row has a '{key}'", where, "Say in each row whose it is.")
    return cells[~lost], _left_out(int(lost.sum()), f"no '{key}'")


def _left_out(rows: int, without: str) -> str:
    if not rows:
        return ""
    return f" {rows:,} row{'s have' if rows > 1 else ' has'} {without} and " + (
        "were left out." if rows > 1 else "was left out."
    )


def _of_redcap(table: Table, choices: Choices) -> Table:
    cells, key = table.cells, str(table.cells.columns[0])
    of_event = [name for name in (EVENT, INSTRUMENT, INSTANCE) if name in cells.columns]
    patients = int(cells[key][~_empty(cells[key])].nunique())
    seen = f"The table has {len(cells):,} rows of {patients:,} records (REDCap's events or repeats)"
    chosen = _choice(JOIN, choices, (TOGETHER, AS_IT_IS), table.name)
    if chosen == TOGETHER:
        known, lost = _whose(cells, key, table.name)
        joined, spread = _joined(known, key, of_event, table.name)
        sentence = f"{seen}; a record's rows were joined into one.{lost}"
        if spread:
            shown = ", ".join(f"'{name}'" for name in spread[:5]) + " …" * (len(spread) > 5)
            sentence += f" What differs from event to event has a column for each: {shown}."
        found = _with(table, joined, JOIN, TOGETHER, sentence, not lost)
        return replace(found, patient=key)
    sentence = f"{seen}; each row was left as it is. They can be joined into one row a record."
    return _with(table, cells, JOIN, AS_IT_IS, sentence, bool(chosen))


def _choice(rule: str, choices: Choices, options: tuple[str, ...], where: str) -> str:
    chosen = choices.get(rule, "")
    if chosen and chosen not in options:
        raise UserError(
            f"'{chosen}' cannot be chosen for {rule}", where, f"It can be: {', '.join(options)}."
        )
    return chosen


def _with(  # noqa: PLR0913 - one decision, written down
    table: Table, cells: pd.DataFrame, rule: str, value: str, sentence: str, proved: bool = True
) -> Table:
    options = (TOGETHER, AS_IT_IS) if rule == JOIN else (*HOW, AS_IT_IS)
    decision = Decision(
        rule, value, sentence, cells=len(table.cells), options=options, proved=proved
    )
    return replace(table, cells=cells, reading=(*table.reading, decision))


def _joined(
    cells: pd.DataFrame, key: str, of_event: list[str], where: str
) -> tuple[pd.DataFrame, list[str]]:
    """One row a record, in the order of the file; columns that differ once an event."""
    order = pd.Index(cells[key].drop_duplicates())
    event = cells[of_event].fillna("").astype("str").agg(_event_name, axis=1)
    columns: dict[str, pd.Series[str]] = {}
    spread = []
    for name in cells.columns.drop([key, *of_event]):
        there = ~_empty(cells[name])
        part = pd.DataFrame({"key": cells[key], "event": event, "cell": cells[name]})[there]
        if int(part.groupby("key")["cell"].nunique().max() or 0) <= 1:
            columns[str(name)] = part.drop_duplicates("key").set_index("key")["cell"]
            continue
        spread.append(str(name))
        if part.duplicated(["key", "event"]).any():
            raise UserError(
                f"A record has two rows of the same event with a value of '{name}'", where,
                "Number the repeats (redcap_repeat_instance), or export one row an event.",
            )  # fmt: skip
        for one, rows in part.groupby("event", sort=False):
            columns[f"{name} ({one})"] = rows.set_index("key")["cell"]
    joined = pd.DataFrame({name: column.reindex(order) for name, column in columns.items()})
    joined.insert(0, key, order)
    return joined.reset_index(drop=True), spread


def _event_name(parts: pd.Series[str]) -> str:
    return " ".join(text for text in parts if text.strip()) or "baseline"


def _squeezed(name: object) -> str:
    return re.sub(r"[\W_]+", "", str(name)).casefold()


def _long(table: Table) -> tuple[str, str, str] | None:
    """(whose, what, value) of a table with one row a measurement; None for any other."""
    columns = [str(name) for name in table.cells.columns]
    what = [name for name in columns if NAMED.match(_squeezed(name))]
    value = [name for name in columns if VALUED.match(_squeezed(name))]
    found = {name: id_names.level(name) for name in columns}
    whose = [name for name, one in found.items() if one is id_names.PERSON]
    whose += [name for name, one in found.items() if one is not None and name not in whose]
    whose = [name for name in whose if name not in (*what, *value)]
    if not (what and value and whose):
        return None
    key, test = whose[0], what[0]
    cells = table.cells
    repeated = len(cells) > cells[key].nunique() and 1 < cells[test].nunique() <= 2000
    return (key, test, value[0]) if repeated else None


def _measurements(table: Table, long: tuple[str, str, str], choices: Choices) -> Table:
    key, test, value = long
    cells = table.cells
    patients = int(cells[key][~_empty(cells[key])].nunique())
    seen = (
        f"Each row is one measurement: '{test}' names it, '{value}' holds it; "
        f"{len(cells):,} rows of {patients:,} patients"
    )
    how = _choice(PIVOT, choices, (*HOW, AS_IT_IS), table.name)
    if how and how != AS_IT_IS:
        return _pivoted(table, long, how, seen)
    sentence = f"{seen}. They can be laid out as one row a patient with a column for each."
    return _with(table, cells, PIVOT, AS_IT_IS, sentence, bool(how))


def _pivoted(table: Table, long: tuple[str, str, str], how: str, seen: str) -> Table:
    key, test, value = long
    cells, lost = _whose(table.cells, key, table.name)
    nameless = _empty(cells[test])
    lost += _left_out(int(nameless.sum()), f"no '{test}'")
    cells = cells[~nameless]
    unit = next((str(n) for n in cells.columns if UNIT.match(_squeezed(n))), None)
    names, units = _names_and_units(cells, test, unit)
    there = ~_empty(cells[value])
    part = pd.DataFrame({"key": cells[key], "name": names, "cell": cells[value]})[there]
    if how not in ("first", "last"):
        part["cell"] = _as_numbers(part, how, table.name)
    order = pd.Index(cells[key].drop_duplicates())
    wide = part.groupby(["key", "name"], sort=False)["cell"].agg(how).unstack("name").reindex(order)
    if how not in ("first", "last"):
        wide = wide.map(lambda number: "" if pd.isna(number) else f"{number:.15g}")
    others = [str(n) for n in cells.columns if n not in (*long, unit)]
    same = [n for n in others if int(cells.groupby(key)[n].nunique().max() or 0) <= 1]
    fixed = cells.groupby(key, sort=False)[same].first().reindex(order)
    clash = [name for name in wide.columns if name in (key, *same)]
    wide = wide.rename(columns={name: f"{name} ({value})" for name in clash})
    joined = pd.concat([fixed, wide], axis=1)
    joined.insert(0, key, order)
    order_of = " in the order of the file" * (how in ("first", "last"))
    sentence = f"{seen}; laid out as one row a patient with the {how} value of each{order_of}."
    sentence += lost
    if left := [name for name in others if name not in same]:
        sentence += f" Left out, as they differ within a patient: {', '.join(map(repr, left[:5]))}."
    found = _with(table, joined.reset_index(drop=True), PIVOT, how, sentence, not lost)
    return replace(found, units={**table.units, **units}, patient=key)


def _names_and_units(
    cells: pd.DataFrame, test: str, unit: str | None
) -> tuple[pd.Series[str], Mapping[str, str]]:
    """What each row measures; with its unit in the name where one thing has several."""
    names = cells[test].astype("str").str.strip()
    if unit is None:
        return names, {}
    written = cells[unit].fillna("").astype("str").str.strip()
    several = written[written != ""].groupby(names).nunique()
    mixed = names.isin(several[several > 1].index) & (written != "")
    first = written[(written != "") & ~mixed].groupby(names).first()
    return names.mask(mixed, names + " (" + written + ")"), {
        str(k): str(v) for k, v in first.items()
    }


def _as_numbers(part: pd.DataFrame, how: str, where: str) -> pd.Series[float]:
    numbers = pd.to_numeric(part["cell"], errors="coerce")
    if numbers.isna().any():
        shown = str(part["cell"][numbers.isna()].iloc[0])
        raise UserError(
            f"'{shown}' is no number, so the values have no {how}", where,
            f"Choose --read {PIVOT}=first or {PIVOT}=last, or correct the cells.",
        )  # fmt: skip
    return numbers
