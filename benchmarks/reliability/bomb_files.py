"""Files that are small on disk and large, or endless, where somebody reads them as they claim."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
from PIL import Image

from tests.scans.made import dicom, saved, zipped

Make = Callable[[Path], Path]
MB = 2**20
ODS = b"application/vnd.oasis.opendocument.spreadsheet"
DEFLATED = "1.2.840.10008.1.2.1.99"


def plain_table(folder: Path) -> Path:
    """What a small table takes, to compare with."""
    rows = "".join(f"P{n},{n % 70 + 20},{n % 2}\n" for n in range(400))
    return _as(folder, "plain.csv", f"id,age,dead\n{rows}".encode())


def _as(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def _streamed(folder: Path, name: str, unit: bytes, megabytes: int, head: bytes = b"") -> Path:
    """Gzip of ``head`` and one unit over and over."""
    path = folder / name
    block = unit * (MB // len(unit) + 1)
    with gzip.open(path, "wb", compresslevel=6) as file:
        file.write(head)
        for _ in range(megabytes):
            file.write(block)
    return path


def _zipped(folder: Path, name: str, files: dict[str, tuple[bytes, bytes, int, bytes]]) -> Path:
    """Member -> (head, unit, megabytes of it, tail), written in parts."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for member, (head, unit, megabytes, tail) in files.items():
            block = unit * (MB // len(unit) + 1)
            with archive.open(member, "w", force_zip64=True) as file:
                file.write(head)
                for _ in range(megabytes):
                    file.write(block)
                file.write(tail)
    return path


def _workbook(changed: dict[str, tuple[bytes, bytes, int, bytes]]) -> Make:
    """An .xlsx of two columns with some of its members replaced."""

    def make(folder: Path) -> Path:
        book, held = openpyxl.Workbook(), io.BytesIO()
        for row in (["id", "age"], ["a", 50], ["b", 60], ["c", 70]):
            book.active.append(row)
        book.save(held)
        with zipfile.ZipFile(held) as old:
            whole = {n: (old.read(n), b"\0", 0, b"") for n in old.namelist()}
        return _zipped(folder, "bomb.xlsx", whole | changed)

    return make


SHARED = (
    b'<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">',
    b"<si><t>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</t></si>",
)
SHEET = (
    b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
    b'main"><sheetData>'
)


NAMES_ROW = b'<row r="1"><c r="A1" t="str"><v>id</v></c><c r="B1" t="str"><v>age</v></c></row>'


def _ods(body: bytes, megabytes: int = 0, unit: bytes = b" ") -> Make:
    head = (
        b'<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:'
        b'opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:'
        b'1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
        b'<office:spreadsheet><table:table table:name="A">' + body
    )
    tail = b"</table:table></office:spreadsheet></office:body></office:document-content>"
    entry = b'<manifest:file-entry manifest:full-path="/" manifest:media-type="%s"/>' % ODS
    listed = (
        b'<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:'
        b'xmlns:manifest:1.0">' + entry + b"</manifest:manifest>"
    )
    return lambda folder: _zipped(
        folder, "bomb.ods",
        {"mimetype": (ODS, b"\0", 0, b""), "META-INF/manifest.xml": (listed, b"\0", 0, b""),
         "content.xml": (head, unit, megabytes, tail)},
    )  # fmt: skip


CELL = (
    b'<table:table-cell office:value-type="float" office:value="7" %s><text:p>7</text:p>'
    b"</table:table-cell>"
)
ROW = b"<table:table-row %s>%s</table:table-row>"


def _xlsb(folder: Path) -> Path:
    """A binary workbook whose strings are a bomb; its other members are those of an .xlsx."""
    strings = b"\x9f\x01\x08\xff\xff\xff\x7f\xff\xff\xff\x7f"
    # BrtSSTItem of 64 letters.
    item = b"\x13\x85\x01\0" + struct.pack("<I", 64) + b"a\0" * 64
    return _zipped(
        folder, "bomb.xlsb",
        {"[Content_Types].xml": (b"<Types/>", b"\0", 0, b""),
         "xl/workbook.bin": (b"\x83\x01\0\x84\x01\0", b"\0", 0, b""),
         "xl/sharedStrings.bin": (strings, item, 800, b"")},
    )  # fmt: skip


def _png(width: int, height: int, whole: bool = False) -> bytes:
    """With a header of that size and hardly any pixels, or all of them in black."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    row = b"\0" * (width + 1)
    pixels = zlib.compress(row * height if whole else row, 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def _tiff(width: int, height: int, pages: int = 1, each: int = 1) -> bytes:
    """Deflated pages of zeros in one strip that all of them share."""
    strip = zlib.compress(bytes(width * height * each), 9) if width * height < 60_000_000 else b"x"
    first, size = 8 + len(strip) + len(strip) % 2, 2 + 12 * 9 + 4
    made = [b"II*\0", struct.pack("<I", first), strip, b"\0" * (len(strip) % 2)]
    for page in range(pages):
        tags = (
            (256, 4, width), (257, 4, height), (258, 3, 8 * each), (259, 3, 8), (262, 3, 1),
            (273, 4, 8), (277, 3, 1), (278, 4, height), (279, 4, len(strip)),
        )  # fmt: skip
        made.append(struct.pack("<H", len(tags)))
        made += [struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags]
        made.append(struct.pack("<I", first + size * (page + 1) if page < pages - 1 else 0))
    return b"".join(made)


def _jpeg(width: int, height: int) -> bytes:
    """A small picture whose frame header claims another size."""
    held = io.BytesIO()
    Image.new("L", (16, 16)).save(held, "JPEG")
    data = bytearray(held.getvalue())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def _nifti(shape: tuple[int, ...], code: int = 16) -> bytes:
    """A header alone: it claims that shape."""
    head = bytearray(352)
    head[0:4] = struct.pack("<i", 348)
    head[40:56] = struct.pack("<8h", len(shape), *shape, *(1,) * (7 - len(shape)))
    head[70:74] = struct.pack("<hh", code, 32)
    head[76:108] = struct.pack("<8f", *(1.0,) * 8)
    head[108:112] = struct.pack("<f", 352)
    head[344:348] = b"n+1\0"
    return bytes(head)


def _nifti_gz(folder: Path) -> Path:
    """800 MB of one value, as it claims."""
    path = folder / "bomb.nii.gz"
    with gzip.open(path, "wb", compresslevel=6) as file:
        file.write(_nifti((5_000, 5_000, 16), 4))
        for _ in range(5_000 * 16):
            file.write(bytes(10_000))
    return path


def _deflated(megabytes: int) -> bytes:
    """A DICOM file whose deflated part is a private attribute of that size."""
    whole = saved(dicom())
    unpacked = whole[144 + struct.unpack("<I", whole[140:144])[0] :]
    meta = dicom()
    meta.file_meta.TransferSyntaxUID = DEFLATED
    head = saved(meta)
    head = head[: 144 + struct.unpack("<I", head[140:144])[0]]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    parts = [packer.compress(unpacked)]
    parts.append(packer.compress(b"\xe1\x7f\x10\x10OB\0\0" + struct.pack("<I", megabytes * MB)))
    parts += [packer.compress(bytes(MB)) for _ in range(megabytes)]
    return head + b"".join([*parts, packer.flush()])


def _rle(rows: int, columns: int, frames: int) -> bytes:
    """Run lengths: 128 pixels in two bytes, all frames claimed to be the same kind."""
    from pydicom.encaps import encapsulate
    from pydicom.uid import RLELossless

    run = bytes([129, 0]) * (rows * columns // 128 + 1)
    run += b"\0" * (len(run) % 2)
    frame = struct.pack("<16I", 1, 64, *(0,) * 14) + run
    one = dicom(
        Rows=rows, Columns=columns, NumberOfFrames=frames, BitsAllocated=8, BitsStored=8, HighBit=7,
        PixelRepresentation=0, PixelData=encapsulate([frame] * frames),
    )  # fmt: skip
    one["PixelData"].VR, one["PixelData"].is_undefined_length = "OB", True
    one.file_meta.TransferSyntaxUID = RLELossless
    return saved(one)


def _parquet(rows: int, columns: int, text: bool = False) -> Make:
    def make(folder: Path) -> Path:
        path = folder / "bomb.parquet"
        block = 5_000_000
        cells = pa.array(["the same"] * block) if text else pa.array(np.zeros(block, np.int64))
        one = pa.table({f"c{n}": cells for n in range(columns)})
        with pq.ParquetWriter(path, one.schema, compression="zstd") as writer:
            for _ in range(rows // block):
                writer.write_table(one)
        return path

    return make


def _feather(folder: Path) -> Path:
    path = folder / "bomb.feather"
    cells = pa.DictionaryArray.from_arrays(pa.array(np.zeros(60_000_000, np.int8)), ["x" * 200])
    pyarrow.feather.write_feather(pa.table({"a": cells, "b": cells}), path, compression="zstd")
    return path


def _many(name: str, made: Callable[[], bytes], count: int) -> Make:
    def make(folder: Path) -> Path:
        path, data = folder / "bomb.zip", made()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(count):
                archive.writestr(f"{number}/{name}", data)
        return path

    return make


def _one(name: str, data: Callable[[], bytes]) -> Make:
    return lambda folder: _as(folder, name, data())


def _stored_strings(folder: Path, megabytes: int) -> Path:
    """Letters at random hardly pack: no ratio gives it away."""
    draw = np.random.default_rng(0)
    letters = draw.integers(97, 123, (MB // 4, 24), dtype=np.uint8)
    block = b"".join(b"<si><t>%s</t></si>" % bytes(row) for row in letters[: MB // 40])
    return _workbook({"xl/sharedStrings.xml": (SHARED[0], block, megabytes, b"</sst>")})(folder)


def _xpt() -> bytes:
    import tempfile

    import pandas as pd
    import pyreadstat

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xpt"
        pyreadstat.write_xport(pd.DataFrame({"a": np.zeros(50), "b": np.ones(50)}), str(path))
        return path.read_bytes() + b" " * 80 * 2_000_000


def _gif() -> bytes:
    wide = b"\xff\xff\xff\xff"
    return b"GIF89a" + wide + b"\x80\0\0" + bytes(6) + b",\0\0\0\0" + wide + b"\0\x02\x02L\x01\0;"


def _npy() -> bytes:
    claim = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }"
    return b"\x93NUMPY\x01\0v\0" + claim.ljust(117) + b"\n"


def _frames(count: int) -> Callable[[], bytes]:
    return lambda: saved(dicom(NumberOfFrames=count))


def _strings(megabytes: int) -> Make:
    return _workbook({"xl/sharedStrings.xml": (*SHARED, megabytes, b"</sst>")})


BOMBS: dict[str, Make] = {
    "gzip of 10 GB": lambda f: _streamed(f, "bomb.csv.gz", b"1,50\n", 10_000, b"id,age\n"),
    "gzip of 900 MB, 200 M rows": lambda f: _streamed(
        f, "bomb.csv.gz", b"1,50\n", 900, b"id,age\n"
    ),
    "ZIP with a CSV of 900 MB": lambda f: _zipped(
        f, "bomb.zip", {"a.csv": (b"id,age\n", b"1,50\n", 900, b"")}
    ),
    "ZIP with a CSV of 10 GB": lambda f: _zipped(
        f, "bomb.zip", {"a.csv": (b"id,age\n", b"1,50\n", 10_000, b"")}
    ),
    "CSV of 50 M commas in a line": lambda f: _streamed(
        f, "bomb.csv.gz", b",", 50, b"id,age\n1,2\n"
    ),
    "CSV with one cell of 500 MB": lambda f: _streamed(f, "bomb.csv.gz", b"x", 500, b"id,age\n1,"),
    "JSON nested 50 M deep": lambda f: _streamed(f, "bomb.json.gz", b"[", 50, b'[{"a":1},'),
    "JSON records, 500 MB": lambda f: _streamed(
        f, "bomb.json.gz", b'{"id":1,"age":50},', 500, b"["
    ),
    "HTML table of 300 MB": lambda f: _streamed(
        f,
        "bomb.html.gz",
        b"<tr><td>1</td><td>50</td></tr>",
        300,
        b"<html><table><tr><th>id</th><th>age</th></tr>",
    ),
    "xlsx, shared strings of 2 GB": _strings(2_000),
    "xlsx, shared strings of 60 MB": _strings(60),
    "xlsx, shared strings of 200 MB stored": lambda f: _stored_strings(f, 200),
    "xlsx, a sheet of 60 MB of cells": _workbook(
        {
            "xl/worksheets/sheet1.xml": (
                SHEET + NAMES_ROW,
                b"<row><c><v>1</v></c><c><v>2</v></c></row>",
                60,
                b"</sheetData></worksheet>",
            )
        }
    ),
    "ods, a cell repeated 10^9 times": _ods(
        ROW % (b"", CELL % b'table:number-columns-repeated="1000000000"')
    ),
    "ods, a row repeated 10^9 times": _ods(
        ROW % (b'table:number-rows-repeated="1000000000"', CELL % b"" * 3)
    ),
    "ods, 10,000 x 100,000 cells repeated": _ods(
        ROW
        % (b'table:number-rows-repeated="100000"', CELL % b'table:number-columns-repeated="10000"')
    ),
    "ods, merged over 10^12 cells": _ods(
        ROW
        % (
            b"",
            CELL % b'table:number-columns-spanned="1000000" table:number-rows-spanned="1000000"',
        )
    ),
    "ods, content of 800 MB": _ods(b"", 800, ROW % (b"", b"")),
    "xlsb, strings of 800 MB": _xlsb,
    "PNG of 100,000 x 100,000": _one("bomb.png", lambda: _png(100_000, 100_000)),
    "400 PNG of 7,000 x 7,000": _many("a.png", lambda: _png(7_000, 7_000, True), 400),
    "TIFF of 60,000 x 60,000": _one("bomb.tif", lambda: _tiff(60_000, 60_000)),
    "TIFF, 4,900 pages of 7,000 x 7,000": _one("bomb.tif", lambda: _tiff(7_000, 7_000, 4_900)),
    "TIFF, 40 pages of 7,000 x 7,000 of 8 bytes": _one(
        "bomb.tif", lambda: _tiff(7_000, 1_000, 280, 8)
    ),
    "JPEG of 65,500 x 65,500": _one("bomb.jpg", lambda: _jpeg(65_500, 65_500)),
    "JPEG of 7,000 x 7,000, cut off": _one("bomb.jpg", lambda: _jpeg(7_000, 7_000)),
    "GIF of 65,535 x 65,535": _one("bomb.gif", _gif),
    "NIfTI, header of 30,000^3": _one("bomb.nii", lambda: _nifti((30_000, 30_000, 30_000))),
    "NIfTI, header of 7 dimensions": _one("bomb.nii", lambda: _nifti((32_000,) * 7, 64)),
    "NIfTI.gz of 800 MB as it claims": _nifti_gz,
    "NIfTI.gz of 10 GB": lambda f: _streamed(
        f, "bomb.nii.gz", bytes(1_000), 10_000, _nifti((900, 900, 900), 64)
    ),
    "DICOM, deflated 4 GB": _one("bomb.dcm", lambda: _deflated(4_000)),
    "30 DICOM, deflated 500 MB each": _many("a.dcm", lambda: _deflated(500), 30),
    "DICOM of 65,535 x 65,535": _one("bomb.dcm", lambda: saved(dicom(Rows=65_535, Columns=65_535))),
    "DICOM of 2,000,000,000 frames": _one("bomb.dcm", _frames(2_000_000_000)),
    "DICOM of -1 frames": _one("bomb.dcm", _frames(-1)),
    "DICOM, 30 frames of 7,000 x 7,000, RLE": _one("bomb.dcm", lambda: _rle(7_000, 7_000, 30)),
    "60 DICOM of 7,000 x 7,000, RLE": _many("a.dcm", lambda: _rle(7_000, 7_000, 1), 60),
    "Parquet, 50 M rows of 3 columns": _parquet(50_000_000, 3),
    "Parquet, 50 M rows of 3 columns of text": _parquet(50_000_000, 3, True),
    "Parquet, 200 M rows of 3 columns": _parquet(200_000_000, 3),
    "Feather, 60 M rows of a long word": _feather,
    "HDF5, which is not read": _one("bomb.h5", lambda: b"\x89HDF\r\n\x1a\n" + bytes(5_000)),
    "NumPy array that claims 10^12 cells": _one("bomb.npy", _npy),
    "SAS file that claims 10^9 rows": _one("bomb.xpt", _xpt),
    "ZIP of 300,000 entries": lambda f: _as(
        f, "bomb.zip", zipped({f"{n}.png": b"" for n in range(300_000)})
    ),
}
