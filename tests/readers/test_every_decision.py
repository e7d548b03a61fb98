"""Whatever a reader decides is shown, can be decided otherwise, and holds for later files.

There is a maker of a table for every rule of ``reading.OF_COLUMNS`` and ``reading.OF_FILES``: a
rule without one fails here.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from rdkit import Chem

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.reading import CLOSED, OF_COLUMNS, OF_FILES, Decision
from pmed_core.variable import Role

OF_SCANS = {"label-column", "labels-from", "folders", "patient-folders", "readers", "outlines",
            "outline-edges", "outline-size", "order", "looked-at"}  # fmt: skip
"""Decisions about collections of scans; ``tests/scans`` looks at these."""
ASKED = {"bands", "joined", "phenotypes", "repeated-rows"}
"""Made only where a person asks; ``test_bands``, ``test_joined_files``, ``test_twins`` and
``tests/expression`` look at these."""
ROWS = 24
Maker = Callable[[Path], Path]


def csv(*columns: tuple[str, str], before: str = "", sep: str = ",", after: str = "") -> Maker:
    """A table with an id, an age, an outcome and these columns: (name, cells between bars)."""

    def make(folder: Path) -> Path:
        cells = {name: given.split("|") for name, given in columns}
        frame = pd.DataFrame(
            {"patient_id": [f"P{n}" for n in range(ROWS)],
             "age": [str(30 + n % 11) for n in range(ROWS)],
             **{name: [given[n % len(given)] for n in range(ROWS)]
                for name, given in cells.items()},
             "died": [("yes", "no", "no")[n % 3] for n in range(ROWS)]}
        )  # fmt: skip
        text = io.StringIO()
        frame.to_csv(text, index=False, sep=sep)
        (folder / "t.csv").write_text(before + text.getvalue() + after, encoding="utf-8")
        return folder / "t.csv"

    return make


def book(fill: Callable[[openpyxl.Workbook], None]) -> Maker:
    """The same table in a workbook, then changed."""

    def make(folder: Path) -> Path:
        workbook = openpyxl.Workbook()
        sheet = workbook.active
        sheet.title = "patients"
        for row in _rows():
            sheet.append(row)
        fill(workbook)
        workbook.save(folder / "t.xlsx")
        return folder / "t.xlsx"

    return make


def _rows() -> list[list[Any]]:
    rows = [[f"P{n}", 30 + n % 11, n + 1, ("yes", "no", "no")[n % 3]] for n in range(ROWS)]
    return [["patient_id", "age", "crp", "died"], *rows]


def _format(pattern: str) -> Callable[[openpyxl.Workbook], None]:
    def fill(workbook: openpyxl.Workbook) -> None:
        for row in range(2, ROWS + 2):
            workbook.active.cell(row, 3).number_format = pattern

    return fill


def _hide(workbook: openpyxl.Workbook) -> None:
    workbook.active.row_dimensions[4].hidden = True
    workbook.active.column_dimensions["C"].hidden = True


def _strike(workbook: openpyxl.Workbook) -> None:
    for cell in workbook.active[4]:
        cell.font = openpyxl.styles.Font(strike=True)
    workbook.active["C6"].font = openpyxl.styles.Font(strike=True)


def _years(workbook: openpyxl.Workbook) -> None:
    other = workbook.create_sheet("2022")
    for row in _rows():
        other.append(row)


def _remark(workbook: openpyxl.Workbook) -> None:
    workbook.active["F4"] = "asked again"


def _below(workbook: openpyxl.Workbook) -> None:
    sheet = workbook.active
    for place, cell in {"A28": "Table 2", "A29": "a", "B29": "b", "A30": 1, "B30": 2}.items():
        sheet[place] = cell


def as_bytes(text: str, name: str, encoding: str = "utf-8") -> Maker:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(text.encode(encoding))
        return folder / name

    return make


def _zip(folder: Path) -> Path:
    inner = csv()(folder).read_text()
    with zipfile.ZipFile(folder / "t.zip", "w") as archive:
        archive.writestr("a.csv", inner)
        archive.writestr("readme.txt", "see a.csv")
    return folder / "t.zip"


def _two(folder: Path) -> Path:
    inner = csv()(folder).read_text()
    with zipfile.ZipFile(folder / "t.zip", "w") as archive:
        archive.writestr("train.csv", inner + inner.split("\n", 1)[1].replace("P", "Q"))
        archive.writestr("val.csv", inner.replace("P", "V"))
    return folder / "t.zip"


def _text(*names: str, rows: list[str]) -> str:
    return "\n".join([",".join(names), *rows]) + "\n"


REDCAP = _text(
    "record_id", "redcap_event_name", "age", "died",
    rows=[row for n in range(ROWS) for row in (f"{n},base,{30 + n % 9},", f"{n},later,,{n % 2}")],
)  # fmt: skip
LONG = _text(
    "patient_id", "test", "value", "died",
    rows=[f"{n},{test},{n % 7}.5,{n % 2}" for n in range(ROWS) for test in ("crp", "wbc")],
)  # fmt: skip
GROUPS = "Before,,After,,\npatient_id,crp,dose,crp,died\n" + "\n".join(
    f"P{n},{n}.5,{n % 3},{n}.7,{('yes', 'no')[n % 2]}" for n in range(ROWS)
)  # fmt: skip
TWICE = _text(
    "patient_id", "crp", "crp", "died", rows=[f"P{n},{n}.5,{n}.7,{n % 2}" for n in range(ROWS)]
)
WESTERN = _text(
    "patient_id", "größe", "ort", "died",
    rows=[f"P{n},{n}.5,{('Köln', 'Lübeck')[n % 2]},{n % 2}" for n in range(ROWS)],
)  # fmt: skip
SPOILED = _text(
    "patient_id", "ort", "age", "died",
    rows=[f"P{n},{('KÃ¶ln', 'LÃ¼beck')[n % 2]},{n},{n % 2}" for n in range(ROWS)],
)  # fmt: skip
NESTED = json.dumps(
    [{"patient_id": f"P{n}", "labs": {"crp": n + 0.5}, "died": n % 2} for n in range(ROWS)]
)

COLUMNS: dict[str, Maker] = {
    "decimal": csv(("crp", "1,250|2,375|950")),
    "dates": csv(("seen on", "1/2/2021|3/5/2021|4/6/2020")),
    "missing": csv(("wbc", "none|1.5|2.5|3.5")),
    "missing-code": csv(("drinks", "1|2|3|0|999|4|5")),
    "unit": csv(("glucose", "5.4 mmol/L|6.1 mmol/L|7.0 mmol/L")),
    "spelling": csv(("sex", "Male|male|Female|F")),
    "kind": csv(("bp", "120/80|130/85|118/76")),
    "exact": csv(("icd9", "250.00|250.0|V58.1|414.01")),
    "event": csv(),
    "labels": csv(("sex", "0|1|1")),
    "percent": book(_format("0%")),
    "shown": book(_format("00000")),
    "limits": csv(("crp", "<0.5|1.25|3.5|>9")),
    "unit-column": csv(("hb", "8.1|9.5|12"), ("hb_unit", "g/dL|g/dL|")),
}
MOLECULES = "".join(
    Chem.MolToMolBlock(Chem.MolFromSmiles("C" * (n + 2) + "O")).replace("\n", f"M{n}\n", 1)
    + f"> <mass>\n{n}\n\n$$$$\n"
    for n in range(ROWS)
)
SEQUENCES = "".join(f">s{n}\nACGTTGCAACGT{'ACGT'[n % 4]}ACGTACG\n" for n in range(ROWS))
FILES: dict[str, Maker] = {
    "encoding": as_bytes(WESTERN, "t.csv", "cp1252"),
    "mojibake": as_bytes(SPOILED, "t.csv"),
    "separator": csv(sep=";"),
    "header": csv(before="Registry of ward 7\nExported in spring\n"),
    "groups": as_bytes(GROUPS, "t.csv"),
    "units-row": lambda folder: as_bytes(
        csv()(folder).read_text().replace("P0,", ",years,\nP0,", 1), "t.csv")(folder),
    "footer": csv(after="Total,24,\n"),
    "columns": as_bytes(NESTED, "t.json"),
    "hidden-columns": book(_hide),
    "rows": book(_hide),
    "struck-rows": book(_strike),
    "unnamed-columns": book(_remark),
    "sheet": book(_years),
    "sheets": book(_years),
    "below": book(_below),
    "file": _zip,
    "files": _two,
    "join": as_bytes(REDCAP, "t.csv"),
    "pivot": as_bytes(LONG, "t.csv"),
    "structure": as_bytes(MOLECULES, "t.sdf"),
    "title": as_bytes(MOLECULES, "t.sdf"),
    "expression": csv(*((f"g{n}", f"{n}.5|{n}.25|7|1") for n in range(1_500))),
    "sequence": as_bytes(SEQUENCES, "t.fa"),
    "patient": csv(("hadm_id", "A1|A2|A3|A4|A5|A6|A7|A8|A9|B1|B2|B3")),
}  # fmt: skip
GIVEN = {"unit": ("mmol/L", "mg/dL"), "labels": ("0=female;1=male",), "event": ("yes", "no"),
         "structure": ("drawn",), "title": ("compound",), "sequence": ("insert",)}  # fmt: skip
"""What is tried where the account offers no options, or any text."""
ALSO = {"labels": {"labels:sex": "0=female;1=male"}, "event": {}, "columns": {}}
OUTCOME = {"event": "died"}
MAY_NOT_FIT = {"separator", "encoding", "groups"}
NO_CELLS = {"exact", "separator", "encoding", "header", "file"}
"""About no cells, or about record numbers, which are not shown."""


def entry(cohort: Cohort, rule: str) -> Decision:
    found = [d for d in cohort.reading if d.rule == rule]
    assert found, (rule, [d.key for d in cohort.reading])
    return found[-1]


def read(path: Path, rule: str, **choices: str) -> Cohort:
    given = {key.replace("__", ":"): value for key, value in choices.items()}
    return read_cohort(path, outcome=OUTCOME.get(rule), choices={**ALSO.get(rule, {}), **given})


def test_every_rule_has_a_table_that_makes_it() -> None:
    assert set(COLUMNS) == OF_COLUMNS - ASKED
    assert set(FILES) == OF_FILES - OF_SCANS - ASKED
    assert set(CLOSED) <= OF_COLUMNS | OF_FILES


@pytest.mark.parametrize("rule", sorted(COLUMNS | FILES))
def test_what_is_decided_is_shown_with_its_cells_and_can_be_decided_otherwise(
    rule: str, tmp_path: Path
) -> None:
    told = entry(read((COLUMNS | FILES)[rule](tmp_path), rule), rule)
    assert told.sentence.endswith(".")
    assert told.overrulable
    assert bool(told.column) == (rule in COLUMNS)
    assert told.cells or rule in NO_CELLS
    assert len(told.examples) <= 2
    assert told.examples or rule in NO_CELLS or rule in FILES
    assert told.options or rule in GIVEN or rule in ("header", "file")
    if told.options and rule in CLOSED:
        assert set(told.options) <= set(CLOSED[rule])


@pytest.mark.parametrize("rule", sorted(COLUMNS | FILES))
def test_each_option_can_be_chosen_and_is_kept(rule: str, tmp_path: Path) -> None:
    path = (COLUMNS | FILES)[rule](tmp_path)
    plain = read(path, rule)
    told = entry(plain, rule)
    for option in {*told.options, *GIVEN.get(rule, ())}:
        choices = {**ALSO.get(rule, {}), told.key: option}
        try:
            cohort = read_cohort(path, outcome=OUTCOME.get(rule), choices=choices)
        except UserError:
            # Another separator or encoding may leave no table, names without groups stand twice.
            assert rule in MAY_NOT_FIT, option
            continue
        assert len(cohort.table) >= ROWS - 1
        same = [d for d in cohort.reading if d.key == told.key and d.value == option]
        changed = not same_tables(cohort, plain)
        assert same or changed, option


@pytest.mark.parametrize("rule", sorted(COLUMNS))
def test_what_was_decided_holds_for_a_later_file(rule: str, tmp_path: Path) -> None:
    path = COLUMNS[rule](tmp_path)
    told = entry(read(path, rule), rule)
    for option in (*told.options, *GIVEN.get(rule, ())):
        if rule == "event":
            continue
        choices = {**ALSO.get(rule, {}), told.key: option}
        cohort = read_cohort(path, choices=choices)
        wanted = [v for v in cohort.variables if v.column == told.column]
        try:
            again = read_for(path, wanted, choices=file_choices(rule, choices))
        except UserError as error:
            # Most cells are no numbers, which a user chose to read as such: said each time.
            assert (rule, option) == ("kind", "number"), error  # noqa: PT017
            continue
        for variable in wanted:
            assert alike(cohort.table[variable.name], again.table[variable.name]), option


def file_choices(rule: str, choices: dict[str, str]) -> dict[str, str]:
    """What a model gives to the reader of a later file, as it was chosen for the first."""
    return choices if rule in ("percent", "shown") else {}


def same_tables(one: Cohort, other: Cohort) -> bool:
    return (
        list(one.table) == list(other.table)
        and len(one.table) == len(other.table)
        and all(alike(one.table[name], other.table[name]) for name in one.table)
        and [(v.kind, v.unit, v.labels) for v in one.variables]
        == [(v.kind, v.unit, v.labels) for v in other.variables]
    )


def alike(one: pd.Series[Any], other: pd.Series[Any]) -> bool:
    if len(one) != len(other):
        return False
    equal = (one.astype(object) == other.astype(object)) | (one.isna() & other.isna())
    return bool(np.all(equal))


@pytest.mark.parametrize("rule", sorted(CLOSED.keys() & (COLUMNS | FILES).keys()))
def test_what_no_option_is_is_refused(rule: str, tmp_path: Path) -> None:
    path = (COLUMNS | FILES)[rule](tmp_path)
    key = entry(read(path, rule), rule).key
    with pytest.raises(UserError, match="It can be"):
        read_cohort(path, choices={key: "perhaps"})


def test_a_decision_about_an_input_does_not_make_it_another_thing(tmp_path: Path) -> None:
    path = COLUMNS["kind"](tmp_path)
    cohort = read_cohort(path, choices={"kind:bp": "two-numbers"})
    assert [v.name for v in cohort.variables if v.role is Role.INPUT][-3:-1] != ["bp", "bp"]
