"""A table of labels beside scans: every scan gets the row that its author meant, or none."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers.label_tables import match, stem_of
from pmed_core.modalities.scan.readers.scans import read_scans
from tests.scans.made import (
    collected,
    decision,
    dicom,
    nifti,
    plain,
    png,
    rules,
    saved,
    told,
    zipped,
)

PICTURE = png(plain(1, 8))


def pictures(*names: str) -> dict[str, bytes]:
    return dict.fromkeys(names, PICTURE)


def workbook(table: pd.DataFrame) -> bytes:
    held = io.BytesIO()
    table.to_excel(held, index=False)
    return held.getvalue()


WRITTEN: dict[str, Any] = {
    "l.csv": lambda t: t.to_csv(index=False).encode(),
    "l.tsv": lambda t: t.to_csv(index=False, sep="\t").encode(),
    "l.xlsx": workbook,
    "l.txt": lambda t: t.to_csv(index=False, sep=";").encode("utf-8-sig"),
    "l.parquet": lambda t: t.to_parquet(index=False),
}


@settings(max_examples=50, deadline=None)
@given(
    kind=st.sampled_from(sorted(WRITTEN)), columns=st.permutations(["key", "label", "age", "sex"]),
    by=st.sampled_from(["name", "stem", "path", "windows path", "from above"]),
    order=st.permutations(range(6)), missing=st.sets(st.integers(0, 5), max_size=2),
    extra=st.booleans(),
)  # fmt: skip
def test_every_scan_gets_the_row_of_its_own_name(
    kind: str, columns: list[str], by: str, order: list[int], missing: set[int], extra: bool
) -> None:
    """In any kind of table, with its columns and rows in any order."""
    names = [f"site{k % 2}/s{k:02d}.png" for k in range(6)]
    written = {
        "name": [name.split("/")[1] for name in names],
        "stem": [name.split("/")[1].removesuffix(".png") for name in names], "path": names,
        "windows path": [name.replace("/", "\\") for name in names],
        "from above": [f"data/all/{name}" for name in names],
    }[by]  # fmt: skip
    rows = [k for k in order if k not in missing]
    table = pd.DataFrame({
        "key": [written[k] for k in rows] + ["nobody.png"] * extra,
        "label": [f"L{k % 3}" for k in rows] + ["L0"] * extra,
        "age": [40 + k for k in rows] + [99] * extra,
        "sex": ["fm"[k % 2] for k in rows] + ["f"] * extra,
    })[columns]  # fmt: skip
    cohort = _read({**pictures(*names), kind: WRITTEN[kind](table)})
    meant = {name: "" if k in missing else f"L{k % 3}" for k, name in enumerate(names)}
    assert told(cohort) == meant
    ages = dict(zip(cohort.table["scan"], cohort.table["age"], strict=True))
    for k, name in enumerate(names):
        assert np.isnan(ages[name]) if k in missing else ages[name] == 40 + k
    left = [one.cells for one in cohort.reading if one.rule == "label-rows-left"]
    assert left == ([1] if extra else [])
    assert decision(cohort, "label-rows").cells == 6 - len(missing)


def _read(files: dict[str, bytes]) -> Cohort:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scans.zip"
        path.write_bytes(zipped(files))
        return read_scans(path, key=b"k")


@pytest.mark.parametrize("header", ["label,file", "file,label", "grade,file,label"])
def test_numbers_that_happen_to_be_names_without_ending_are_no_names(
    header: str, tmp_path: Path
) -> None:
    """Two scans called 0.png and 1.png, and labels 0 and 1: the whole names decide."""
    rows = [{"file": f"{k}.png", "label": str(1 - k), "grade": str(1 - k)} for k in (0, 1)]
    text = "\n".join([header, *(",".join(row[c] for c in header.split(",")) for row in rows)])
    cohort = collected(tmp_path, pictures("0.png", "1.png") | {"l.csv": text.encode()})
    assert told(cohort) == {"0.png": "1", "1.png": "0"}
    assert decision(cohort, "label-rows").value == "file"


@pytest.mark.parametrize(
    ("cell", "scan"),
    [
        ("a/1.png", "a/1.png"), ("./a/1.png", "a/1.png"), ("/a/1.png", "a/1.png"),
        ("x/a/1.png", "a/1.png"), ("b/1.png", "b/1.png"), ("b/1.jpg", "b/1.png"),
        ("B/1.PNG", ""), ("1.png", ""), ("1", ""), ("c/1.png", ""), ("9.png", ""), ("", ""),
        ("2", "b/2.tif"), ("2.TIF", "b/2.tif"), ("zzz/2.tif", "b/2.tif"), ("2.nii.gz", "b/2.tif"),
    ],
)  # fmt: skip
def test_a_cell_names_one_file_or_none(cell: str, scan: str) -> None:
    names = ["a/1.png", "b/1.png", "b/2.tif"]
    cells = pd.DataFrame({"file": [cell, "b/2.tif" if scan != "b/2.tif" else "a/1.png"]})
    found = match(cells, names, {}, {})
    assert [name for name, rows in zip(names, found.rows, strict=True) if 0 in rows] == (
        [scan] if scan else []
    )


@pytest.mark.parametrize(
    ("name", "stem"),
    [("a.nii.gz", "a"), ("a.png", "a"), ("1.2.840.113", "1.2.840.113"), ("a.b.jpeg", "a.b"),
     ("a.DCM", "a"), ("a.v2", "a.v2"), ("a", "a"), (".png", "")],
)  # fmt: skip
def test_the_ending_of_a_picture_is_no_part_of_its_name(name: str, stem: str) -> None:
    assert stem_of(name) == stem


def test_a_label_of_a_volume_is_that_of_all_its_slices(tmp_path: Path) -> None:
    volume = nifti(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    files = {"p1/ct.nii": volume, "p2/ct.nii": volume}
    files["l.csv"] = b"file,label\np1/ct.nii,ill\np2/ct.nii,well\n"
    found = told(collected(tmp_path, files))
    assert len(found) == 8
    assert all(label == ("ill" if name.startswith("p1") else "well")
               for name, label in found.items())  # fmt: skip


@pytest.mark.parametrize("with_ids", ["folder", "nested folder", "patient", "accession", "SOP"])
def test_a_table_may_name_folders_or_ids_instead_of_files(with_ids: str, tmp_path: Path) -> None:
    keys = ["017", "17", "x-3"]
    files, more = {}, {}
    for k, one in enumerate(keys):
        if with_ids == "patient":
            more = {"PatientID": one}
        if with_ids == "accession":
            more = {"AccessionNumber": one}
        folder = {"folder": one, "nested folder": f"all/{one}/day{k}"}.get(with_ids, f"f{k}")
        for n in range(2):
            uid = f"1.2.{k}.{n}"
            data = saved(dicom(f"P{k}", SOPInstanceUID=uid, **more))
            files[f"{folder}/{n}.dcm"] = data
    cells = [f"1.2.{k}.0" for k in range(3)] if with_ids == "SOP" else keys
    title = {"SOP": "SOPInstanceUID", "accession": "AccessionNumber"}.get(with_ids, "patient")
    rows = [f"{cell},L{k}" for k, cell in enumerate(cells)]
    files["l.csv"] = "\n".join([f"{title},label", *rows]).encode()
    labels = list(told(collected(tmp_path, files)).values())
    first = [f"L{k}" for k in range(3)]
    expected = {"SOP": ["L0", "", "L1", "", "L2", ""]}.get(
        with_ids, [label for label in first for _ in range(2)]
    )
    assert sorted(labels) == sorted(expected)


@pytest.mark.parametrize(
    ("labels", "spelt"),
    [(["Ill", "ILL ", "ill", "Ill", "well"], {"Ill": 4, "well": 1}),
     (["ill", "ill", "Ill", "well"], {"ill": 3, "well": 1}),
     (["no tumour", "notumour", "tumour", "Tumour"], {"no tumour": 2, "Tumour": 2}),
     (["+", "-", "+", "?"], {"+": 2, "-": 1}), (["x", "-", "y"], {"x": 1, "y": 1}),
     (["0", "1", "00", "1"], {"0": 1, "00": 1, "1": 2})],
)  # fmt: skip
def test_labels_are_kept_as_written_but_for_case_and_spaces(
    labels: list[str], spelt: dict[str, int], tmp_path: Path
) -> None:
    rows = [f"{k}.png,{label}" for k, label in enumerate(labels)]
    files = pictures(*(f"{k}.png" for k in range(len(labels))))
    files["l.csv"] = "\n".join(["file,label", *rows]).encode()
    cohort = collected(tmp_path, files)
    assert cohort.table["label"].value_counts().to_dict() == spelt
    known = {label.strip() for label in labels} - {"?", "-"}
    assert ("spelling" in rules(cohort)) == (len(known) > len(set(spelt) - {"-"}))


@pytest.mark.parametrize(
    ("rows", "wanted", "expected"),
    [
        ("a a b", "majority", "a"), ("a b", "majority", ""), ("b a a", "first", "b"),
        ("a b", "leave-out", ""), ("a a", "leave-out", "a"), ("a NA", "leave-out", "a"),
        ("NA NA b", "majority", "b"), ("a A a", "leave-out", "a"), ("a b b a", "majority", ""),
        ("a b c c", "majority", "c"), ("NA b a", "first", "b"),
    ],
)  # fmt: skip
def test_readers_of_one_scan(rows: str, wanted: str, expected: str, tmp_path: Path) -> None:
    lines = [f"0.png,{label}" for label in rows.split()] + ["1.png,b", "2.png,a", "3.png,c"]
    files = pictures(*(f"{k}.png" for k in range(4)))
    files["l.csv"] = "\n".join(["file,label", *lines]).encode()
    cohort = collected(tmp_path, files, readers=wanted)
    assert told(cohort)["0.png"] == expected
    differ = len({one.casefold() for one in rows.split()} - {"na"}) > 1
    assert decision(cohort, "readers").cells == 1
    assert (decision(cohort, "readers").value == "agree") == (not differ)


def test_of_several_tables_the_one_that_names_most_scans_is_read_and_all_are_told(
    tmp_path: Path,
) -> None:
    files = pictures("0.png", "1.png", "2.png") | {
        "a.csv": b"file,label\n0.png,p\n1.png,q\n",
        "b.csv": b"file,label\n0.png,x\n1.png,y\n2.png,x\n",
        "notes.csv": b"day,weather\nMonday,rain\n",
    }
    cohort = collected(tmp_path, files)
    assert list(told(cohort).values()) == ["x", "y", "x"]
    said = decision(cohort, "labels-from")
    assert (said.value, said.options, said.proved) == ("b.csv", ("a.csv", "b.csv", "folders"),
                                                       False)  # fmt: skip
    assert "a.csv, notes.csv" in said.sentence
    chosen = collected(tmp_path, files, labels_from="a.csv")
    assert list(told(chosen).values()) == ["p", "q", ""]
    with pytest.raises(UserError, match="name none of the scans"):
        collected(tmp_path, files, labels_from="notes.csv")
    assert "label" not in collected(tmp_path, files, labels_from="folders").table


def test_a_table_that_names_no_scan_leaves_the_labels_to_the_folders(tmp_path: Path) -> None:
    files = pictures("ill/0.png", "well/1.png") | {"l.csv": b"file,label\nzz.png,p\nyy.png,q\n"}
    cohort = collected(tmp_path, files)
    assert told(cohort) == {"ill/0.png": "ill", "well/1.png": "well"}
    assert decision(cohort, "labels-from").value == "folders"


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [("a.json", b'{"a": 1}', "describes a file"), ("b.xml", b"<a/>", "describes a file"),
     ("c.csv", b"one\ncolumn\n", "it has one column"),
     ("d.xlsx", b"PK\3\4rubbish", "not a table of labels"),
     ("e.csv", b"", "it is empty")],
)  # fmt: skip
def test_what_is_no_table_of_labels_is_skipped_and_named(
    name: str, data: bytes, why: str, tmp_path: Path
) -> None:
    cohort = collected(tmp_path, pictures("ill/0.png", "well/1.png") | {name: data})
    assert len(cohort) == 2
    skipped = decision(cohort, "skipped")
    assert name in skipped.sentence
    assert why in skipped.sentence


def test_what_stands_beside_the_labels_is_kept_under_its_own_name(tmp_path: Path) -> None:
    text = "file,label,scan,split,KVP,note\n0.png,a,s1,train,120,\n1.png,b,s2,test,,\n"
    cohort = collected(tmp_path, pictures("0.png", "1.png") | {"l.csv": text.encode()})
    assert cohort.table["scan"].tolist() == ["0.png", "1.png"]
    assert cohort.table["scan (table)"].tolist() == ["s1", "s2"]
    assert cohort.table["split (table)"].tolist() == ["train", "test"]
    assert cohort.table["KVP"].tolist()[0] == 120
    assert np.isnan(cohort.table["KVP"].tolist()[1])
    assert "note" not in cohort.table, "an empty column says nothing"


def test_a_table_given_by_hand_goes_before_those_among_the_scans(tmp_path: Path) -> None:
    files = pictures("0.png", "1.png") | {"l.csv": b"file,label\n0.png,a\n1.png,b\n"}
    (tmp_path / "s.zip").write_bytes(zipped(files))
    (tmp_path / "mine.csv").write_text("file,label\n0.png,x\n1.png,y\n")
    cohort = read_scans(tmp_path / "s.zip", key=b"k", labels=tmp_path / "mine.csv")
    assert list(told(cohort).values()) == ["x", "y"]
    (tmp_path / "mine.csv").write_text("file,label\n7.png,x\n8.png,y\n")
    with pytest.raises(UserError, match=r"mine\.csv: The labels name none of the scans"):
        read_scans(tmp_path / "s.zip", key=b"k", labels=tmp_path / "mine.csv")


@pytest.mark.parametrize("label", ["benign or normal", "a or b or c"])
def test_a_label_that_holds_the_word_or_can_be_the_event(label: str, tmp_path: Path) -> None:
    files = pictures(f"{label}/0.png", "cancer/1.png", "unclear/2.png")
    cohort = collected(tmp_path, files, event__label=label)
    assert cohort.observed().tolist() == [int(name.startswith(label)) for name in told(cohort)]
    both = collected(tmp_path, files, event__label="cancer or unclear")
    assert both.observed().tolist() == [int("/0" not in name) for name in told(both)]
    with pytest.raises(UserError, match="No scan has the label 'normal'"):
        collected(tmp_path, files, event__label="normal")


def test_every_label_as_the_event_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Every label counts as the event"):
        collected(tmp_path, pictures("a/0.png", "b/1.png"), event__label="a or b")


@pytest.mark.parametrize(("cell", "sure"), [("{}", False), ("{}.png", True)])
def test_numbers_of_patients_that_are_names_of_files_too_are_a_guess(
    cell: str, sure: bool, tmp_path: Path
) -> None:
    rows = "".join(f"{cell.format(k)},{'ab'[k % 2]}\n" for k in range(3))
    files = {f"{k}.png": png(plain(k)) for k in range(3)}
    cohort = collected(tmp_path, files | {"l.csv": f"PatientID,diagnosis\n{rows}".encode()})
    assert list(told(cohort).values()) == ["a", "b", "a"]
    said = decision(cohort, "label-rows")
    assert said.proved is sure
    assert ("called as one of patients" in said.sentence) is not sure
