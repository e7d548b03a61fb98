"""A sealed file opens as it was written, whole and in its place, or not at all."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.sealing.streams import (
    CHUNK,
    HEADER,
    TAG,
    Bytes,
    Key,
    Reader,
    Sealed,
    Writer,
    new_key,
)

KEY = new_key()
SIZES = st.sampled_from([0, 1, 15, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK - 7])


def made(folder: str | Path, data: bytes, key: Key = KEY, name: str = "one") -> Path:
    path = Path(folder) / name
    with path.open("wb") as file:
        sealing = Writer(file, key)
        for start in range(0, len(data), 40_000):
            sealing.write(data[start : start + 40_000])
        sealing.finish()
    return path


def filled(size: int) -> bytes:
    return bytes(number * 7 % 251 for number in range(size))


def whole(path: Path, key: Key = KEY) -> bytes:
    sealed = Sealed(path, key)
    return sealed.part(0, sealed.size)


@given(size=SIZES, data=st.data())
@settings(max_examples=40)
def test_any_part_is_read_as_it_was_written(size: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, size + 5))
    stop = data.draw(st.integers(0, size + 5))
    with TemporaryDirectory() as folder:
        path, plain = made(folder, filled(size)), filled(size)
        assert whole(path) == plain
        assert Sealed(path, KEY).part(start, stop) == plain[start:stop]
        assert Bytes(Sealed(path, KEY))[start:stop].tobytes() == plain[start:stop]
        reader = io.BufferedReader(Reader(Sealed(path, KEY)))
        reader.seek(start)
        assert reader.read() == plain[start:]


@given(size=SIZES, data=st.data())
@settings(max_examples=60)
def test_one_bit_that_is_changed_is_found(size: int, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = made(folder, filled(size))
        held = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(held) - 1))
        held[place] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(held)
        with pytest.raises(ValueError, match="one"):
            whole(path)


@given(size=SIZES, data=st.data())
@settings(max_examples=60)
def test_what_is_cut_off_or_added_is_found(size: int, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = made(folder, filled(size))
        held = path.read_bytes()
        cut = data.draw(st.integers(0, len(held) - 1))
        for other in (held[:cut], held + b"\0", held + held[HEADER:]):
            path.write_bytes(other)
            with pytest.raises(ValueError, match="one"):
                whole(path)


def test_a_chunk_in_another_place_or_from_another_file_is_found(tmp_path: Path) -> None:
    one, other = made(tmp_path, filled(3 * CHUNK)), made(tmp_path, filled(3 * CHUNK), name="two")
    held, size = one.read_bytes(), CHUNK + TAG
    first, second, rest = (held[HEADER:][:size], held[HEADER:][size : 2 * size],
                           held[HEADER:][2 * size :])  # fmt: skip
    theirs = other.read_bytes()[HEADER:][:size]
    for forged in (second + first + rest, first + first + rest, theirs + second + rest,
                   first + second, second + rest):  # fmt: skip
        one.write_bytes(held[:HEADER] + forged)
        with pytest.raises(ValueError, match="one"):
            whole(one)


def test_the_same_twice_looks_different(tmp_path: Path) -> None:
    one, two = (made(tmp_path, filled(100), name=name).read_bytes() for name in ("one", "two"))
    assert one[HEADER:] != two[HEADER:]


def test_another_key_and_a_plain_file_are_named(tmp_path: Path) -> None:
    path = made(tmp_path, b"x", new_key())
    with pytest.raises(ValueError, match="another key"):
        Sealed(path, KEY)
    path.write_bytes(b"patient_id,age\n" * 9)
    with pytest.raises(ValueError, match="not encrypted"):
        Sealed(path, KEY)


def test_a_file_whose_writer_was_killed_does_not_open(tmp_path: Path) -> None:
    path = tmp_path / "one"
    with path.open("wb") as file:
        Writer(file, KEY).write(filled(3 * CHUNK))
    with pytest.raises(ValueError, match="one"):
        whole(path)


def test_a_library_reads_it_as_any_other_file(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": range(50_000), "b": "text"})
    held = io.BytesIO()
    table.to_parquet(held)
    reader = io.BufferedReader(Reader(Sealed(made(tmp_path, held.getvalue()), KEY)))
    pd.testing.assert_frame_equal(pd.read_parquet(reader), table)
