"""Outlines as people store them: which scan each belongs to, and which pixels are inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from pmed_core.modalities.scan.readers.outlines import Drawn, outline_names, paired
from pmed_core.modalities.scan.readers.slices import Slice
from tests.scans.made import (
    collected,
    decision,
    dicom,
    drawn,
    drawn_on,
    encoded,
    inside,
    item,
    nifti,
    plain,
    png,
    rules,
    saved,
    stored,
)

SIDE = 28
DISC = drawn(1) > 0
SEG = "1.2.840.10008.5.1.4.1.1.66.4"


def read_as(path: Path, mask: bytes, name: str = "masks/1.png", **choices: str) -> Any:
    """The cohort of one scan with this outline, and what is inside it."""
    cohort = collected(path, {"images/1.png": png(plain(1)), name: mask}, **choices)
    return cohort, drawn_on(cohort, "images/1.png")


WAYS: dict[str, NDArray[Any]] = {
    "0 and 255": np.where(DISC, 255, 0).astype(np.uint8),
    "0 and 1": DISC.astype(np.uint8),
    "one bit": DISC,
    "16 bits": np.where(DISC, 40_000, 0).astype(np.uint16),
    "1 and 2": DISC.astype(np.uint8) + 1,
    "dark on white": np.where(DISC, 0, 255).astype(np.uint8),
    "red on black": np.where(DISC[..., None], [255, 0, 0], [0, 0, 0]).astype(np.uint8),
    "red on blue": np.where(DISC[..., None], [255, 0, 0], [0, 0, 255]).astype(np.uint8),
    "green and red on blue": np.where(
        DISC[..., None], np.where(np.arange(SIDE)[:, None, None] % 2, [0, 255, 0], [255, 0, 0]),
        [0, 0, 255],
    ).astype(np.uint8),
    "yellow on violet": np.where(DISC[..., None], [253, 231, 36], [68, 1, 84]).astype(np.uint8),
    "opaque on clear": np.dstack([
        np.full((SIDE, SIDE, 3), [255, 0, 0], np.uint8), np.where(DISC, 255, 0).astype(np.uint8)
    ]),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_one_disc_is_the_same_outline_however_it_is_stored(way: str, tmp_path: Path) -> None:
    cohort, on = read_as(tmp_path, png(WAYS[way]))
    assert np.array_equal(on, DISC)
    guessed = {"1 and 2": "outline-ground", "red on blue": "outline-colours",
               "green and red on blue": "outline-colours", "dark on white": "outlines",
               "yellow on violet": "outline-ground"}  # fmt: skip
    if way in guessed:
        assert not decision(cohort, guessed[way]).proved
    assert rules(cohort) & {"outline-ground", "outline-colours"} == (
        {guessed[way]} - {"outlines"} if way in guessed else set()
    )


@pytest.mark.parametrize("count", [2, 16, 17, 60, 104])
def test_every_region_of_a_map_of_many_is_inside(count: int, tmp_path: Path) -> None:
    """Cells, vertebrae or organs, each with its own number, in one picture."""
    regions = np.zeros((SIDE, SIDE), np.uint8)
    places = [(r, c) for r in range(1, 27, 2) for c in range(1, 27, 3)][:count]
    for number, (row, column) in enumerate(places, 1):
        regions[row, column : column + 2] = number
    cohort, on = read_as(tmp_path, png(regions))
    assert np.array_equal(on, regions > 0)
    assert decision(cohort, "outline-values").cells == 1
    assert "outline-edges" not in rules(cohort)


def test_edges_that_were_smoothed_are_cut_at_half() -> None:
    """Not taken for a map of many regions, though it has as many levels."""
    large = Image.fromarray(np.where(np.hypot(*(np.mgrid[:224, :224] - 108.7)) < 80, 255, 0)
                            .astype(np.uint8))  # fmt: skip
    soft = np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BOX))
    assert len(np.unique(soft)) > 16
    fitting = paired({"1.png": Slice(plain(1))}, Drawn({"masks/1.png": Slice(soft)}), {}, {})
    assert np.array_equal(fitting.outlines["1.png"] > 0, soft > 127)
    assert "outline-edges" in {one.rule for one in fitting.reading}


@settings(max_examples=25, deadline=None)
@given(
    radius=st.integers(5, 9), row=st.integers(11, 16), column=st.integers(11, 16),
    times=st.sampled_from([2, 4]), top=st.sampled_from([255, 200, 1.0]),
)  # fmt: skip
def test_few_levels_on_edges_only_are_no_regions(
    radius: int, row: int, column: int, times: int, top: float
) -> None:
    """A mask made smaller by two or four has 3 to 16 levels."""
    where = np.mgrid[: SIDE * times, : SIDE * times] / times
    large = np.hypot(where[0] - row, where[1] - column) < radius
    share = large.reshape(SIDE, times, SIDE, times).mean((1, 3))
    soft = (share * top).astype(np.float32 if top == 1 else np.uint8)
    mask = Drawn({"masks/1.tif": Slice(soft)})
    scans = {"1.tif": Slice(plain(1))}
    fitting = paired(scans, mask, {}, {})
    assert np.array_equal(fitting.outlines["1.tif"] > 0, soft > soft.max() / 2)
    (said,) = [one for one in fitting.reading if one.rule == "outline-edges"]
    assert not said.proved
    every = paired(scans, mask, {}, {"outline-edges": "regions"})
    assert np.array_equal(every.outlines["1.tif"] > 0, soft > 0)


def test_regions_in_shades_of_grey_are_regions() -> None:
    shades = np.zeros((SIDE, SIDE), np.uint8)
    shades[3:12, 3:12], shades[12:20, 3:12], shades[3:9, 14:24] = 85, 170, 255
    fitting = paired({"1.png": Slice(plain(1))}, Drawn({"masks/1.png": Slice(shades)}), {}, {})
    assert np.array_equal(fitting.outlines["1.png"] > 0, shades > 0)


def test_a_map_of_probabilities_is_cut_at_half() -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    likely = np.exp(-((rows - 14) ** 2 + (columns - 14) ** 2) / 60).astype(np.float32)
    fitting = paired({"1.tif": Slice(plain(1))}, Drawn({"masks/1.tif": Slice(likely)}), {}, {})
    assert np.array_equal(fitting.outlines["1.tif"] > 0, likely > likely.max() / 2)


def several(path: Path, *masks: NDArray[Any], **choices: str) -> tuple[Any, list[int]]:
    """Scans 0.png, 1.png, … with these outlines, and how many pixels are inside each."""
    files = {f"images/{k}.png": png(plain(k)) for k in range(len(masks))}
    files |= {f"masks/{k}.png": png(mask) for k, mask in enumerate(masks)}
    cohort = collected(path, files, **choices)
    found = [drawn_on(cohort, f"images/{k}.png") for k in range(len(masks))]
    return cohort, [-1 if one is None else int(one.sum()) for one in found]


def test_where_others_are_dark_on_white_a_white_outline_holds_nothing(tmp_path: Path) -> None:
    white = np.full((SIDE, SIDE), 255, np.uint8)
    dark = np.where(DISC, 0, 255).astype(np.uint8)
    cohort, on = several(tmp_path, dark, white, dark)
    assert on == [DISC.sum(), 0, DISC.sum()]
    assert decision(cohort, "outlines").cells == 3
    assert several(tmp_path, dark, white, outlines="as-drawn")[1] == [784 - DISC.sum(), 784]


def test_where_others_are_white_on_dark_a_white_outline_is_all_inside(tmp_path: Path) -> None:
    white = np.full((SIDE, SIDE), 255, np.uint8)
    assert several(tmp_path, 255 * DISC.astype(np.uint8), white)[1] == [DISC.sum(), 784]


def test_an_even_outline_is_read_as_the_others_are(tmp_path: Path) -> None:
    """1 is outside where others hold 1 and 2, and inside where they hold 0 and 1."""
    one = np.ones((SIDE, SIDE), np.uint8)
    assert several(tmp_path, DISC.astype(np.uint8) + 1, one)[1] == [DISC.sum(), 0]
    assert several(tmp_path, DISC.astype(np.uint8), one)[1] == [DISC.sum(), 784]
    assert several(tmp_path, one, np.zeros_like(one))[1] == [784, 0]


def test_slices_of_a_map_that_begins_at_one_without_a_finding_hold_nothing(tmp_path: Path) -> None:
    labels = np.ones((4, 5, 3), np.uint8)
    labels[1:3, 1:3, 1] = 2
    files = {"p1/ct.nii": nifti(np.arange(60, dtype=np.int16).reshape(4, 5, 3)),
             "p1/ct_seg.nii": nifti(labels)}  # fmt: skip
    cohort = collected(tmp_path, files)
    found = [drawn_on(cohort, f"p1/ct.nii#{k}") for k in (1, 2, 3)]
    assert [int(one.sum()) for one in found if one is not None] == [0, 4, 0]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6), low=st.integers(0, 1), many=st.integers(1, 4),
    colour=st.booleans(), deep=st.booleans(),
)  # fmt: skip
def test_what_is_above_the_ground_is_inside(
    seed: int, low: int, many: int, colour: bool, deep: bool
) -> None:
    """Random regions in whole numbers, away from the border, over a ground of 0 or 1."""
    draw = np.random.default_rng(seed)
    regions = np.full((12, 14), low, np.uint16 if deep else np.uint8)
    regions[2:10, 2:12] = draw.integers(low, low + many, (8, 10), endpoint=True)
    above = regions > low
    mask: NDArray[Any] = np.dstack([regions] * 3) if colour else regions
    fitting = paired(
        {"a.png": Slice(np.zeros((12, 14), np.uint8))}, Drawn({"masks/a.png": Slice(mask)}), {}, {}
    )
    assert np.array_equal(fitting.outlines["a.png"] > 0, above)


# Which scan an outline belongs to


def test_folders_of_several_words_in_one_hold_outlines(tmp_path: Path) -> None:
    """ManualMask/leftMask and rightMask, as in a public collection of chest radiographs."""
    left = np.arange(SIDE)[None] < SIDE // 2
    files = {"CXR_png/1.png": png(plain(1))}
    for name, side in (("leftMask", left), ("rightMask", ~left)):
        files[f"ManualMask/{name}/1.png"] = png(np.where(DISC & side, 255, 0).astype(np.uint8))
    cohort = collected(tmp_path, files)
    assert cohort.table["scan"].tolist() == ["CXR_png/1.png"]
    found = drawn_on(cohort, "CXR_png/1.png")
    assert found is not None
    assert np.array_equal(found, DISC)


@pytest.mark.parametrize(
    ("scan", "mask"),
    [
        ("a/1.png", "a/1_mask.png"), ("a/1.png", "a/1-seg.png"), ("a/1.png", "a/1.seg.png"),
        ("a/1.jpg", "a/1_segmentation.png"), ("a/IMG_7.png", "masks/a/IMG_7.png"),
        ("images/a/1.png", "masks/a/1.png"), ("a/images/1.png", "a/masks/1.png"),
        ("imagesTr/1_0000.nii.gz", "labelsTr/1.nii.gz"),
        ("p1/image.png", "p1/mask.png"), ("p1/ct.nii", "p1/ct_label.nii"),
        ("p1/ct.nii.gz", "p1/segmentation.nii.gz"), ("image.nii", "label.nii"),
        ("a/1.png", "a/1 (mask).png"), ("a/1.png", "a/1_mask (2).png"),
        ("train/img/1.png", "train/gt/1.png"), ("1.tif", "1_contour.tif"),
        ("A/ONE.PNG", "A/ONE_MASK.PNG"), ("x/1.png", "ground truth/x/1.png"),
    ],
)  # fmt: skip
def test_usual_pairs_of_names(scan: str, mask: str) -> None:
    assert outline_names([scan, mask]) == {mask}
    fitting = paired(
        {scan: Slice(plain(1))}, Drawn({mask: Slice(np.where(DISC, 255, 0).astype(np.uint8))}),
        {}, {},
    )  # fmt: skip
    assert list(fitting.outlines) == [scan]


@pytest.mark.parametrize(
    "name", ["a/label_noise.png", "lesion/1.png", "roi/1.png", "labels/1.png", "a/manual.png",
             "annotation.png", "unmasked/1.png", "segments of lung/1.png", "a/seglike.png",
             "a/mask.png"],
)  # fmt: skip
def test_a_doubtful_name_alone_is_a_scan(name: str) -> None:
    assert outline_names([name, "other/2.png"]) == set()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_outline_ever_goes_to_a_scan_of_another_folder_or_name(data: st.DataObject) -> None:
    """Each scan's outline has its own size of a square inside; some outlines have no scan."""
    people = data.draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True))
    frames = data.draw(st.lists(st.integers(1, 30), min_size=1, max_size=4, unique=True))
    ending = data.draw(st.sampled_from(["", "_mask", "-seg"]))
    first = data.draw(st.booleans())
    every = [(person, frame) for person in people for frame in frames]
    lost = set(data.draw(st.lists(st.sampled_from(every), max_size=2)))
    scans, masks = {}, {}
    for size, (person, frame) in enumerate(every, 2):
        where = f"masks/p_{person}" if first else f"p_{person}/masks"
        white = np.zeros((40, 40), np.uint8)
        white[1 : size + 1, 1 : size + 1] = 255
        masks[f"{where}/{frame}{ending}.png"] = Slice(white)
        if (person, frame) not in lost:
            scans[f"p_{person}/{frame}.png"] = Slice(np.full((40, 40), size, np.uint8))
    fitting = paired(scans, Drawn(masks), {}, {})
    for name, white in fitting.outlines.items():
        size = int(scans[name].pixels[0, 0])
        assert (white > 0).sum() == size * size
    assert len(fitting.outlines) == len(scans)
    left = [one.cells for one in fitting.reading if one.rule == "outlines-left"]
    assert left == ([len(lost)] if lost else [])


def test_an_outline_called_mask_belongs_to_the_one_scan_beside_it(tmp_path: Path) -> None:
    files = {}
    for k, name in enumerate(("image", "ct", "x-ray 7")):
        files[f"p{k}/{name}.png"] = png(plain(k))
        files[f"p{k}/mask.png"] = png(drawn(k))
    files |= {f"p9/{name}.png": png(plain(k)) for k, name in enumerate(("t1", "t2"))}
    cohort = collected(tmp_path, files | {"p9/mask.png": png(drawn(9))})
    assert len(cohort) == 5
    for k, name in enumerate(("image", "ct", "x-ray 7")):
        assert np.array_equal(inside(cohort, f"p{k}/{name}.png"), drawn(k) > 0)
    assert "p9/mask.png" in decision(cohort, "outlines-left").sentence


def test_outlines_of_one_name_in_two_folders_are_left_out_and_counted(tmp_path: Path) -> None:
    files = {"a/1.png": png(plain(1)), "b/1.png": png(plain(2)), "masks/1.png": png(DISC)}
    cohort = collected(tmp_path, files)
    assert cohort.scans is not None
    assert not cohort.scans.masks
    assert "masks/1.png" in decision(cohort, "outlines-left").sentence


def test_an_outline_of_a_volume_with_fewer_slices_belongs_to_none(tmp_path: Path) -> None:
    files = {"a/ct.nii": nifti(np.zeros((4, 5, 3), np.int16) + np.arange(3, dtype=np.int16)),
             "a/ct_seg.nii": nifti(np.ones((4, 5, 2), np.uint8))}  # fmt: skip
    cohort = collected(tmp_path, files)
    assert cohort.scans is not None
    assert not cohort.scans.masks
    assert decision(cohort, "outlines-left").cells == 2


@pytest.mark.parametrize("axes", [(1, 1, 1), (-1, 1, 1), (-1, -1, 1), (1, 1, -1)])
def test_an_outline_stored_the_other_way_round_covers_the_same_body(
    axes: tuple[int, int, int], tmp_path: Path
) -> None:
    """A scan from left to right, its outline from right to left: where they lie tells."""
    values = np.arange(4 * 5 * 3, dtype=np.int16).reshape(4, 5, 3)
    region = values % 7 == 3
    flip = tuple(slice(None, None, way) for way in axes)
    affine = np.diag([*axes, 1]).astype(float)
    affine[:3, 3] = [0 if way > 0 else n - 1 for way, n in zip(axes, values.shape, strict=True)]
    files = {"a/ct.nii": nifti(values),
             "a/ct_seg.nii": nifti(region[flip].astype(np.uint8), affine)}  # fmt: skip
    cohort = collected(tmp_path, files)
    assert cohort.scans is not None
    assert len(cohort.scans.masks) == 3
    for name in cohort.table["scan"]:
        assert np.array_equal(inside(cohort, name), cohort.scans.pixels(name) % 7 == 3)


@pytest.mark.parametrize("quality", [30, 75, 95])
def test_an_outline_saved_as_jpeg_keeps_its_shape(quality: int, tmp_path: Path) -> None:
    disc = np.hypot(*(np.mgrid[:SIDE, :SIDE] - 13.5)) < 9
    white = np.where(disc, 255, 0).astype(np.uint8)
    cohort, on = read_as(tmp_path, encoded(white, "JPEG", quality=quality), "masks/1.jpg")
    assert (on != disc).sum() <= 4
    assert "outline-edges" in rules(cohort)
    black = encoded(np.zeros((SIDE, SIDE), np.uint8), "JPEG", quality=quality)
    assert not read_as(tmp_path, black, "masks/1.jpg")[1].any()


# Segmentations in DICOM


def segmented(masks: NDArray[np.uint8], sources: list[str], **more: Any) -> Dataset:
    made = stored(masks, SOPClassUID=SEG, Modality="SEG", NumberOfFrames=len(masks), **more)
    made.PerFrameFunctionalGroupsSequence = Sequence([
        item(DerivationImageSequence=item(SourceImageSequence=item(ReferencedSOPInstanceUID=one)))
        for one in sources
    ])  # fmt: skip
    return made


def test_frames_of_a_segmentation_that_fit_no_scan_are_counted(tmp_path: Path) -> None:
    """Of a segmentation of five slices only three came with it, one in another size."""
    files = {f"{k}.dcm": saved(dicom(SOPInstanceUID=f"1.2.{k}", InstanceNumber=k))
             for k in (1, 2)}  # fmt: skip
    files["3.dcm"] = saved(stored(np.zeros((6, 6), np.int16), SOPInstanceUID="1.2.3"))
    masks = np.ones((5, 4, 5), np.uint8)
    masks[0, 0] = 0
    files["seg.dcm"] = saved(segmented(masks, [f"1.2.{k}" for k in range(1, 6)]))
    cohort = collected(tmp_path, files)
    found = {name: drawn_on(cohort, name) for name in cohort.table["scan"]}
    assert {name: int(one.sum()) for name, one in found.items() if one is not None} == {
        "1.dcm": 15, "2.dcm": 20,
    }  # fmt: skip
    left = decision(cohort, "segment-frames-left")
    assert (left.cells, left.proved) == (3, False)
    assert "3 outlined pictures of them belong to no scan here" in left.sentence


def test_several_segments_of_one_slice_are_joined(tmp_path: Path) -> None:
    masks = np.zeros((2, 4, 5), np.uint8)
    masks[0, 0, 0], masks[1, 3, 4] = 1, 1
    files = {"1.dcm": saved(dicom(SOPInstanceUID="1.2.1")),
             "seg.dcm": saved(segmented(masks, ["1.2.1", "1.2.1"]))}  # fmt: skip
    cohort = collected(tmp_path, files)
    assert np.array_equal(inside(cohort, "1.dcm"), masks.max(axis=0) > 0)
    assert "segment-frames-left" not in rules(cohort)


@pytest.mark.parametrize(("top", "pixels"), [(200, 2), (255, 1), (100, 4)])
def test_degrees_of_a_segmentation_are_cut_at_half_of_their_maximum(
    top: int, pixels: int, tmp_path: Path
) -> None:
    masks = np.zeros((1, 4, 5), np.uint8)
    masks[0, 0] = [20, 50, 99, 100, 200]
    made = segmented(masks, ["1.2.1"], SegmentationType="FRACTIONAL", MaximumFractionalValue=top)
    files = {"1.dcm": saved(dicom(SOPInstanceUID="1.2.1")), "seg.dcm": saved(made)}
    found = drawn_on(collected(tmp_path, files), "1.dcm")
    assert found is not None
    assert found.sum() == pixels


def test_of_a_segmentation_and_a_file_that_of_the_file_is_used_and_said(tmp_path: Path) -> None:
    of_file = np.zeros((4, 5), np.uint8)
    of_file[:2] = 255
    files = {"ct/1.dcm": saved(dicom(SOPInstanceUID="1.2.1")),
             "ct/seg.dcm": saved(segmented(np.ones((1, 4, 5), np.uint8), ["1.2.1"])),
             "masks/ct/1.png": encoded(of_file, "PNG")}  # fmt: skip
    cohort = collected(tmp_path, files)
    assert np.array_equal(inside(cohort, "ct/1.dcm"), of_file > 0)
    told = decision(cohort, "two-outlines")
    assert (told.cells, told.proved) == (1, False)
    assert "ct/1.dcm" in told.sentence
