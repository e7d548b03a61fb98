"""JSON, pages, old workbooks, OpenDocument, ZIP and gzip: read, or one plain sentence."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xlwt
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.modalities.scan.sniffing import is_scans
from pmed_core.readers.formats import open_table
from pmed_core.settings import settings
from pmed_core.suffixes import SCANS, TABLES, is_table_name
from tests.readers.tables import decided, opened, rules, texts

HEADER = ["patient_id", "age", "died"]
CSV = "patient_id,age,died\nP1,30,yes\nP2,40,no\nP3,50,no\n"


def written(folder: Path, data: bytes | str, name: str) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


# JSON

ROWS = [{"patient_id": f"P{n}", "age": n + 0.5, "died": n % 2 == 0} for n in range(6)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(ROWS, id="records"),
        pytest.param({"data": ROWS}, id="data"),
        pytest.param({"count": 6, "results": ROWS}, id="results"),
        pytest.param({key: [row[key] for row in ROWS] for key in HEADER}, id="columns"),
        pytest.param(
            {key: {str(n): row[key] for n, row in enumerate(ROWS)} for key in HEADER},
            id="columns by row",
        ),
        pytest.param(
            {"columns": HEADER, "index": list(range(6)), "data": [list(r.values()) for r in ROWS]},
            id="split",
        ),
        pytest.param([HEADER, *[list(row.values()) for row in ROWS]], id="grid"),
    ],
)
@pytest.mark.parametrize("name", ["t.json", "t.txt"])
def test_shapes_of_json(tmp_path: Path, content: Any, name: str) -> None:
    table = opened(written(tmp_path, json.dumps(content), name))
    assert list(table.cells.columns) == HEADER
    assert texts(table, "patient_id") == [f"P{n}" for n in range(6)]
    assert list(table.cells["age"]) == [n + 0.5 for n in range(6)]
    assert texts(table, "died") == ["True", "False"] * 3


def test_lines_of_json(tmp_path: Path) -> None:
    text = "\n".join(map(json.dumps, ROWS)) + "\n"
    table = opened(written(tmp_path, text, "t.jsonl"))
    assert list(table.cells.columns) == HEADER
    assert len(table.cells) == 6


def test_json_keeps_zeros_digits_and_missing_words(tmp_path: Path) -> None:
    text = '[{"id": "007", "csn": 300000000000000001, "x": null}, {"id": "NA", "csn": 2, "x": NaN}]'
    table = opened(written(tmp_path, text, "t.json"))
    assert texts(table, "id") == ["007", "NA"]
    assert texts(table, "csn") == ["300000000000000001", "2"]
    assert texts(table, "x") == ["", ""]


def test_objects_inside_records_are_flattened_and_said(tmp_path: Path) -> None:
    rows = [{"id": n, "labs": {"crp": n / 2, "gas": {"ph": 7.4}}} for n in range(4)]
    table = opened(written(tmp_path, json.dumps(rows), "t.json"))
    assert list(table.cells.columns) == ["id", "labs.crp", "labs.gas.ph"]
    assert decided(table, "columns").cells == 2


def test_absent_keys_are_missing_and_counted(tmp_path: Path) -> None:
    table = opened(written(tmp_path, '[{"a": 1, "b": 2}, {"a": 3}, {"b": 4, "c": 5}]', "t.json"))
    assert texts(table, "b") == ["2", "", "4"]
    assert decided(table, "missing").cells == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"resourceType": "Bundle", "entry": []}', "FHIR"),
        ('[{"resourceType": "Patient", "id": "1"}]', "FHIR"),
        ('[{"id": 1, "visits": [1, 2]}]', "'visits' holds a list"),
        ('{"a": 1, "b": [1, 2], "c": [3]}', "list"),
        ('[{"a": 1}, {"a": 2', "not JSON"),
        ('[{"a": 1, "a": 2}]', "not JSON"),
        ("[" * 100_000, "JSON|not text|no row"),
        ("[]", "no rows|no list"),
        ("{}", "no rows|no list"),
        ("[[1, 2], [3]]", "no list of records"),
    ],
)
def test_json_that_is_no_table(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        opened(written(tmp_path, text, "t.json"))
    assert caught.value.remedy


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "word": st.text(max_size=6).map(str.strip).filter(lambda t: "\x00" not in t),
                "number": st.floats(-1e6, 1e6).map(lambda n: round(n, 4)),
                "whole": st.integers(-(10**12), 10**12),
            }
        ),
        min_size=2, max_size=10,
    )
)  # fmt: skip
def test_records_come_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    path = written(tmp_path_factory.mktemp("json"), json.dumps(rows), "t.json")
    table = opened(path)
    assert texts(table, "word") == [row["word"] for row in rows]
    assert table.cells["whole"].tolist() == [row["whole"] for row in rows]
    assert np.allclose(table.cells["number"], [row["number"] for row in rows], rtol=1e-15)


# Pages and XML that programs name .xls

PAGE = (
    "<html><head><meta charset='utf-8'><style>td {color: red}</style></head><body>"
    "<table><tr><td>Ward 7</td></tr></table>"
    "<table border=1><tr><th>patient_id</th><th>größe</th><th>died</th></tr>{rows}</table></body>"
)


def page(rows: str) -> str:
    return PAGE.replace("{rows}", rows)


@pytest.mark.parametrize("name", ["t.xls", "t.html", "t.htm"])
def test_the_largest_table_of_a_page_is_read(tmp_path: Path, name: str) -> None:
    rows = "".join(f"<tr><td>00{n}</td><td>1,{n}</td><td>n&auml;</td></tr>" for n in range(5))
    table = opened(written(tmp_path, page(rows), name))
    assert list(table.cells.columns) == ["patient_id", "größe", "died"]
    assert texts(table, "patient_id") == ["000", "001", "002", "003", "004"]
    assert texts(table, "died") == ["nä"] * 5


def test_cells_of_several_rows_belong_to_all_of_them(tmp_path: Path) -> None:
    rows = "".join(
        f"<tr><td rowspan=2>P{n}</td><td>1.{n}</td><td>no</td></tr>"
        f"<tr><td>2.{n}</td><td>no</td></tr>"
        for n in range(4)
    )
    table = opened(written(tmp_path, page(rows), "t.xls"))
    assert texts(table, "patient_id") == [f"P{n // 2}" for n in range(8)]
    assert texts(table, "größe")[:3] == ["1.0", "2.0", "1.1"]
    assert decided(table, "merged:patient_id").cells == 4


def test_unclosed_cells_and_scripts(tmp_path: Path) -> None:
    rows = "<tr><td>1<td>2<td>no<script>var x = '<td>9</td>'</script><tr><td>3<td>4<td>yes"
    table = opened(written(tmp_path, page(rows), "t.xls"))
    assert texts(table, "died") == ["no", "yes"]


def test_numbers_that_excel_writes_beside_what_it_shows(tmp_path: Path) -> None:
    rows = "".join(
        f"<tr><td>P{n}</td><td x:num='1250.5'>1.250,5</td><td>no</td></tr>" for n in "abc"
    )
    table = opened(written(tmp_path, page(rows), "t.xls"))
    assert texts(table, "größe") == ["1250.5"] * 3


def test_a_page_without_a_table(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no table"):
        opened(written(tmp_path, "<html><body><p>Log in</p></body></html>", "t.xls"))


def spreadsheet(rows: str, more: str = "") -> str:
    return (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"'
        ' xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        f'<Worksheet ss:Name="Data"><Table>{rows}</Table></Worksheet>{more}</Workbook>'
    )


def cell(value: object, kind: str = "String", more: str = "") -> str:
    return f'<Cell{more}><Data ss:Type="{kind}">{value}</Data></Cell>'


def test_workbooks_in_xml(tmp_path: Path) -> None:
    head = "<Row>" + "".join(map(cell, ["id", "x", "gap", "at", "ok"])) + "</Row>"
    rows = "".join(
        f"<Row{' ss:Hidden=' + chr(34) + '1' + chr(34) if n == 3 else ''}>"
        + cell(f"00{n}")
        + cell(n / 4, "Number")
        + cell("2023-03-01T00:00:00.000", "DateTime", ' ss:Index="4"')
        + cell(n % 2, "Boolean")
        + "</Row>"
        for n in range(5)
    )
    table = opened(written(tmp_path, spreadsheet(head + rows), "t.xls"))
    assert texts(table, "id") == ["000", "001", "002", "003", "004"]
    assert list(table.cells["x"]) == [0, 0.25, 0.5, 0.75, 1]
    assert texts(table, "gap") == [""] * 5
    assert texts(table, "at") == ["2023-03-01"] * 5
    assert texts(table, "ok") == ["False", "True", "False", "True", "False"]
    assert decided(table, "rows").cells == 1


@pytest.mark.parametrize(
    "text",
    [
        spreadsheet("<Row>")[:-30],
        spreadsheet(f"<Row>{cell('x', 'Number')}</Row>"),
        spreadsheet("").replace("<Workbook", '<!DOCTYPE a [<!ENTITY b "c">]><Workbook', 1),
        '<?xml version="1.0"?><ClinicalDocument/>',
    ],
)
def test_damaged_or_other_xml(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError) as caught:
        opened(written(tmp_path, text, "t.xls"))
    assert caught.value.remedy


def test_text_that_is_named_xls(tmp_path: Path) -> None:
    table = opened(written(tmp_path, CSV.replace(",", "\t"), "export.xls"))
    assert list(table.cells.columns) == HEADER


# Workbooks of Excel 97 to 2003


def old_book(path: Path) -> Path:
    workbook = xlwt.Workbook()
    cover = workbook.add_sheet("Cover")
    cover.write(0, 0, "Ward 7")
    sheet = workbook.add_sheet("Data")
    for j, name in enumerate(["patient_id", "mrn", "at", "x", "ok", "ef"]):
        sheet.write(0, j, name)
    padded, date, percent = (xlwt.XFStyle() for _ in range(3))
    padded.num_format_str, date.num_format_str, percent.num_format_str = "00000", "yyyy-mm-dd", "0%"
    for n in range(1, 13):
        if n % 3 == 1:
            sheet.write_merge(n, n + 2, 0, 0, f"P{n}")
        sheet.write(n, 1, n, padded)
        sheet.write(n, 2, 44_986 + n, date)
        sheet.write(n, 3, n / 8)
        sheet.write(n, 4, n % 2 == 0)
        sheet.write(n, 5, n / 100, percent)
    sheet.row(5).hidden = True
    hidden = workbook.add_sheet("old")
    hidden.visibility = 1
    for n in range(40):
        for j in range(4):
            hidden.write(n, j, f"{n}{j}")
    workbook.save(str(path))
    return path


@pytest.mark.parametrize("name", ["t.xls", "t.xlsx", "t"])
def test_old_workbooks_are_read_as_new_ones(tmp_path: Path, name: str) -> None:
    table = opened(old_book(tmp_path / name))
    assert texts(table, "patient_id") == [f"P{(n - 1) // 3 * 3 + 1}" for n in range(1, 13)]
    assert texts(table, "mrn")[0] == "00001"
    assert texts(table, "at")[0] == "2023-03-02"
    assert list(table.cells["x"]) == [n / 8 for n in range(1, 13)]
    assert texts(table, "ok") == ["False", "True"] * 6
    assert decided(table, "rows").cells == 1
    assert "percent" in rules(table)
    assert decided(table, "sheet").value == "Data"
    assert "'old' (hidden" in decided(table, "sheet").sentence


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_an_old_workbook_that_is_cut_off(tmp_path: Path, share: float) -> None:
    data = old_book(tmp_path / "t.xls").read_bytes()
    with pytest.raises(UserError, match=r"cut\.xls"):
        opened(written(tmp_path, data[: int(len(data) * share)], "cut.xls"))


# OpenDocument

SPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in [("office", "office"), ("table", "table"), ("text", "text")]
)


def document(path: Path, body: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr(
            "content.xml",
            f"<office:document-content {SPACES}><office:body><office:spreadsheet>{body}"
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def ods_word(text: str, more: str = "") -> str:
    return (
        f'<table:table-cell office:value-type="string"{more}><text:p>{text}</text:p>'
        "</table:table-cell>"
    )


def ods_number(value: float, shown: str = "", kind: str = "float") -> str:
    return (
        f'<table:table-cell office:value-type="{kind}" office:value="{value}">'
        f"<text:p>{shown or value}</text:p></table:table-cell>"
    )


def ods_row(cells: str, more: str = "") -> str:
    return f"<table:table-row{more}>{cells}</table:table-row>"


@pytest.mark.parametrize("name", ["t.ods", "t.xlsx", "t"])
def test_open_document_workbooks(tmp_path: Path, name: str) -> None:
    head = ods_row("".join(map(ods_word, ["group", "id", "ef", "died"])))
    span = ' table:number-rows-spanned="2"'
    rows = "".join(
        ods_row(
            (ods_word(f"g{n}", span) if n % 2 == 0 else "<table:covered-table-cell/>")
            + ods_number(n, f"{n:05d}")
            + ods_number(n / 100, f"{n}%", "percentage")
            + ods_word("yes" if n % 3 else "no"),
            ' table:visibility="filter"' if n == 7 else "",
        )
        for n in range(10)
    )
    body = f'<table:table table:name="Data">{head}{rows}</table:table>'
    table = opened(document(tmp_path / name, body))
    assert texts(table, "group") == [f"g{n // 2 * 2}" for n in range(10)]
    assert texts(table, "id")[3] == "00003"
    assert decided(table, "rows").cells == 1
    assert decided(table, "percent:ef").cells == 10


# Packed


def test_a_gzip_is_unpacked(tmp_path: Path) -> None:
    table = opened(written(tmp_path, gzip.compress(CSV.encode()), "t.csv.gz"))
    assert list(table.cells.columns) == HEADER
    assert table.name == "t.csv.gz"


def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, gzip.compress(bytes(5 * 2**20)), "t.csv.gz")
    monkeypatch.setenv("PMED_MAX_FILE_MB", "2")
    settings.cache_clear()
    with pytest.raises(UserError, match="more than 2 MB"):
        opened(path)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_gzip_that_is_cut_off(tmp_path: Path, share: float) -> None:
    data = gzip.compress(CSV.encode() * 50)
    with pytest.raises(UserError, match="gzip file is"):
        opened(written(tmp_path, data[: int(len(data) * share)], "t.csv.gz"))


def test_what_is_packed_twice_is_refused(tmp_path: Path) -> None:
    data = gzip.compress(gzip.compress(CSV.encode()))
    with pytest.raises(UserError, match="packed twice"):
        opened(written(tmp_path, data, "t.csv.gz"))


def packed(folder: Path, name: str = "t.zip", **members: bytes | str) -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            archive.writestr(member.replace("__", "."), data)
    return path


@pytest.mark.parametrize(
    "beside",
    [
        {},
        {"README__txt": "Ask Dr A"},
        {"__MACOSX/._a__csv": b"\x00"},
        {"license__txt": "CC"},
        {"x__pdf": "%PDF"},
    ],
)
def test_a_zip_with_one_table(tmp_path: Path, beside: dict[str, bytes | str]) -> None:
    members: dict[str, Any] = {"sub/a__csv": CSV, **beside}
    path = packed(tmp_path, **members)
    table = opened(path)
    assert list(table.cells.columns) == HEADER
    assert decided(table, "file").value == "sub/a.csv"
    assert not is_scans(path)


def test_a_zip_with_several_tables_asks_which(tmp_path: Path) -> None:
    path = packed(tmp_path, a__csv=CSV, b__csv=CSV.replace("age", "years") + "P4,60,yes\n")
    with pytest.raises(UserError, match=r"'a\.csv', 'b\.csv'.*file=a\.csv"):
        opened(path)
    assert len(opened(path, file="b.csv").cells) == 4
    with pytest.raises(UserError, match=r"no table 'c\.csv'"):
        opened(path, file="c.csv")


TRAIN = "id,age,died\n" + "".join(f"t{n},{30 + n},{'yn'[n % 2]}\n" for n in range(30))
VAL = "id,age,died\n" + "".join(f"v{n},{40 + n},{'yn'[n % 2]}\n" for n in range(12))


def test_tables_with_the_same_columns_are_offered_together(tmp_path: Path) -> None:
    path = packed(tmp_path, val__csv=VAL, train__csv=TRAIN, README__txt="Two parts.")
    first = opened(path)
    assert texts(first, "id")[0] == "t0", "the largest"
    assert len(first.cells) == 30
    told = decided(first, "files")
    assert "1 other table has the same columns as 'train.csv' and was not read: 'val.csv'" in (
        told.sentence
    )
    assert told.options == ("first", "together")
    assert not told.proved
    both = opened(path, files="together")
    assert len(both.cells) == 42
    assert texts(both, "file") == ["train.csv"] * 30 + ["val.csv"] * 12
    assert "one below the other" in decided(both, "files").sentence
    other = opened(path, file="val.csv")
    assert len(other.cells) == 12
    assert "files" not in rules(other)


def test_a_zip_with_a_workbook_inside(tmp_path: Path) -> None:
    stream = io.BytesIO()
    pd.read_csv(io.StringIO(CSV)).to_excel(stream, index=False)
    table = opened(packed(tmp_path, a__xlsx=stream.getvalue()))
    assert list(table.cells.columns) == HEADER
    assert {"file", "sheet"} <= rules(table)


def test_a_zip_inside_a_zip(tmp_path: Path) -> None:
    inner = packed(tmp_path, "inner.zip", a__csv=CSV).read_bytes()
    with pytest.raises(UserError, match="ZIP inside a ZIP"):
        opened(packed(tmp_path, a__csv=inner))


def test_a_zip_without_a_table(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no table"):
        opened(packed(tmp_path, letter__pdf="%PDF"))


def test_a_zip_bomb(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="would unpack to 80 MB"):
        opened(packed(tmp_path, a__csv=bytes(80 * 2**20)))


def test_a_damaged_zip(tmp_path: Path) -> None:
    data = packed(tmp_path, a__csv=CSV * 200).read_bytes()
    with pytest.raises(UserError, match="damaged"):
        opened(written(tmp_path, data[:-40], "cut.zip"))


@pytest.mark.parametrize(
    ("members", "scans"),
    [
        ({"a__csv": CSV}, False),
        ({"a__csv": CSV, "b__json": "{}"}, False),
        ({"a__csv": CSV, "1__png": "x"}, True),
        ({"ill/IM0001": "x"}, True),
        ({"labels__csv": CSV, "IM0001": "x"}, True),
        ({"1__dcm": "x", "2__dcm": "x"}, True),
        ({"a__nii__gz": "x"}, True),
        ({"x__pdf": "x"}, True),
    ],
)
def test_what_a_zip_holds_tells_what_it_is(
    tmp_path: Path, members: dict[str, str], scans: bool
) -> None:
    assert is_scans(packed(tmp_path, **members)) is scans


# Names


def test_a_name_is_a_table_or_a_scan() -> None:
    assert not set(TABLES) & set(SCANS)
    assert all(is_table_name(f"x.{ending}") for ending in TABLES)
    assert all(is_table_name(f"x.{ending.upper()}.gz") for ending in TABLES)
    assert not any(is_table_name(f"x.{ending}") for ending in SCANS)


# Typed tables


def test_names_of_rows_are_columns(tmp_path: Path) -> None:
    frame = pd.DataFrame({"age": [1.5, 2.5]}, index=pd.Index(["P1", "P2"], name="patient"))
    frame.to_parquet(tmp_path / "t.parquet")
    table = opened(tmp_path / "t.parquet")
    assert list(table.cells.columns) == ["patient", "age"]
    assert decided(table, "row-names").cells == 1


def test_a_feather_file(tmp_path: Path) -> None:
    pd.read_csv(io.StringIO(CSV)).to_feather(tmp_path / "t.feather")
    assert list(opened(tmp_path / "t.feather").cells.columns) == HEADER


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.dat"])
def test_a_parquet_file_under_any_name(tmp_path: Path, name: str) -> None:
    pd.read_csv(io.StringIO(CSV)).to_parquet(tmp_path / name)
    assert list(opened(tmp_path / name).cells.columns) == HEADER


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\x80\x04\x95abc", "pickle"), (b"\x89HDF\r\n", "HDF5"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "Unpack"), (b"Rar!\x1a\x07\1\0", "Unpack"),
        (b"a".ljust(257, b"\0") + b"ustar\x0000", "Unpack"), (b"%PDF-1.4", "PDF"),
        (b"SQLite format 3\x00", "database"), (b"RDX3\n", "R"), (b"MZ\x90\x00", "program"),
        (b"\x93NUMPY", "numpy"),
    ],
)  # fmt: skip
def test_other_files_are_named(tmp_path: Path, start: bytes, kind: str) -> None:
    with pytest.raises(UserError, match=kind):
        open_table(written(tmp_path, start + bytes(50), "t.csv"), {})


def test_a_far_cell_of_an_old_workbook_takes_no_room_before_it(tmp_path: Path) -> None:
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("A")
    rows: list[list[Any]] = [HEADER, *[[f"P{n}", 30 + n, "yes"] for n in range(20)]]
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell)
    sheet.write(40, 255, "x")
    workbook.save(str(tmp_path / "t.xls"))
    table = opened(tmp_path / "t.xls")
    assert list(table.cells.columns)[:3] == HEADER
    assert texts(table, "patient_id")[:20] == [f"P{n}" for n in range(20)]
    sheet.write(60_000, 250, "y")
    workbook.save(str(tmp_path / "far.xls"))
    with pytest.raises(UserError, match="span 60,001 rows and 256 columns"):
        opened(tmp_path / "far.xls")
