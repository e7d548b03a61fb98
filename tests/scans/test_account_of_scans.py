"""Every rule about scans is said by some input, and every one that can be overruled obeys."""

from __future__ import annotations

import ast
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.scan import readers
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.reading import Decision, can_be_chosen
from tests.scans.made import dicom, drawn, plain, png, saved

Files = dict[str, bytes]
MODULES = (
    *("drawn_segments", "folders", "gathering", "images", "label_tables", "nifti", "order"),
    *("outlines", "account", "labels", "scans", "segmentations", "slices", "tiffs"),
    *("dicom", "dicom_frames", "dicom_kinds", "dicom_pixels", "dicom_values"),
)
WHITE = np.full((28, 28), 255, np.uint8)
FROM_ELSEWHERE = {
    "segmentations", "segmentations-left", "segment-frames-left", "frames", "aspect", "window",
    "levels", "two-outlines",
}  # fmt: skip
"""Said of files that take long to make: ``test_dicom_kinds`` and others have them."""


def four(table: str = "", name: str = "labels.csv") -> Files:
    files = {f"{k}.png": png(plain(k)) for k in range(4)}
    return files | ({name: table.encode()} if table else {})


def outlined(mask: NDArray[Any], name: str = "masks/1.png") -> Files:
    return {"images/1.png": png(plain(1)), name: png(mask)}


def encoded(pixels: NDArray[Any], kind: str, **more: Any) -> bytes:
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, kind, **more)
    return written.getvalue()


def tiff(pixels: NDArray[Any], **more: Any) -> bytes:
    written = io.BytesIO()
    tifffile.imwrite(written, pixels, **more)
    return written.getvalue()


def volume(values: NDArray[Any], affine: NDArray[Any] | None = None) -> bytes:
    return bytes(
        nibabel.Nifti1Image(values, np.eye(4) if affine is None else affine).to_bytes()  # type: ignore[no-untyped-call]
    )


def series(**more: Any) -> Files:
    made: list[Dataset] = []
    for k in (1, 2, 10):
        own = {key: value(k) if callable(value) else value for key, value in more.items()}
        made.append(dicom(SOPInstanceUID=f"1.2.{k}", **own))
        made[-1].PixelData = np.full(20, k, np.int16).tobytes()
        made[-1]["PixelData"].VR = "OW"
    return {f"s/{k}.dcm": saved(one) for k, one in zip((1, 2, 10), made, strict=True)}


def askew() -> NDArray[np.float64]:
    turn = np.eye(4)
    turn[:2, :2] = [[0.95, -0.31], [0.31, 0.95]]
    return turn


def printed() -> bytes:
    written = io.BytesIO()
    Image.fromarray(np.dstack([plain(k) for k in range(4)]), "CMYK").save(written, "JPEG")
    return written.getvalue()


def turned_by_exif() -> bytes:
    exif = Image.Exif()
    exif[274] = 6
    return encoded(plain(1), "PNG", exif=exif)


def quarter(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(mask).resize((14, 14)), dtype=np.uint8)


TORN = "file,diagnosis\n0.png,a\n0.png,a\n0.png,b\n1.png,b\n2.png,a\n3.png,b\n"
TWO = "file,diagnosis,finding\n0.png,a,x\n1.png,b,x\n2.png,a,y\n3.png,b,y\n"
EXAMPLES: dict[str, Callable[[], Files]] = {
    "spelling": lambda: {f"{f}/{k}.png": png(plain(k)) for k, f in enumerate(("Ill", "ill", "ok"))},
    "folders": lambda: {"red/cat/1.png": png(plain(1)), "blue/dog/2.png": png(plain(2)),
                        "red/dog/3.png": png(plain(3)), "blue/cat/4.png": png(plain(4))},
    "patient-folders": lambda: {f"{f}/p00{k}/1.png": png(plain(k))
                                for k, f in enumerate(("ill", "ill", "well"))},
    "splits": lambda: {"train/ill/1.png": png(plain(1)), "test/well/2.png": png(plain(2))},
    "unit": lambda: {"a.nii": volume(np.array([[[-1000, -900, 50]]], np.int16).repeat(4, 0))},
    "lies": lambda: {"a.nii": volume(np.ones((4, 5, 3), np.int16), askew())},
    "by-number": lambda: series(InstanceNumber=lambda k: k),
    "by-name": series,
    "volumes": lambda: series(ImagePositionPatient=lambda k: [0, 0, k],
                              ImageOrientationPatient=lambda k: [1, 0, 0, 0, int(k == 1),
                                                                 int(k != 1)]),
    "order": lambda: series(InstanceNumber=lambda k: 20 - k),
    "outlines": lambda: outlined(255 - drawn(1)),
    "outlines-paired": lambda: outlined(drawn(1)),
    "outlines-left": lambda: outlined(drawn(1), "masks/7.png"),
    "outline-size": lambda: outlined(quarter(drawn(1))),
    "outline-place": lambda: {"img/a.nii": volume(np.ones((4, 5, 3), np.int16)),
                              "masks/a.nii": volume(np.eye(4, 5, dtype=np.uint8)[..., None]
                                                    .repeat(3, 2), np.diag([1, 1, 9, 1]))},
    "outline-edges": lambda: {"images/1.png": png(plain(1)),
                              "masks/1.jpg": encoded(drawn(1), "JPEG")},
    "outline-values": lambda: outlined((np.arange(784).reshape(28, 28) // 100 % 3)
                                       .astype(np.uint8)),
    "outline-ground": lambda: outlined((drawn(1) > 0).astype(np.uint8) + 1),
    "outline-colours": lambda: outlined(np.where(drawn(1)[..., None] > 0, [255, 0, 0],
                                                 [0, 0, 255]).astype(np.uint8)),
    "outlines-joined": lambda: {"1.png": png(plain(1)), "1_mask_1.png": png(drawn(1)),
                                "1_mask_2.png": png(drawn(2))},
    "skipped": lambda: four() | {"a.png": b"nothing"},
    "set-aside": lambda: four() | {"a.dcm": saved(dicom(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.88.67", Modality="SR"))},
    "looked-at": lambda: four() | {"a.dcm": saved(dicom(Modality="US"))},
    "readers": lambda: four(TORN),
    "label-column": lambda: four(TWO),
    "label-rows": lambda: four(TWO),
    "label-rows-left": lambda: four(TWO + "9.png,a,x\n"),
    "beside": lambda: four(TWO),
    "beside-rows": lambda: four("file,diagnosis,ward\n0.png,a,1\n0.png,a,2\n1.png,b,1\n"),
    "label-case": lambda: {"Aa.png": png(plain(1)), "Bb.png": png(plain(2)),
                           "l.csv": b"file,diagnosis\naa.png,a\nBB.png,b\n"},
    "label-names": lambda: {"y/0.png": png(plain(1)), "y/1.png": png(plain(2)),
                            "l.csv": b"file,diagnosis\nx/0.png,a\nx/1.png,b\n"},
    "label-ambiguous": lambda: {"x/1.png": png(plain(1)), "y/1.png": png(plain(2)),
                                "z/2.png": png(plain(3)),
                                "l.csv": b"file,label\n1.png,a\n2.png,b\n"},
    "labels-from": lambda: four(TWO) | {"more.csv": b"file,diagnosis\n0.png,p\n1.png,q\n"},
    "event": lambda: {"ill/1.png": png(plain(1)), "well/2.png": png(plain(2))},
    "patients-by": lambda: {f"p00{k}/{f}/1.dcm": saved(dicom("same", SOPInstanceUID=f"1.2.{k}"))
                            for k, f in enumerate(("ill", "well", "ill"))},
    "alpha": lambda: {"a.png": encoded(np.dstack([plain(1), plain(2)]), "PNG")},
    "colours": lambda: {"a.jpg": printed()},
    "previews": lambda: {"a.jpg": encoded(plain(1), "MPO", save_all=True,
                                          append_images=[Image.fromarray(plain(2))])},
    "turned": lambda: {"a.png": turned_by_exif()},
    "inverted": lambda: {"a.tif": tiff(plain(1), photometric="miniswhite")},
    "stack": lambda: {"a.tif": tiff(np.zeros((2, 2, 8, 8), np.uint16), imagej=True,
                                    metadata={"axes": "TCYX"})},
    "padding": lambda: {"a.dcm": saved(dicom(PixelPaddingValue=0))},
    "rescale": lambda: {"a.dcm": saved(dicom(RescaleSlope=0))},
    "gaps": lambda: {"a.tif": tiff(np.array([[np.nan, 1], [2, 3]], np.float32))},
}  # fmt: skip


def cohort_of(files: Files, path: Path, **choices: str) -> Cohort:
    """The collection, with choices whose keys are words with _ for - and __ for a colon."""
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    keys = {k.replace("__", ":").replace("_", "-"): value for k, value in choices.items()}
    return read_scans(path, key=b"key", choices=keys)


def slug_of(node: ast.AST) -> str:
    """The rule that a piece of a reader's source speaks of; "" where it is none."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Decision", "_told"):
        return str(node.args[0].value) if isinstance(node.args[0], ast.Constant) else ""
    if isinstance(node, ast.AnnAssign) and getattr(node.annotation, "id", "") == "Remark":
        first = getattr(node.value, "elts", [None])[0]
        return str(first.value) if isinstance(first, ast.Constant) else ""
    return ""


def test_every_rule_of_the_readers_has_an_example() -> None:
    folder = Path(next(iter(readers.__path__)))
    trees = [ast.parse((folder / f"{name}.py").read_text("utf-8")) for name in MODULES]
    slugs = {slug_of(node) for tree in trees for node in ast.walk(tree)} - {""}
    assert slugs - set(EXAMPLES) - FROM_ELSEWHERE == set()


@pytest.mark.parametrize("rule", list(EXAMPLES))
def test_every_rule_is_said(rule: str, tmp_path: Path) -> None:
    found = [one for one in cohort_of(EXAMPLES[rule](), tmp_path).reading if one.rule == rule]
    assert found, rule
    for one in found:
        assert one.sentence.endswith(".")
        # What is offered is obeyed: nothing that cannot be decided otherwise has options.
        assert one.overrulable or not one.options


OVERRULED = [
    ("spelling__label", "as-written"), ("folders", "1"), ("folders", "2"), ("folders", "none"),
    ("patient_folders", "none"), ("order", "number"), ("order", "name"),
    ("outlines", "as-drawn"), ("outlines", "inverted"), ("outline_size", "resize"),
    ("outline_edges", "regions"), ("outline_edges", "blurred"),
    ("looked_at", "taken"), ("readers", "majority"), ("readers", "first"),
    ("label_column", "finding"), ("label_column", "diagnosis"),
    ("labels_from", "more.csv"), ("labels_from", "folders"), ("event__label", "well"),
]  # fmt: skip


def _seen(cohort: Cohort) -> list[object]:
    """What a decision can change."""
    inside = []
    if cohort.scans is not None:
        drawings = {name: cohort.scans.mask(name) for name in cohort.scans.masks}
        inside = [(name, int(np.sum(m))) for name, m in drawings.items() if m is not None]
    return [cohort.table.astype(str).to_numpy().tolist(), list(cohort.table), inside,
            cohort.outcome]  # fmt: skip


def decision_of(cohort: Cohort, key: str) -> Decision:
    (found,) = [one for one in cohort.reading if one.key == key]
    return found


@pytest.mark.parametrize(("key", "value"), OVERRULED)
def test_every_choice_is_taken_and_changes_what_is_read(
    key: str, value: str, tmp_path: Path
) -> None:
    named = key.replace("__", ":").replace("_", "-")
    rule, _, column = named.partition(":")
    assert can_be_chosen(rule, column)
    files = EXAMPLES[rule]()
    before = cohort_of(files, tmp_path)
    after = cohort_of(files, tmp_path, **{key: value})
    told = decision_of(after, named)
    assert told.value == value
    assert set(told.options) >= {value}
    if decision_of(before, named).value not in (value, "") or value != "none":
        assert decision_of(before, named).value == value or _seen(before) != _seen(after)


def test_what_can_be_chosen_of_scans_is_walked_through() -> None:
    walked = {key.partition("__")[0].replace("_", "-") for key, _ in OVERRULED}
    of_scans = {"label-column", "labels-from", "folders", "patient-folders", "readers", "outlines",
                "outline-edges", "outline-size", "order", "looked-at", "event",
                "spelling"}  # fmt: skip
    assert walked == of_scans


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no table 'x\.csv' among the scans"):
        cohort_of(four(TWO), tmp_path, labels_from="x.csv")


def test_hounsfield_units_stay_what_they_are_though_shown_dark_on_bright(tmp_path: Path) -> None:
    files = {"a.dcm": saved(dicom(PhotometricInterpretation="MONOCHROME1"))}
    cohort = cohort_of(files, tmp_path)
    assert cohort.scans is not None
    assert cohort.scans.pixels("a.dcm").ravel()[:2].tolist() == [-1024, -1023]
    assert cohort.scans.frames["a.dcm"].unit == "HU"
    assert "their values stay" in decision_of(cohort, "inverted").sentence


def test_dark_on_bright_is_said_of_dicom_too(tmp_path: Path) -> None:
    files = {"a.dcm": saved(dicom(PhotometricInterpretation="MONOCHROME1", Modality="DX"))}
    assert "turned round" in decision_of(cohort_of(files, tmp_path), "inverted").sentence


def test_slices_of_the_one_patient_keep_it_beside_scans_of_a_table(tmp_path: Path) -> None:
    files = {f"{k}.png": png(plain(k)) for k in range(2)}
    files |= {
        "s/1.dcm": saved(dicom("Ann")),
        "l.csv": b"file,label,patient\n0.png,a,x\n1.png,b,y\n",
    }
    assert cohort_of(files, tmp_path).table["patient"].notna().all()


@pytest.mark.parametrize("last", [(2,), (1, 3)])
def test_several_volumes_in_one_nifti_say_what_to_do(last: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="save the volume that matters, or each of them"):
        cohort_of({"a.nii": volume(np.zeros((4, 5, 3, *last), np.int16))}, tmp_path)


def test_a_nifti_that_says_nothing_of_left_and_right_is_said(tmp_path: Path) -> None:
    data = bytearray(volume(np.ones((4, 5, 3), np.int16)))
    data[252:256] = b"\0\0\0\0"
    sentence = decision_of(cohort_of({"a.nii": bytes(data)}, tmp_path), "lies").sentence
    assert "left, right, front and back are a guess" in sentence


def test_labels_that_could_mean_several_files_say_so(tmp_path: Path) -> None:
    files = {f"{f}/{k}.png": png(plain(k)) for f in "xy" for k in (1, 2)}
    files["l.csv"] = b"file,label\n1.png,a\n2.png,b\n"
    with pytest.raises(UserError, match=r"several are called '1\.png'"):
        cohort_of(files, tmp_path)
