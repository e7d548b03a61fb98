"""gzip and bgzip are read to their last member, and what was cut off is refused; where several
files lie in folders, these are columns."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.readers.formats import open_table
from pmed_core.readers.gzipped import pieces
from tests.variants.written import bgzip, gzipped

TEXT = "patient_id,age\n" + "".join(f"P{k},{30 + k % 50}\n" for k in range(200))


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.bgz", "T.CSV.GZ"])
@pytest.mark.parametrize("pack", [gzip.compress, gzipped, bgzip])
def test_every_member_of_a_table_is_read(tmp_path: Path, name: str, pack: object) -> None:
    """bgzip packs 64 kB a member, and files are put together by laying one behind the other."""
    assert callable(pack)
    (tmp_path / name).write_bytes(pack(TEXT.encode()))
    assert open_table(tmp_path / name, {}).cells["patient_id"].tolist() == [
        f"P{k}" for k in range(200)
    ]


@pytest.mark.parametrize("cut", [10, 28, 29, 120])
def test_a_bgzip_table_that_was_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    (tmp_path / "t.csv.gz").write_bytes(bgzip(TEXT.encode())[:-cut])
    with pytest.raises(UserError, match="cut off|damaged"):
        open_table(tmp_path / "t.csv.gz", {})


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.integers(0, 600))
def test_members_are_what_was_packed(parts: list[bytes], zeros: int) -> None:
    packed = b"".join(map(gzip.compress, parts)) + b"\0" * zeros
    assert b"".join(pieces(packed, "x.gz")) == b"".join(parts)
    with pytest.raises(UserError):
        list(pieces(packed + b"something else", "x.gz"))


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def record(number: int) -> bytes:
    return f">s{number}\n{'ACGTTGCA' * 5}{'ACGT'[number % 4] * 5}\n".encode()


def test_the_folder_of_each_file_is_a_column(tmp_path: Path) -> None:
    """The label is often there and nowhere else."""
    files = {f"set/{'promoter' if k % 2 else 'other'}/s{k}.fa": record(k) for k in range(6)}
    table = open_table(zipped(tmp_path / "x.zip", files), {})
    told = dict(zip(table.cells["id"], table.cells["folder"], strict=True))
    assert told == {f"s{k}": "promoter" if k % 2 else "other" for k in range(6)}
    assert "and 'folder' for its folder" in " ".join(one.sentence for one in table.reading)
    packed = {f"{name}.gz": gzip.compress(data) for name, data in files.items()}
    assert open_table(zipped(tmp_path / "y.zip", packed), {}).cells["folder"].tolist() == (
        table.cells["folder"].tolist()
    )


def test_folders_of_several_levels_are_columns_each(tmp_path: Path) -> None:
    files = {
        f"x/{part}/{label}/seqs.fa": record(k)
        for k, (part, label) in enumerate((a, b) for a in ("test", "train") for b in ("no", "yes"))
    }
    cells = open_table(zipped(tmp_path / "x.zip", files), {}).cells
    assert cells["folder 1"].tolist() == ["test", "test", "train", "train"]
    assert cells["folder 2"].tolist() == ["no", "yes", "no", "yes"]
    assert cells["file"].tolist() == sorted(files)


def test_a_column_of_that_name_stays(tmp_path: Path) -> None:
    files = {f"{k}/t{k}.csv": f"id,folder\na{k},mine\n".encode() for k in "pq"}
    cells = open_table(zipped(tmp_path / "x.zip", files), {"files": "together"}).cells
    assert cells["folder"].tolist() == ["mine", "mine"]
    assert cells["name of the folder"].tolist() == ["p", "q"]


def test_without_folders_there_is_no_such_column(tmp_path: Path) -> None:
    files = {"set/a.fa": record(0), "set/b.fa": record(1)}
    cells = open_table(zipped(tmp_path / "x.zip", files), {}).cells
    assert list(cells) == ["id", "sequence", "file"]
    assert cells["file"].tolist() == ["a.fa", "b.fa"]
