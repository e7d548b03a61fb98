"""Web pages, Excel's XML and OpenDocument: what stands beside values is not lost or mixed in."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.readers.formats import open_table
from tests.readers.tables import decided, opened, rules, texts

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def written(folder: Path, text: str, name: str = "t.xls") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


# Web pages


def page(*rows: str, before: str = "") -> str:
    return f"<html><body>{before}<table>{''.join(rows)}</table></body></html>"


def tr(*cells: Any, style: str = "", tag: str = "td") -> str:
    more = f' style="{style}"' if style else ""
    return f"<tr{more}>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


HEAD = tr("id", "crp", "died", tag="th")


@pytest.mark.parametrize(
    "style", ["display:none", "height:0;DISPLAY : none", "visibility:collapse"]
)
def test_rows_that_a_page_hides_are_said_and_can_be_left_out(tmp_path: Path, style: str) -> None:
    rows = [tr(f"P{n}", f"{n}.5", "no", style=style * (n in (2, 5))) for n in range(8)]
    path = written(tmp_path, page(HEAD, *rows))
    told = decided(opened(path), "rows")
    assert (told.cells, told.value, told.proved) == (2, "all", False)
    assert len(opened(path).cells) == 8
    assert texts(opened(path, rows="visible"), "id") == [f"P{n}" for n in (0, 1, 3, 4, 6, 7)]


def test_rows_with_another_style_are_not_hidden(tmp_path: Path) -> None:
    rows = [tr(f"P{n}", f"{n}.5", "no", style="display:table-row") for n in range(4)]
    assert "rows" not in rules(opened(written(tmp_path, page(HEAD, *rows))))


def test_a_table_inside_a_cell_is_a_table_of_its_own(tmp_path: Path) -> None:
    inner = "<table><tr><td>9</td><td>8</td></tr></table>"
    rows = [tr(f"P{n}", f"{n}.5{inner * (n == 1)}", "no") for n in range(6)]
    table = opened(written(tmp_path, page(HEAD, *rows)))
    assert texts(table, "crp") == [f"{n}.5" for n in range(6)]
    assert "'table 2'" in decided(table, "sheet").sentence


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("m&uuml;de", "müde"), ("a&nbsp;b", "a b"), ("&lt;5", "<5"), ("1<br>2", "1 2"),
        ("<b>yes</b>", "yes"), ("  spaced\n out ", "spaced out"), ("5<sup>2</sup>", "52"),
        ("&#x2265; 3", "≥ 3"), ("<!-- 7 -->8", "8"),
    ],
)  # fmt: skip
def test_cells_of_a_page_are_the_text_that_is_shown(tmp_path: Path, cell: str, text: str) -> None:
    rows = [tr(f"P{n}", cell, "no") for n in range(4)]
    assert texts(opened(written(tmp_path, page(HEAD, *rows))), "crp") == [text] * 4


def test_a_cell_of_several_columns_is_in_the_first_and_that_is_said(tmp_path: Path) -> None:
    head = tr("id", "crp", "wbc", "died", tag="th")
    rows = [tr(f"P{n}", f"{n}.5", n, "no") for n in range(8)]
    rows[3] = "<tr><td>P3</td><td colspan=2>refused</td><td>no</td></tr>"
    table = opened(written(tmp_path, page(head, *rows)))
    assert texts(table, "crp")[3] == "refused"
    assert texts(table, "wbc")[3] == ""
    assert texts(table, "died")[3] == "no"
    told = decided(table, "merged-across:crp")
    assert (told.cells, told.proved) == (1, False)
    assert "'refused'" in told.sentence


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(
    st.lists(
        st.tuples(st.text("abc<>&\"' é-", max_size=6), st.floats(-1e6, 1e6), st.integers(0, 99)),
        min_size=3, max_size=8,
    )
)  # fmt: skip
def test_a_page_that_pandas_writes_comes_back(
    tmp_path: Path, rows: list[tuple[str, float, int]]
) -> None:
    frame = pd.DataFrame(rows, columns=["remark", "lab value", "visits"])
    frame.insert(0, "row", [f"r{n}" for n in range(len(frame))])
    stream = io.StringIO()
    frame.to_html(stream, index=False, float_format=lambda value: repr(float(value)))
    table = opened(written(tmp_path, stream.getvalue(), "t.html"))
    assert list(table.cells) == list(frame)
    assert texts(table, "remark") == [" ".join(cell.split()) for cell in frame["remark"]]
    assert [float(cell) for cell in texts(table, "lab value")] == frame["lab value"].tolist()
    assert texts(table, "visits") == frame["visits"].astype(str).tolist()


# Excel's XML of 2003


def book(rows: str, styles: str = "", columns: str = "", after: str = "") -> str:
    return (
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"'
        ' xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
        ' xmlns:x="urn:schemas-microsoft-com:office:excel">'
        f"<Styles>{styles}</Styles>"
        f'<Worksheet ss:Name="Data"><Table>{columns}{rows}</Table>{after}</Worksheet></Workbook>'
    )


def style(name: str, code: str, more: str = "") -> str:
    return f'<Style ss:ID="{name}"{more}><NumberFormat ss:Format={quoteattr(code)}/></Style>'


def cell(value: Any, kind: str = "", more: str = "", beside: str = "") -> str:
    kind = kind or ("Number" if isinstance(value, int | float) else "String")
    return f'<Cell{more}><Data ss:Type="{kind}">{escape(str(value))}</Data>{beside}</Cell>'


def row(*cells: str, more: str = "") -> str:
    return f"<Row{more}>{''.join(cells)}</Row>"


NAMES = row(cell("mrn"), cell("ef"), cell("died"))


def styled(mrn: str = "", ef: str = "", of_row: str = "") -> str:
    return NAMES + "".join(
        row(cell(n + 7, more=mrn), cell((n + 1) / 100, more=ef), cell("no"), more=of_row)
        for n in range(6)
    )


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (styled(mrn=' ss:StyleID="p"'), ""),
        (styled(), '<Column ss:StyleID="p"/><Column/><Column/>'),
        (styled(), '<Column ss:Index="1" ss:StyleID="p"/>'),
        (styled(mrn=' ss:StyleID="child"'), ""),
    ],
)
def test_zeros_that_a_style_shows_are_part_of_an_id(
    tmp_path: Path, rows: str, columns: str
) -> None:
    """A style of a cell, of its column, or of its parent; other readers drop the zeros."""
    styles = style("p", "00000") + '<Style ss:ID="child" ss:Parent="p"></Style>'
    table = opened(written(tmp_path, book(rows, styles, columns)))
    assert texts(table, "mrn") == [f"{n + 7:05d}" for n in range(6)]
    assert decided(table, "shown:mrn").cells == 6
    stored = open_table(tmp_path / "t.xls", {"shown:mrn": "as stored"})
    assert stored.cells["mrn"].tolist() == [n + 7 for n in range(6)]


@pytest.mark.parametrize("code", ["Percent", "0.0%"])
def test_percent_is_said_and_read_as_stored_or_as_shown(tmp_path: Path, code: str) -> None:
    rows = styled(ef=' ss:StyleID="q"')
    path = written(tmp_path, book(rows, style("q", code)))
    table = opened(path)
    assert table.cells["ef"].tolist() == [(n + 1) / 100 for n in range(6)]
    assert decided(table, "percent:ef").value == "as stored"
    shown = open_table(path, {"percent:ef": "as shown"})
    assert shown.cells["ef"].tolist() == pytest.approx([n + 1 for n in range(6)])
    assert shown.units == {"ef": "%"}


def test_a_unit_of_a_style_is_kept_and_a_cells_style_counts_before_its_rows(
    tmp_path: Path,
) -> None:
    styles = style("u", '0.00" mg/L"') + style("p", "00000")
    rows = styled(ef=' ss:StyleID="u"', of_row=' ss:StyleID="p"')
    table = opened(written(tmp_path, book(rows, styles)))
    assert table.units == {"ef": "mg/L"}
    assert texts(table, "mrn")[0] == "00007", "the style of the row"
    assert table.cells["ef"].tolist()[0] == 0.01


@pytest.mark.parametrize("code", ["General", "Fixed", "Standard", "Short Date", "0.00", "#,##0"])
def test_styles_that_show_the_number_alone_say_nothing(tmp_path: Path, code: str) -> None:
    rows = styled(mrn=' ss:StyleID="s"', ef=' ss:StyleID="s"')
    table = opened(written(tmp_path, book(rows, style("s", code))))
    assert not rules(table) & {"shown", "percent", "unit"}
    assert table.cells["mrn"].tolist() == [n + 7 for n in range(6)]


def test_a_comment_is_not_the_cell(tmp_path: Path) -> None:
    """Its text is called data as well."""
    note = '<Comment ss:Author="Dr A"><ss:Data><b>checked</b> 99</ss:Data></Comment>'
    rows = NAMES + "".join(
        row(cell(n + 7), cell(n / 4, beside=note), cell("yes", beside=note)) for n in range(6)
    )
    table = opened(written(tmp_path, book(rows)))
    assert table.cells["ef"].tolist() == [n / 4 for n in range(6)]
    assert texts(table, "died") == ["yes"] * 6


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        ('<Column/><Column ss:Hidden="1"/>', ["ef"]),
        ('<Column ss:Index="2" ss:Hidden="1"/>', ["ef"]),
        ('<Column ss:Index="2" ss:Hidden="1" ss:Span="1"/>', ["ef", "died"]),
    ],
)
def test_hidden_columns_are_said_and_can_be_left_out(
    tmp_path: Path, columns: str, names: list[str]
) -> None:
    path = written(tmp_path, book(styled(), columns=columns))
    told = decided(opened(path), "hidden-columns")
    assert told.cells == len(names)
    assert all(f"'{name}'" in told.sentence for name in names)
    out = open_table(path, {"hidden-columns": "left out"})
    assert list(out.cells) == [name for name in ("mrn", "ef", "died") if name not in names]


def test_errors_and_merged_cells_stand_at_their_places(tmp_path: Path) -> None:
    body = [
        row(cell("A", more=' ss:MergeDown="1"'), cell("#DIV/0!", "Error"), cell("no")),
        row(cell(2.5, more=' ss:Index="2"'), cell("yes")),
        row(cell("B"), cell(3.5), cell("#N/A", "Error")),
        row(cell("C"), cell("#REF!", "Error"), cell("no")),
    ]
    table = opened(written(tmp_path, book(NAMES + "".join(body))))
    assert texts(table, "mrn") == ["A", "A", "B", "C"]
    assert texts(table, "ef") == ["", "2.5", "3.5", ""]
    assert texts(table, "died") == ["no", "yes", "", "no"]
    assert decided(table, "cell-errors:ef").cells == 2
    assert decided(table, "cell-errors:died").cells == 1


def test_rows_that_are_skipped_are_empty_and_a_hidden_sheet_is_passed_over(tmp_path: Path) -> None:
    body = styled()[len(NAMES) :] + row(cell(1), cell(0.5), cell("no"), more=' ss:Index="11"')
    excel = "urn:schemas-microsoft-com:office:excel"
    shut = f"<Options xmlns='{excel}'><Visible>SheetHidden</Visible></Options>"
    text = book(NAMES + body)
    hidden = book(styled(), after=shut).partition("<Worksheet")[2].replace('"Data"', '"Old"', 1)
    both = text.replace("</Workbook>", f"<Worksheet{hidden}")
    table = opened(written(tmp_path, both))
    assert texts(table, "mrn") == [*(str(n + 7) for n in range(6)), "1"]
    assert decided(table, "empty-rows").cells == 3
    assert "'Old' (hidden" in decided(table, "sheet").sentence


VALUE = st.one_of(
    st.text("abc<>&é\"' ", max_size=6), st.floats(-1e9, 1e9), st.integers(-(10**6), 10**6)
)


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(st.lists(st.tuples(VALUE, VALUE), min_size=2, max_size=8))
def test_a_workbook_in_xml_comes_back(tmp_path: Path, rows: list[tuple[Any, Any]]) -> None:
    text = row(cell("row"), cell("x"), cell("y")) + "".join(
        row(cell(f"r{n}"), *map(cell, cells)) for n, cells in enumerate(rows)
    )
    table = opened(written(tmp_path, book(text)))
    assert texts(table, "row") == [f"r{n}" for n in range(len(rows))]
    for k, name in enumerate(("x", "y")):
        for found, cells in zip(texts(table, name), rows, strict=True):
            meant = cells[k]
            assert found == meant.strip() if isinstance(meant, str) else float(found) == meant


# OpenDocument

SPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in [("office", "office"), ("table", "table"), ("text", "text"),
                        ("draw", "drawing")]
)  # fmt: skip
NOTE = "<office:annotation><text:p>Dr A</text:p><text:p>checked 9</text:p></office:annotation>"


def document(folder: Path, rows: str) -> Path:
    with zipfile.ZipFile(folder / "t.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr(
            "content.xml",
            f"<office:document-content {SPACES}><office:body><office:spreadsheet>"
            f'<table:table table:name="Data">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return folder / "t.ods"


def ods(value: Any, shown: str = "", beside: str = "", kind: str = "float", more: str = "") -> str:
    if isinstance(value, str):
        given = 'office:value-type="string"'
    else:
        given = f'office:value-type="{kind}" office:value="{value!r}"'
    text = escape(shown or str(value))
    return f"<table:table-cell {given}{more}>{beside}<text:p>{text}</text:p></table:table-cell>"


def ods_rows(*rows: list[str]) -> str:
    return "".join(f"<table:table-row>{''.join(cells)}</table:table-row>" for cells in rows)


def test_a_comment_of_a_cell_does_not_hide_how_it_is_shown(tmp_path: Path) -> None:
    body = [[ods(n + 7, f"{n + 7:05d}", NOTE), ods(n / 4, "", NOTE), ods("no", "", NOTE)]
            for n in range(6)]  # fmt: skip
    table = opened(document(tmp_path, ods_rows([ods("mrn"), ods("ef"), ods("died")], *body)))
    assert texts(table, "mrn") == [f"{n + 7:05d}" for n in range(6)]
    assert table.cells["ef"].tolist() == [n / 4 for n in range(6)]
    assert texts(table, "died") == ["no"] * 6


def test_an_error_with_a_comment_is_an_error(tmp_path: Path) -> None:
    shown = f"{NOTE}<text:p>#DIV/0!</text:p>"
    wrong = f'<table:table-cell table:formula="of:=1/0">{shown}</table:table-cell>'
    body = [[ods(f"P{n}"), wrong if n == 2 else ods(n / 4)] for n in range(6)]
    table = opened(document(tmp_path, ods_rows([ods("id"), ods("ratio")], *body)))
    assert decided(table, "cell-errors:ratio").cells == 1
    assert table.cells["ratio"].isna().tolist() == [n == 2 for n in range(6)]


def test_cells_and_rows_that_are_repeated_are_there_as_often(tmp_path: Path) -> None:
    twice = ods(1.5, more=' table:number-columns-repeated="2"')
    rows = ods_rows([ods("id"), ods("a"), ods("b")], [ods("P0"), twice]) + (
        f'<table:table-row table:number-rows-repeated="3">{ods("P1")}{twice}</table:table-row>'
    )
    table = opened(document(tmp_path, rows))
    assert texts(table, "id") == ["P0", "P1", "P1", "P1"]
    assert table.cells["a"].tolist() == table.cells["b"].tolist() == [1.5] * 4


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(st.lists(st.tuples(VALUE, VALUE), min_size=2, max_size=8))
def test_an_open_document_comes_back_as_pandas_reads_it(
    tmp_path: Path, rows: list[tuple[Any, Any]]
) -> None:
    body = [[ods(f"r{n}"), *map(ods, cells)] for n, cells in enumerate(rows)]
    path = document(tmp_path, ods_rows([ods("row"), ods("x"), ods("y")], *body))
    table = opened(path)
    expected = pd.read_excel(path, engine="calamine", keep_default_na=False, dtype=object)
    assert list(table.cells) == list(expected)
    assert texts(table, "row") == expected["row"].tolist()
    for name in ("x", "y"):
        for found, meant in zip(texts(table, name), expected[name], strict=True):
            if isinstance(meant, str):
                assert found == meant.strip()
            else:
                assert float(found) == float(meant)


def test_xml_that_is_cut_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="or it is damaged"):
        opened(written(tmp_path, book(styled())[:-60]))
