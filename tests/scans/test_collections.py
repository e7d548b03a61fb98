"""Collections as people pack them: which label, patient and outline each scan gets, or is said."""

from __future__ import annotations

import io
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.outcomes import YesNo
from pmed_core.reading import Decision, open_question
from pmed_core.training.fit import fit
from pmed_core.variable import Role
from tests.scans.made import dicom, png, saved, zipped

SIDE = 16


def numbered(number: int) -> bytes:
    """A scan that says which it is, in its first pixels."""
    pixels = np.full((SIDE, SIDE), 90, np.uint8)
    pixels[0, 0], pixels[0, 1] = number % 256, 200
    return png(pixels)


def outline(number: int, off: int = 0, on: int = 255) -> NDArray[np.uint8]:
    """As many pixels inside as its number + 1."""
    pixels = np.full(SIDE * SIDE, off, np.uint8)
    pixels[SIDE + 1 : SIDE + 2 + number] = on
    return pixels.reshape(SIDE, SIDE)


def read(path: Path, files: dict[str, bytes], **more: object) -> Cohort:
    path /= "scans.zip"
    path.write_bytes(zipped(files))
    return read_scans(path, key=b"k", **more)  # type: ignore[arg-type]


def said(cohort: Cohort, rule: str) -> Decision:
    (one,) = [decision for decision in cohort.reading if decision.rule == rule]
    return one


def labels(cohort: Cohort) -> dict[str, str]:
    return dict(zip(cohort.table["scan"], cohort.table["label"], strict=True))


def table(*rows: str) -> bytes:
    return "\n".join(rows).encode()


# Labels of tables


def with_table(path: Path, text: bytes, count: int = 4, **more: object) -> Cohort:
    files = {f"{n}.png": numbered(n) for n in range(count)} | {"t.csv": text}
    return read(path, files, **more)


def test_the_column_that_is_a_label_is_taken_and_said(tmp_path: Path) -> None:
    text = table("id,sex,age,findings", "0.png,F,20,normal", "1.png,M,31,tuberculosis",
                 "2.png,M,42,normal", "3.png,F,53,tuberculosis")  # fmt: skip
    cohort = with_table(tmp_path, text)
    assert said(cohort, "label-column").value == "findings"
    assert cohort.outcome == YesNo("label", ("tuberculosis",))
    # What stands beside stays, typed, and no model reads it.
    assert cohort.table["age"].tolist() == [20, 31, 42, 53]
    assert {v.name: v.role for v in cohort.variables}["sex"] is Role.IGNORE


def test_where_no_column_or_several_say_label_a_person_is_asked(tmp_path: Path) -> None:
    text = table("file,icu,survived", "0.png,Y,N", "1.png,N,Y", "2.png,Y,Y", "3.png,N,N")
    cohort = with_table(tmp_path, text)
    asked = open_question(cohort.reading)
    assert asked is not None
    assert {"icu", "survived"} <= set(asked.options)
    with pytest.raises(UserError, match="--label-column"):
        fit(cohort)
    chosen = with_table(tmp_path, text, choices={"label-column": "icu"})
    assert list(labels(chosen).values()) == ["Y", "N", "Y", "N"]
    with pytest.raises(UserError, match="has no column 'nothing'"):
        with_table(tmp_path, text, choices={"label-column": "nothing"})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("leave-out", ["yes", "no"]), ("majority", ["yes", "yes", "no"]),
     ("first", ["no", "yes", "no"])],
)  # fmt: skip
def test_readers_who_disagree_are_counted(wanted: str, expected: list[str], tmp_path: Path) -> None:
    text = table("file,label,reader", "0.png,no,A", "0.png,yes,B", "0.png,yes,C", "1.png,yes,A",
                 "1.png,yes,B", "2.png,no,A")  # fmt: skip
    cohort = with_table(tmp_path, text, 3, choices={"readers": wanted})
    assert cohort.table["label"].dropna().tolist() == expected
    assert said(cohort, "readers").cells == 1


@pytest.mark.parametrize("attribute", ["PatientID", "StudyInstanceUID", "SeriesInstanceUID"])
def test_tables_by_dicom_ids_match_and_keep_no_id(attribute: str, tmp_path: Path) -> None:
    ids = [f"1.2.840.{n}" for n in range(4)]
    files = {
        f"{n}.dcm": saved(dicom(f"P{n}", **{attribute: one})) for n, one in enumerate(ids)
    }  # fmt: skip
    rows = [f"{one},{'ill' if n % 2 else 'well'}" for n, one in enumerate(ids)]
    cohort = read(tmp_path, files | {"t.csv": table(f"{attribute},label", *rows)})
    assert list(labels(cohort).values()) == ["well", "ill", "well", "ill"]
    assert "1.2.840" not in cohort.table.drop(columns="scan").to_csv()


def test_ids_are_compared_as_text(tmp_path: Path) -> None:
    files = {f"scan{n}.dcm": saved(dicom(f"000{n}")) for n in (1, 2)}
    with pytest.raises(UserError, match="name none of the scans"):
        read(tmp_path, files | {"t.csv": table("PatientID,label", "1,ill", "2,well")})
    right = read(tmp_path, files | {"t.csv": table("PatientID,label", "0001,ill", "0002,well")})
    assert list(labels(right).values()) == ["ill", "well"]


def test_a_file_name_in_two_folders_is_never_matched_in_silence(tmp_path: Path) -> None:
    files = {"a/1.png": numbered(1), "b/1.png": numbered(2), "b/2.png": numbered(3),
             "b/3.png": numbered(4)}  # fmt: skip
    text = table("file,label", "1.png,ill", "2.png,ill", "3.png,well", "9.png,well")
    cohort = read(tmp_path, files | {"t.csv": text})
    assert cohort.table["label"].isna().tolist() == [True, True, False, False]
    assert said(cohort, "label-ambiguous").cells == 1
    assert said(cohort, "label-rows-left").cells == 2
    whole = table("file,label", "a/1.png,ill", "b/1.png,well", "b/2.png,ill", "b/3.png,well")
    assert list(labels(read(tmp_path, files | {"t.csv": whole})).values()) == [
        "ill", "well", "ill", "well",
    ]  # fmt: skip


def test_names_that_differ_in_case_only_match_and_that_is_said(tmp_path: Path) -> None:
    cohort = with_table(tmp_path, table("file,label", "0.PNG,ill", "1.PNG,well"), 2)
    assert list(labels(cohort).values()) == ["ill", "well"]


def test_two_labels_whose_words_do_not_tell_the_event_are_asked(tmp_path: Path) -> None:
    files = {f"{name}/{n}.png": numbered(n) for name in ("red", "green") for n in range(3)}
    cohort = read(tmp_path, files)
    assert cohort.outcome is None
    with pytest.raises(UserError, match="--positive"):
        fit(cohort)
    assert read(tmp_path, files, positive=("red",)).outcome == YesNo("label", ("red",))


@pytest.mark.parametrize(
    ("event", "other"),
    [("COVID", "non-COVID"), ("CT_COVID", "CT_NonCOVID"), ("Malignant", "Non-malignant"),
     ("tb", "without_tb"), ("sick", "healthy")],
)  # fmt: skip
def test_the_folder_of_the_healthy_is_no_event(event: str, other: str, tmp_path: Path) -> None:
    files = {f"{name}/{n}.png": numbered(n) for name in (event, other) for n in range(3)}
    assert read(tmp_path, files).outcome == YesNo("label", (event,))


# Folders


def test_labels_that_differ_in_case_only_are_one_class(tmp_path: Path) -> None:
    names = ("COVID/1", "COVID/2", "covid/3", "Normal/4", "normal/5", "Normal/6")
    cohort = read(tmp_path, {f"{name}.png": numbered(k) for k, name in enumerate(names)})
    assert set(labels(cohort).values()) == {"COVID", "Normal"}
    assert said(cohort, "spelling").cells == 2


def test_two_levels_that_could_both_be_labels_are_asked(tmp_path: Path) -> None:
    files = {
        f"{site}/{colour}/{n}.png": numbered(n)
        for site in ("north", "south") for colour in ("red", "green") for n in range(3)
    }  # fmt: skip
    assert read(tmp_path, files).outcome is None
    cohort = read(tmp_path, files, choices={"folders": "2"}, positive=("red",))
    assert cohort.observed().sum() == 6


@settings(max_examples=25, deadline=None)
@given(
    split=st.sampled_from([(), ("train", "test"), ("Training", "val")]),
    patient=st.sampled_from(["", "Patient_{}", "P{:04d}", "{:05d}", "sub-{:02d}", "LIDC-{:04d}"]),
    series=st.sampled_from(["", "ser1", "2020-01-31"]),
    stored=st.sampled_from([("", "masks"), ("images", "masks"), ("img", "segmentation")]),
    ending=st.sampled_from(["", "_mask", "-seg", "_segmentation"]),
    wrapped=st.sampled_from(["", "dataset"]),
    masks_first=st.booleans(),
)
def test_trees_of_folders_give_each_scan_its_own(
    split: tuple[str, ...], patient: str, series: str, stored: tuple[str, str], ending: str,
    wrapped: str, masks_first: bool,
) -> None:  # fmt: skip
    """Known by the number in its pixels: label, patient, split and outline."""
    files, truth = {}, {}
    for number in range(16):
        label = ("ill", "well")[number % 2]
        part = split[number // 8] if split else ""
        person = patient.format(number // 4 * 2 + number % 2) if patient else ""
        where = [wrapped, part, label, person, series]
        scan = "/".join(filter(None, [*where, stored[0], f"{number // 2}.png"]))
        mask = [stored[1], *where] if masks_first else [*where, stored[1]]
        files[scan] = numbered(number)
        files["/".join(filter(None, [*mask, f"{number // 2}{ending}.png"]))] = png(outline(number))
        truth[scan] = (number, label, person, part)
    path = io.BytesIO(zipped(files))
    cohort = _of_bytes(path.getvalue())
    assert cohort.scans is not None
    assert set(cohort.table["scan"]) == set(truth)
    for _, row in cohort.table.iterrows():
        number, label, person, part = truth[row["scan"]]
        assert cohort.scans.pixels(row["scan"])[0, 0] == number
        assert row["label"] == label
        assert row.get("patient", "") == person
        assert row.get("split", "") == part
        drawn = cohort.scans.mask(row["scan"])
        assert drawn is not None
        assert (drawn > 0).sum() == number + 1


def _of_bytes(data: bytes) -> Cohort:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scans.zip"
        path.write_bytes(data)
        return read_scans(path, key=b"k")


# Outlines


def drawn(path: Path, name: str, mask: bytes, **more: object) -> tuple[Cohort, int | None]:
    """A scan of 16 x 16 with an outline -> the cohort, and how many pixels are inside."""
    cohort = read(path, {"images/1.png": numbered(1), name: mask}, **more)
    assert cohort.scans is not None
    found = cohort.scans.mask("images/1.png")
    return cohort, None if found is None else int((found > 0).sum())


@pytest.mark.parametrize(
    "name", ["masks/1.png", "masks/1_mask.png", "images/1-seg.png", "labels/1.png",
             "images/1.seg.png", "images/1_label.png", "images/mask_1.png", "ground truth/1_gt.png"]
)  # fmt: skip
def test_usual_names_of_outlines(name: str, tmp_path: Path) -> None:
    assert drawn(tmp_path, name, png(outline(9)))[1] == 10


def test_jpeg_outlines_keep_their_size(tmp_path: Path) -> None:
    written = io.BytesIO()
    disc = np.hypot(*(np.mgrid[:SIDE, :SIDE] - 7.5)) < 5
    Image.fromarray(np.where(disc, 255, 0).astype(np.uint8)).save(written, "JPEG", quality=75)
    cohort, inside = drawn(tmp_path, "masks/1.jpg", written.getvalue())
    assert inside == disc.sum()
    assert said(cohort, "outline-edges").cells == 1


def test_inverted_outlines_are_said_and_overruled(tmp_path: Path) -> None:
    mask = png(outline(9, 255, 0))
    cohort, inside = drawn(tmp_path, "masks/1.png", mask)
    assert inside == 10
    assert not said(cohort, "outlines").proved
    assert drawn(tmp_path, "masks/1.png", mask, choices={"outlines": "as-drawn"})[1] == 246


def test_outlines_of_opacity_and_of_several_regions(tmp_path: Path) -> None:
    opaque = np.zeros((SIDE, SIDE, 4), np.uint8)
    opaque[..., 0], opaque[..., 3] = 255, outline(9)
    assert drawn(tmp_path, "masks/1.png", png(opaque))[1] == 10
    regions = outline(9, 0, 1)
    regions[1, 1:4] = 3
    cohort, inside = drawn(tmp_path, "masks/1.png", png(regions))
    assert inside == 10
    assert said(cohort, "outline-values").cells == 1


def test_outlines_of_another_size_or_of_no_scan_are_counted(tmp_path: Path) -> None:
    small = png(np.full((8, 8), 255, np.uint8))
    cohort, inside = drawn(tmp_path, "masks/1.png", small)
    assert inside is None
    assert said(cohort, "outline-size").cells == 1
    assert drawn(tmp_path, "masks/1.png", small, choices={"outline-size": "resize"})[1] == 256
    cohort, inside = drawn(tmp_path, "masks/7.png", png(outline(1)))
    assert inside is None
    assert "masks/7.png" in said(cohort, "outlines-left").sentence


def volume(values: NDArray[np.int16], shift: float = 0.0) -> bytes:
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    affine[2, 3] = shift
    image = nibabel.nifti1.Nifti1Image(values, affine)  # type: ignore[no-untyped-call]
    return bytes(image.to_bytes())


def test_volumes_get_their_own_outlines_slice_by_slice(tmp_path: Path) -> None:
    files = {}
    for patient in range(3):
        scan, mask = np.zeros((8, 8, 5), np.int16), np.zeros((8, 8, 5), np.int16)
        for k in range(5):
            scan[0, 0, k] = 10 * patient + k + 1
            mask.reshape(64, 5)[: 10 * patient + k + 1, k] = 1
        files[f"p{patient}/image.nii"] = volume(scan)
        files[f"p{patient}/image_seg.nii"] = volume(mask, 40.0 if patient == 2 else 0.0)
    cohort = read(tmp_path, files)
    assert cohort.scans is not None
    for name in cohort.table["scan"]:
        own, number = cohort.scans.mask(name), int(cohort.scans.pixels(name).max())
        # The last patient's lies elsewhere in the body.
        assert (own is None) == name.startswith("p2/")
        assert own is None or (own > 0).sum() == number
    assert said(cohort, "outline-place").cells == 5


def test_one_bad_file_of_any_kind_ends_nothing(tmp_path: Path) -> None:
    good = {f"{name}/{n}.png": numbered(n) for name in ("ill", "well") for n in range(3)}
    bad = {f"ill/x.{end}": b"\x00\x01garbage" * 30
           for end in ("png", "dcm", "nii", "nii.gz", "csv", "xlsx", "json", "mha")}  # fmt: skip
    cohort = read(tmp_path, good | bad | {"masks/0.png": b"no picture"})
    assert len(cohort) == 6
    assert sum(d.cells for d in cohort.reading if d.rule == "skipped") == len(bad) + 1
