"""Nothing that is brought in disappears: each file is a scan, an outline, a table, or is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.sequence import Sequence

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers.folders import told_by_folders
from pmed_core.modalities.scan.readers.sketches import holds, sketches, some_of_each_label
from pmed_core.readers.quality import check
from pmed_core.reading import CLOSED
from tests.scans.made import (
    collected,
    decision,
    dicom,
    drawn,
    encoded,
    inside,
    item,
    nifti,
    plain,
    png,
    rules,
    saved,
    shown,
    stored,
    told,
)

SEG = "1.2.840.10008.5.1.4.1.1.66.4"
COUNTED = ("skipped", "set-aside", "looked-at", "outlines-left", "outline-place", "outline-size",
           "segmentations-left", "outlines")  # fmt: skip


def segmentation(of: str) -> bytes:
    made = stored(np.ones((1, 4, 5), np.uint8), SOPClassUID=SEG, Modality="SEG")
    source = item(SourceImageSequence=item(ReferencedSOPInstanceUID=of))
    made.PerFrameFunctionalGroupsSequence = Sequence([item(DerivationImageSequence=source)])
    return saved(made)


KINDS: dict[str, Callable[[int], tuple[str, bytes]]] = {
    "scan": lambda k: (f"ill/{k}.png", png(plain(k))),
    "outlined": lambda k: (f"well/{k}.png", png(plain(k))),
    "outline": lambda k: (f"masks/{k}.png", png(drawn(k))),
    "lost outline": lambda k: (f"masks/lost{k}.png", png(drawn(k))),
    "small outline": lambda k: (f"ill/{k}_mask.png", png(np.eye(5, dtype=np.uint8))),
    "dicom": lambda k: (f"ill/d{k}.dcm", saved(dicom(f"P{k}", SOPInstanceUID=f"1.2.{k}"))),
    "film": lambda k: (f"ill/f{k}.dcm", saved(stored(
        np.zeros((2, 4, 5), np.int16), SOPInstanceUID=f"1.4.{k}", SeriesInstanceUID=f"1.5.{k}"))),
    "volume": lambda k: (f"well/v{k}.nii", nifti(np.ones((3, 4, 2), np.int16))),
    "ultrasound": lambda k: (f"us/{k}.dcm", saved(dicom(Modality="US"))),
    "report": lambda k: (f"r{k}.dcm", saved(dicom(Modality="SR"))),
    "segmentation": lambda k: (f"s{k}.dcm", segmentation(f"1.9.{k}")),
    "rubbish": lambda k: (f"ill/x{k}.png", b"rubbish"),
    "empty": lambda k: (f"e{k}.jpg", b""),
    "text": lambda k: (f"readme{k}.md", b"# How it was made"),
    "hidden": lambda k: (f".thumbs/{k}.png", png(plain(k))),
}  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(KINDS)), st.integers(1, 2), min_size=3),
)
def test_each_file_is_somewhere(tmp_path_factory: pytest.TempPathFactory, counts: dict[str, int]
                                ) -> None:  # fmt: skip
    """Scans, outlines and what the account counts add up to what was brought in."""
    files: dict[str, bytes] = dict([KINDS["scan"](90)])
    for kind, count in counts.items():
        files |= dict(KINDS[kind](k) for k in range(count))
    cohort = collected(tmp_path_factory.mktemp("all"), files)
    assert cohort.scans is not None
    scans = {name.partition("#")[0] for name in cohort.table["scan"]}
    assert scans <= set(files)
    said = {rule: sum(one.cells for one in cohort.reading if one.rule == rule) for rule in COUNTED}
    left = sum(said.values()) - said["outlines"]
    paired = sum(name.partition("#")[0] in scans for name in cohort.scans.masks)
    brought = [name for name in files if not name.startswith(".")]
    assert len(scans) + paired + left == len(brought)
    expected = counts.get("rubbish", 0) + counts.get("empty", 0) + counts.get("text", 0)
    assert said["skipped"] == expected
    assert said["set-aside"] == counts.get("report", 0)
    assert said["looked-at"] == counts.get("ultrasound", 0)
    assert said["segmentations-left"] == counts.get("segmentation", 0)


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"masks/1.png": png(drawn(1))}, "There are outlines, but no scan"),
        ({"1.dcm": saved(dicom(Modality="US"))}, "Every scan may show a name in its picture"),
        ({"1.dcm": saved(dicom(Modality="SR"))}, "'1.dcm' was skipped because it is a structured "
                                                 "report, not a scan"),
        ({"1.png": b"x", "2.dcm": saved(dicom(Modality="US"))}, "'1.png' was skipped because"),
        ({"l.csv": b"file,label\n1.png,a\n"}, "No scan could be read"),
        ({"s.dcm": segmentation("1.2")}, "No scan could be read"),
    ],
)  # fmt: skip
def test_a_collection_without_any_scan_says_why_and_what_to_do(
    files: dict[str, bytes], what: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=re.escape(what)) as refusal:
        collected(tmp_path, files)
    assert refusal.value.where == "scans.zip"
    assert refusal.value.remedy.endswith(".")


# Choices


@pytest.mark.parametrize("wanted", ["7", "0", "-1", "ill", "3", "one"])
def test_a_level_of_folders_that_is_not_there_is_refused(wanted: str, tmp_path: Path) -> None:
    files = {"north/ill/1.png": png(plain(1)), "south/well/2.png": png(plain(2))}
    with pytest.raises(UserError, match="is no level of folders") as refusal:
        collected(tmp_path, files, folders=wanted)
    assert "Choose one of: 1, 2, none" in refusal.value.remedy


@pytest.mark.parametrize(
    ("wanted", "labels"),
    [("1", ["north", "north", "south"]), ("2", ["ill", "well", "ill"]), ("none", [""] * 3)],
)
def test_each_level_can_be_chosen(wanted: str, labels: list[str], tmp_path: Path) -> None:
    names = ["north/ill/1.png", "north/well/2.png", "south/ill/3.png"]
    cohort = collected(tmp_path, {n: png(plain(k)) for k, n in enumerate(names)}, folders=wanted)
    assert list(told(cohort).values()) == labels
    assert decision(cohort, "folders").value == wanted
    assert decision(cohort, "folders").proved


@pytest.mark.parametrize(
    ("key", "value"),
    [("outlines", "inside out"), ("outline-size", "stretch"), ("order", "age"),
     ("readers", "best"), ("looked-at", "yes"), ("patient-folders", "all"),
     ("spelling__label", "loud")],
)  # fmt: skip
def test_a_value_that_a_decision_does_not_have_is_refused(
    key: str, value: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=f"'{value}' cannot be chosen") as refusal:
        collected(tmp_path, {"1.png": png(plain(1))}, **{key.replace("-", "_"): value})
    assert all(one in refusal.value.remedy for one in CLOSED[key.partition("__")[0]])


def test_a_decision_that_no_reader_takes_is_refused_and_the_nearest_is_named(
    tmp_path: Path,
) -> None:
    with pytest.raises(UserError, match="decides nothing that is called 'folder'.*'folders'"):
        collected(tmp_path, {"1.png": png(plain(1))}, folder="1")


def test_outlines_of_another_size_are_stretched_only_where_that_is_chosen(tmp_path: Path) -> None:
    small = np.zeros((14, 14), np.uint8)
    small[4:9, 3:7] = 255
    files = {"images/1.png": png(plain(1)), "masks/1.png": png(small)}
    left = collected(tmp_path, files)
    assert left.scans is not None
    assert not left.scans.masks
    assert decision(left, "outline-size").value == "leave-out"
    fitted = collected(tmp_path, files, outline_size="resize")
    assert np.array_equal(inside(fitted, "images/1.png"), small.repeat(2, 0).repeat(2, 1) > 0)
    assert decision(fitted, "outline-size").value == "resize"


def test_labels_that_differ_in_case_can_be_kept_apart(tmp_path: Path) -> None:
    files = {f"{f}/{k}.png": png(plain(k)) for k, f in enumerate(("A", "a", "b", "A"))}
    assert set(told(collected(tmp_path, files)).values()) == {"A", "b"}
    apart = collected(tmp_path, files, spelling__label="as-written")
    assert told(apart) == {"A/0.png": "A", "A/3.png": "A", "a/1.png": "a", "b/2.png": "b"}


# The same scan twice, through the whole reader


def findings(cohort: Cohort, name: str) -> list[tuple[int, ...]]:
    return [one.rows for one in check(cohort).findings if one.check == name]


def test_equal_pixels_in_other_formats_are_the_same_scan(tmp_path: Path) -> None:
    pixels = plain(5, 64)
    files = {"ill/a.png": png(pixels), "well/b.tif": encoded(pixels, "TIFF"),
             "ill/c.png": png(plain(6, 64)), "well/d.png": png(plain(7, 64))}  # fmt: skip
    cohort = collected(tmp_path, files)
    assert np.array_equal(shown(cohort, "ill/a.png"), shown(cohort, "well/b.tif"))
    order = cohort.table["scan"].tolist()
    assert findings(cohort, "same scan twice") == [
        (order.index("ill/a.png"), order.index("well/b.tif"))
    ]
    assert findings(cohort, "labels") == findings(cohort, "same scan twice")


def test_scans_of_one_patient_that_look_alike_are_no_finding(tmp_path: Path) -> None:
    pixels = plain(5, 64)
    files = {"1.png": png(pixels), "2.png": png(pixels), "3.png": png(plain(6, 64))}
    rows = b"file,label,patient\n1.png,a,ann\n2.png,a,ann\n3.png,b,bob\n"
    cohort = collected(tmp_path, files | {"l.csv": rows})
    clean = [one.check for one in check(cohort).findings if one.severity.name == "CLEAN"]
    assert "same scan twice" in clean


# What is shown before a collection is taken


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30), st.integers(0, 12))
def test_sketches_take_turns_among_the_labels(labels: list[str], count: int) -> None:
    import pandas as pd

    from pmed_core.variable import Kind, Role, Variable

    cohort = Cohort("x", pd.DataFrame({"label": labels}),
                    (Variable("label", Kind.CATEGORY, Role.OUTCOME),))  # fmt: skip
    rows = some_of_each_label(cohort, count)
    assert len(set(rows)) == len(rows) <= count
    shares = [sum(labels[row] == label for row in rows) for label in set(labels)]
    rest = [labels.count(label) - share
            for label, share in zip(set(labels), shares, strict=True)]  # fmt: skip
    for share, left in zip(shares, rest, strict=True):
        assert left == 0 or share >= max(shares) - 1


def test_a_small_outline_is_still_seen_in_a_sketch(tmp_path: Path) -> None:
    """One pixel of a picture that is shown at a fifth of its size."""
    mask = np.zeros((500, 400), np.uint8)
    mask[333, 222] = 255
    files = {"images/1.png": encoded(np.full((500, 400), 7, np.uint8), "PNG"),
             "masks/1.png": encoded(mask, "PNG")}  # fmt: skip
    cohort = collected(tmp_path, files)
    assert cohort.scans is not None
    (one,) = sketches(cohort, cohort.scans, [0])
    assert one.pixels.shape == (96, 77)
    assert one.drawn is not None
    rows, columns = np.nonzero(one.drawn)
    assert (abs(rows - 333 * 96 / 500) <= 1).all()
    assert (abs(columns - 222 * 77 / 400) <= 1).all()
    assert holds(cohort, cohort.scans) == ("no labels", "1 with an outline")


def test_many_labels_are_counted_in_words(tmp_path: Path) -> None:
    files = {f"class {chr(97 + k)}/{n}.png": png(plain(k)) for k in range(8) for n in range(1 + k)}
    cohort = collected(tmp_path, files)
    assert cohort.scans is not None
    shown_labels = holds(cohort, cohort.scans)
    assert shown_labels[0] == "class h (8)"
    assert shown_labels[-1] == "2 more labels"
    assert "folders" in rules(cohort)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["ill", "well", "train", "masks", "p01", "p02", "ser1", "images",
                                  "2020-01-01", "é", "0", "case_7"]), max_size=4),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_folders_tell_only_what_stands_in_them(paths: list[list[str]]) -> None:
    """Of any folders at all: labels, patients and parts are names on the path of their scan."""
    names = ["/".join([*path, f"{k}.png"]) for k, path in enumerate(paths)]
    found = told_by_folders(names, {})
    for name, *told_of in zip(names, found.labels, found.patients, found.splits, strict=True):
        parts = name.split("/")[:-1]
        assert all(not one or one in parts for one in told_of)
    known = [label for label in found.labels if label]
    assert not set(known) & {"train", "masks", "images", "ser1", "2020-01-01"}
    assert found.open == any(one.rule == "folders" and not one.value for one in found.reading)
