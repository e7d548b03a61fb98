"""Binary workbooks of Excel (.xlsb), written record by record ([MS-XLSB]).

No library writes them. What stands here was compared with what pyxlsb reads.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

Cell = str | float | bool | None
Sheets = Mapping[str, Sequence[Sequence[Cell]]]
MAIN = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.ms-excel"


def record(number: int, data: bytes = b"") -> bytes:
    """Number and length in bytes of seven bits, then the data."""
    return _seven(number) + _seven(len(data)) + data


def _seven(value: int) -> bytes:
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def text(value: str) -> bytes:
    """Its length in letters, then UTF-16."""
    return struct.pack("<I", len(value)) + value.encode("utf-16-le")


def binary_workbook(sheets: Sheets, hidden: Sequence[str] = ()) -> bytes:
    """Sheet name -> rows of cells, as a file."""
    members: dict[str, bytes | str] = {
        "[Content_Types].xml": _types(len(sheets)),
        "_rels/.rels": _links({"rId1": ("officeDocument", "xl/workbook.bin")}),
        "xl/workbook.bin": _book(sheets, hidden),
        "xl/_rels/workbook.bin.rels": _links(
            {f"rId{n}": ("worksheet", f"worksheets/sheet{n}.bin") for n, _ in enumerate(sheets, 1)}
            | {"rId99": ("sharedStrings", "sharedStrings.bin")}
        ),
    }
    every = (cell for rows in sheets.values() for row in rows for cell in row)
    strings = list(dict.fromkeys(cell for cell in every if isinstance(cell, str)))
    members["xl/sharedStrings.bin"] = _strings(strings)
    for n, rows in enumerate(sheets.values(), 1):
        members[f"xl/worksheets/sheet{n}.bin"] = _sheet(rows, strings)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


def _types(sheets: int) -> str:
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.bin" ContentType="{KIND}.worksheet"/>'
        for n in range(1, sheets + 1)
    )
    return (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="bin" '
        f'ContentType="{KIND}.sheet.binary.macroEnabled.main"/><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{parts}</Types>"
    )


def _links(targets: dict[str, tuple[str, str]]) -> str:
    parts = "".join(
        f'<Relationship Id="{link}" Type="{MAIN}/{kind}" Target="{target}"/>'
        for link, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{parts}</Relationships>'


def _book(sheets: Sheets, hidden: Sequence[str]) -> bytes:
    # BrtBeginBook 131, BrtBeginBundleShs 143, BrtBundleSh 156, BrtEndBundleShs 144, BrtEndBook 132.
    bundles = b"".join(
        record(156, struct.pack("<II", name in hidden, n) + text(f"rId{n}") + text(name))
        for n, name in enumerate(sheets, 1)
    )
    return record(131) + record(143) + bundles + record(144) + record(132)


def _strings(strings: Sequence[str]) -> bytes:
    """BrtBeginSst 159, BrtSSTItem 19 each, BrtEndSst 160."""
    items = b"".join(record(19, b"\0" + text(one)) for one in strings)
    return record(159, struct.pack("<II", len(strings), len(strings))) + items + record(160)


def _sheet(rows: Sequence[Sequence[Cell]], strings: Sequence[str]) -> bytes:
    # BrtBeginSheet 129, BrtWsDim 148, BrtBeginSheetData 145, BrtRowHdr 0, cells, and their ends.
    wide = max((len(row) for row in rows), default=0)
    made = [
        record(129),
        record(148, struct.pack("<IIII", 0, len(rows) - 1, 0, wide - 1)),
        record(145),
    ]
    for number, row in enumerate(rows):
        made.append(record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0, 0, 0)))
        made += [_cell(at, cell, strings) for at, cell in enumerate(row) if cell is not None]
    return b"".join([*made, record(146), record(130)])


def _cell(column: int, cell: Cell, strings: Sequence[str]) -> bytes:
    """BrtCellBool 4, BrtCellIsst 7, BrtCellReal 5, each after its column and style."""
    place = struct.pack("<II", column, 0)
    if isinstance(cell, bool):
        return record(4, place + bytes([cell]))
    if isinstance(cell, str):
        return record(7, place + struct.pack("<I", strings.index(cell)))
    return record(5, place + struct.pack("<d", cell))
