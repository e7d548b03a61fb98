"""Small files that would take the memory, and damage that a decoder does not expect."""

from __future__ import annotations

import gc
import io
import weakref
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import python_calamine
from pydantic import ValidationError

from pmed_core.arrays import from_plain
from pmed_core.errors import UserError
from pmed_core.modalities.scan.network import ScanArchitecture
from pmed_core.modalities.scan.readers import gathering
from pmed_core.modalities.scan.readers.gathering import gathered
from pmed_core.modalities.scan.readers.slices import Room, Slice
from pmed_core.modalities.scan.unet import UNetArchitecture
from pmed_core.modalities.tabular.network import Architecture
from pmed_core.readers import columnar, formats, numbers, statistical, table
from pmed_core.readers.foreign import foreign, unreadable
from pmed_core.readers.formats import table_of
from tests.scans.made import folder


def workbook(cell: str) -> bytes:
    """A table of two columns with one more cell in a far place."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["id", "age"], [1, 50], [2, 60], [3, 70]):
        sheet.append(row)
    sheet["AAA9"] = 7
    written = io.BytesIO()
    book.save(written)
    changed = io.BytesIO()
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'r="AAA9"', f'r="{cell}"'.encode()))
    return changed.getvalue()


@pytest.mark.parametrize("cell", ["XFD1048576", "A9999999999", "ZZZZ100000"])
def test_a_cell_far_outside_is_said_before_room_is_made(cell: str) -> None:
    with pytest.raises(UserError, match=r"span [\d,]+ rows and"):
        table_of(workbook(cell), "far.xlsx", {})


def test_a_cell_not_so_far_outside_is_read() -> None:
    assert len(table_of(workbook("C300"), "near.xlsx", {}).cells) > 2


def test_equal_rows_of_parquet_are_counted_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CELLS_AT_MOST", 1_000)
    written = io.BytesIO()
    pq.write_table(pa.table({"a": np.zeros(600), "b": np.zeros(600)}), written)
    with pytest.raises(UserError, match="1,200 cells; at most 1,000 are read"):
        table_of(written.getvalue(), "same.parquet", {})


def test_records_that_share_no_key_are_counted_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CELLS_AT_MOST", 1_000)
    lines = b"\n".join(b'{"k%d": 1}' % n for n in range(40))
    with pytest.raises(UserError, match="1,600 cells; at most 1,000 are read"):
        table_of(lines, "keys.jsonl", {})


def test_tables_of_a_page_are_counted() -> None:
    with pytest.raises(UserError, match="holds 2,000 tables"):
        table_of(b"<table><tr><td>" * 2_000, "deep.html", {})


def test_pictures_have_a_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder(tmp_path / "scans", each=2)
    assert len(gathered(path, b"k", False, {}).slices) == 4
    monkeypatch.setattr(gathering, "_budget", lambda: 3 * 28 * 28)
    with pytest.raises(UserError, match="fill more than"):
        gathered(path, b"k", False, {})


@pytest.mark.parametrize("which", ["RLIMIT_DATA", "RLIMIT_AS"])
def test_the_budget_of_pictures_knows_the_limit_of_the_process(
    which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = pytest.importorskip("resource")

    def limit(one: int) -> tuple[int, int]:
        found = 4_000 * 2**20 if one == getattr(resource, which) else resource.RLIM_INFINITY
        return found, found

    monkeypatch.setattr(resource, "getrlimit", limit)
    assert gathering._budget() == 1_600 * 2**20


DECODERS = {
    "pandas.read_feather": b"ARROW1 and no more",
    "pandas.read_parquet": b"PAR1",
    "pyreadstat.read_dta": b"<stata_dta>",
    "xlrd.open_workbook": b"\xd0\xcf\x11\xe0" + bytes(600),
    "python_calamine.CalamineWorkbook.from_filelike": workbook("C3"),
}
ERRORS = (TypeError, RecursionError, MemoryError, AssertionError, OSError, KeyError)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_whatever_a_decoder_raises_is_a_sentence(
    decoder: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> NoReturn:
        raise error("as decoders do")

    if decoder.startswith("pyreadstat"):
        changed = [replace(one, read=fails) for one in statistical.FORMATS]
        monkeypatch.setattr(statistical, "FORMATS", tuple(changed))
    elif decoder.startswith("python_calamine"):
        monkeypatch.setattr(
            python_calamine, "CalamineWorkbook", SimpleNamespace(from_filelike=fails)
        )
    else:
        monkeypatch.setattr(decoder, fails)
    if decoder == "pandas.read_parquet":
        monkeypatch.setattr(columnar, "_cells_of_parquet", lambda data: 1)
    with pytest.raises(UserError):
        table_of(DECODERS[decoder], "one", {})


@pytest.mark.parametrize("error", [TypeError, KeyError, IndexError])
def test_a_mistake_of_our_own_is_no_damage_of_the_file(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise error("a bug")

    monkeypatch.setattr(formats, "parsed", fails)
    with pytest.raises(error):
        table_of(b"id,age\n1,2\n", "a.csv", {})


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        (Architecture, {"network": "mlp", "packed": 1, "numbers": 3, "others": 0, "outputs": 1}),
        (ScanArchitecture, {"network": "evidence", "size": 64, "channels": 1, "outputs": 1}),
        (UNetArchitecture, {"channels": 1}),
    ],
)
def test_the_sizes_of_a_network_in_a_package_have_bounds(
    kind: type, plain: dict[str, object]
) -> None:
    from_plain(kind, plain)
    for size in (300_000, 0, -1):
        with pytest.raises(ValidationError):
            from_plain(kind, {**plain, "width": size})
    if kind is Architecture:
        with pytest.raises(ValidationError):
            from_plain(kind, {**plain, "blocks": 20_000})


@pytest.mark.parametrize("kind", ["i2", "u2", "i4", "f4", "f8"])
def test_large_volumes_are_kept_as_small_ones_are(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.random.default_rng(0).integers(0, 30_000, (20, 30, 7)).astype(kind)
    whole = numbers.as_kept(values)
    monkeypatch.setattr(numbers, "AT_ONCE", 500)
    in_parts = numbers.as_kept(values)
    assert whole[0].dtype == in_parts[0].dtype
    assert np.array_equal(whole[0], in_parts[0])
    assert whole[1] == in_parts[1]


@pytest.mark.parametrize("kind", ["uint8", ">u2", "i2", "f4", "bool"])
def test_pixels_are_the_same_wherever_they_are_kept(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Room, "BLOCK", 4_000)
    draw, room = np.random.default_rng(0), Room()
    shapes = [(7, 9), (11, 13, 3), (1, 1), (60, 60), (8, 8), (5, 17)] * 6
    slices = [Slice(draw.integers(0, 2, shape).astype(kind)) for shape in shapes]
    kept = [room.kept(one) for one in slices]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(slices, kept, strict=True))
    assert [one.pixels.dtype for one in kept] == [one.pixels.dtype for one in slices]
    assert kept[3] is slices[3], "a large one stays where it is"


def test_blocks_go_back_when_no_slice_is_left_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Room, "BLOCK", 4_000)
    room = Room()
    kept = [room.kept(Slice(np.full((20, 20), n, np.uint8))) for n in range(30)]
    blocks = [weakref.ref(one.pixels.base) for one in kept]
    assert len({id(one()) for one in blocks}) == 3
    del kept[:10]
    gc.collect()
    assert [one() is None for one in blocks] == [True] * 10 + [False] * 20
    assert [int(one.pixels.max()) for one in kept] == list(range(10, 30))


def test_what_a_decoder_in_another_language_raises_is_a_sentence() -> None:
    panic = type("PanicException", (BaseException,), {})
    refusal = unreadable("a.xlsb", "an Excel workbook")
    with pytest.raises(UserError, match="not an Excel workbook"), foreign(refusal):
        raise panic("index out of bounds")
    with pytest.raises(KeyboardInterrupt), foreign(unreadable("a.xlsb", "")):
        raise KeyboardInterrupt
