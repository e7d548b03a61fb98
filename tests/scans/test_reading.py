"""Files of scans: what is read, what is left behind, and what is wrong with broken ones."""

from __future__ import annotations

import io
import sys
import zlib
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless
from scipy.ndimage import gaussian_filter

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers.dicom import WrittenOn, read_dicom
from pmed_core.modalities.scan.readers.images import read_image
from pmed_core.modalities.scan.readers.nifti import read_nifti
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.modalities.scan.readers.slices import Unreadable
from pmed_core.outcomes import Classes, YesNo
from pmed_core.readers.quality import check
from tests.scans.made import dicom, folder, plain, png, saved, spotted, zipped

KEY = b"key"


def read(path: Path, files: dict[str, bytes], **more: object) -> Cohort:
    """Files as a ZIP -> cohort."""
    path /= "scans.zip"
    path.write_bytes(zipped(files))
    return read_scans(path, key=KEY, **more)  # type: ignore[arg-type]


def test_folders_are_labels_and_the_healthy_one_is_no_event(tmp_path: Path) -> None:
    cohort = read_scans(folder(tmp_path / "all", 3), key=KEY)
    assert cohort.outcome == YesNo("label", ("finding",))
    assert cohort.observed().tolist() == [1, 1, 1, 0, 0, 0]
    assert cohort.scans is not None
    assert (cohort.scans.pixels("finding/001.png") == spotted(1)[0]).all()
    assert any("Nothing says which scans are of the same patient" in n for n in cohort.notes)


def test_three_folders_are_classes_and_chosen_labels_the_event(tmp_path: Path) -> None:
    files = {f"{name}/1.png": png(plain(1)) for name in ("a", "b", "c")}
    assert read(tmp_path, files).outcome == Classes("label", ("a", "b", "c"))
    assert read(tmp_path, files, positive=("a", "c")).outcome == YesNo("label", ("a", "c"))
    with pytest.raises(UserError, match="No scan has the label 'd'"):
        read(tmp_path, files, positive=("d",))


def test_a_table_gives_labels_and_patients(tmp_path: Path) -> None:
    table = "file,patient,label\n1.png,ann,yes\n2.png,ann,no\n3.png,bob,yes\n"
    files = {f"{n}.png": png(plain(n)) for n in (1, 2, 3, 4)} | {"labels.csv": table.encode()}
    cohort = read(tmp_path, files)
    assert cohort.patients()[:3].tolist() == ["ann", "ann", "bob"]
    assert cohort.observed().tolist() == [1, 0, 1, -1]
    assert "1 scans have no label." in cohort.notes


def test_labels_that_match_no_file_are_an_error(tmp_path: Path) -> None:
    files = {"1.png": png(plain(1)), "labels.csv": b"file,label\nx.png,yes\ny.png,no\n"}
    with pytest.raises(UserError, match="name none of the scans"):
        read(tmp_path, files)


def test_masks_belong_to_the_scan_of_the_same_name(tmp_path: Path) -> None:
    mask = np.zeros((28, 28), np.uint8)
    mask[3:5, 3:5] = 1
    files = {"a/1.png": png(plain(1)), "b/2.png": png(plain(2)), "masks/1.png": png(mask)}
    cohort = read(tmp_path, files)
    assert cohort.scans is not None
    assert len(cohort) == 2
    drawn = cohort.scans.mask("a/1.png")
    assert drawn is not None
    assert (drawn == 255 * mask).all()
    assert cohort.scans.mask("b/2.png") is None


def test_ct_values_are_hounsfield_units_and_no_identifier_is_left() -> None:
    found = read_dicom(saved(dicom()), KEY)
    (one,) = found.slices
    assert one.pixels.tolist() == (np.arange(20).reshape(4, 5) - 1024).tolist()
    assert (one.unit, one.window, one.spacing) == ("HU", (-600.0, 1500.0), (0.5, 0.7))
    assert "Doe" not in repr(one)
    assert found.removed["names"] == 1
    assert found.removed["dates and times"] == 2


def test_either_order_of_bytes_is_read() -> None:
    values = np.arange(-7, 13, dtype=">i2")
    dataset, written = dicom(PixelData=values.tobytes()), io.BytesIO()
    dataset["PixelData"].VR = "OW"
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset.save_as(written, enforce_file_format=True)
    (one,) = read_dicom(written.getvalue(), KEY).slices
    assert one.pixels.ravel().tolist() == (values.astype(int) - 1024).tolist()


def test_pseudonyms_are_the_same_for_the_same_patient_and_key_alone() -> None:
    def patient(name: str, key: bytes) -> str:
        return read_dicom(saved(dicom(name)), key).slices[0].patient

    assert patient("Ann", b"1") == patient("Ann", b"1")
    assert len({patient("Ann", b"1"), patient("Bob", b"1"), patient("Ann", b"2")}) == 3


def test_dark_on_bright_is_turned_round() -> None:
    dataset = dicom(PhotometricInterpretation="MONOCHROME1", Modality="DX")
    pixels = read_dicom(saved(dataset), KEY).slices[0].pixels
    assert pixels[0, 0] > pixels[-1, -1]


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("meaning", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("shift", [-40_000, -1024, 0, 7, 0.5, 2_000])
def test_rescaling_is_that_of_plain_arithmetic(signed: bool, meaning: str, shift: float) -> None:
    low, high = (-32768, 32767) if signed else (0, 65535)
    raw = np.random.default_rng(0).integers(low, high, 20, endpoint=True)
    raw = raw if shift in (-40_000, 0.5) else raw // 16
    data = raw.astype(np.int16 if signed else np.uint16).tobytes()
    dataset = dicom(
        PixelData=data, PixelRepresentation=int(signed), RescaleIntercept=shift,
        PhotometricInterpretation=meaning, Modality="DX",
    )  # fmt: skip
    dataset["PixelData"].VR = "OW"
    expected = raw + shift
    if meaning == "MONOCHROME1":
        # About the middle of all that could be stored: one value is the same in every picture.
        expected = (low + high) + 2 * shift - expected
    found = read_dicom(saved(dataset), KEY).slices[0].pixels
    assert found.ravel().tolist() == expected.tolist()


def test_compressed_and_deflated_files_are_read() -> None:
    packed = dicom()
    packed.compress(RLELossless)
    expected = read_dicom(saved(dicom()), KEY).slices[0].pixels
    assert (read_dicom(saved(packed), KEY).slices[0].pixels == expected).all()
    deflated = dicom()
    deflated.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    assert (read_dicom(saved(deflated), KEY).slices[0].pixels == expected).all()


def test_frames_are_slices_in_order() -> None:
    data = np.arange(40, dtype=np.int16).tobytes()
    slices = read_dicom(saved(dicom(NumberOfFrames=2, PixelData=data)), KEY).slices
    assert [int(one.pixels[0, 0]) for one in slices] == [-1024, -1004]
    assert slices[0].series == slices[1].series != ""


@pytest.mark.parametrize(
    "more", [{"BurnedInAnnotation": "YES"}, {"Modality": "US"}, {"Modality": "SC"}]
)
def test_pixels_that_may_show_a_name_are_set_aside(more: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(WrittenOn):
        read_dicom(saved(dicom(**more)), KEY)
    files = {"a/1.dcm": saved(dicom(**more)), "b/2.dcm": saved(dicom())}
    cohort = read(tmp_path, files)
    assert len(cohort) == 1
    assert any(note.startswith("1 scan may show a name") for note in cohort.notes)


def test_a_person_can_say_that_no_name_is_to_be_seen() -> None:
    assert read_dicom(saved(dicom(Modality="US")), KEY, looked_at=True).slices
    with pytest.raises(WrittenOn):
        read_dicom(saved(dicom(Modality="US", BurnedInAnnotation="YES")), KEY, looked_at=True)


@pytest.mark.parametrize("change", ["saved again", "brighter", "cut"])
def test_nearly_the_same_scan_of_two_patients_is_told(change: str, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    smooth = [gaussian_filter(generator.normal(0, 1, (96, 96)), 12) for _ in range(4)]
    scans = [np.clip(110 + 1200 * one, 10, 200).astype(np.uint8) for one in smooth]
    again = {
        "saved again": np.clip(scans[0] + generator.normal(0, 2, (96, 96)), 0, 255),
        "brighter": scans[0] * 1.1 + 15, "cut": scans[0][:-1, 1:],
    }[change].astype(np.uint8)  # fmt: skip
    files = {f"a/{k}.png": png(one) for k, one in enumerate(scans)}
    findings = check(read(tmp_path, files | {"b/again.png": png(again)})).findings
    near = [finding for finding in findings if finding.check == "nearly the same scan"]
    assert [finding.rows for finding in near] == [(0, 4)]
    torn = [finding for finding in findings if finding.check == "labels"]
    assert [finding.rows for finding in torn] == [(0, 4)]


def nested(depth: int) -> Dataset:
    inner = Dataset()
    inner.PatientID = "x"
    for _ in range(depth):
        outer = Dataset()
        outer.ReferencedStudySequence = Sequence([inner])
        inner = outer
    return dicom(ReferencedStudySequence=inner.ReferencedStudySequence)


def bomb() -> bytes:
    """A deflated file of 1 MB that unpacks to 1 GB."""
    dataset = dicom()
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    head = saved(dataset)
    start = 132 + 12 + int.from_bytes(head[140:144], "little")
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    parts = [packer.compress(bytes(2**24)) for _ in range(64)]
    return head[:start] + b"".join(parts) + packer.flush()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (saved(dicom())[:-8], "cut off"),
        (saved(dicom())[:200], "no image|damaged"),
        (saved(dicom(Rows=60000, Columns=60000)), "claims 60,000 x 60,000 pixels"),
        (bomb(), "unpacks to more than"),
    ],
    ids=["cut off", "header only", "too many pixels", "bomb"],
)
def test_a_broken_dicom_file_says_why(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_dicom(data, KEY)


def test_attributes_nested_too_deeply_are_refused() -> None:
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        data = saved(nested(1000))
    finally:
        sys.setrecursionlimit(usual)
    with pytest.raises(Unreadable, match="nested too deeply"):
        read_dicom(data, KEY)
    assert len(read_dicom(saved(nested(20)), KEY).slices) == 1


def test_a_picture_that_claims_too_much_is_refused() -> None:
    honest = bytearray(png(plain(1)))
    honest[16:24] = (100_000).to_bytes(4, "big") * 2
    # The header's checksum follows its 13 bytes.
    honest[29:33] = zlib.crc32(bytes(honest[12:29])).to_bytes(4, "big")
    with pytest.raises(Unreadable, match="claims"):
        read_image(bytes(honest))
    with pytest.raises(Unreadable, match="not a PNG"):
        read_image(b"hello" * 100)
    with pytest.raises(Unreadable, match="damaged or cut off"):
        read_image(png(plain(1))[:300])


def test_a_volume_is_its_axial_slices() -> None:
    volume = np.arange(3 * 4 * 2, dtype=np.int16).reshape(3, 4, 2)
    image = nibabel.nifti1.Nifti1Image(volume, np.diag([2.0, 3.0, 5.0, 1.0]))  # type: ignore[no-untyped-call]
    slices = read_nifti(image.to_bytes())
    assert len(slices) == 2
    assert slices[0].pixels.shape == (4, 3)
    assert slices[0].spacing == (3.0, 2.0)
    assert slices[1].pixels[-1, -1] == volume[0, 0, 1]
    with pytest.raises(Unreadable):
        read_nifti(image.to_bytes()[:360])


def test_one_bad_file_is_skipped_and_named(tmp_path: Path) -> None:
    files = {f"a/{n}.png": png(plain(n)) for n in range(3)} | {
        "b/bad.png": b"x" * 50, "b/empty.dcm": b"", "b/good.png": png(plain(9)),
    }  # fmt: skip
    cohort = read(tmp_path, files)
    assert len(cohort) == 4
    told = {d.sentence for d in cohort.reading if d.rule == "skipped"}
    assert len(told) == 2
    assert any("it is not a PNG" in said and "(b/bad.png)" in said for said in told)
    assert not any("skipped" in note for note in cohort.notes), "said once"


def test_names_that_lead_outside_are_told_and_hidden_files_are_ignored(tmp_path: Path) -> None:
    good = png(plain(1))
    files = {"../up.png": good, "/root.png": good, "a/.hidden.png": good, "a/1.png": good,
             "__MACOSX/a/2.png": good, "b/3.png": good}  # fmt: skip
    cohort = read(tmp_path, files)
    assert sorted(cohort.table["scan"]) == ["a/1.png", "b/3.png"]
    (said,) = [d.sentence for d in cohort.reading if d.rule == "skipped"]
    assert said.startswith("2 files were skipped: its name leads out of the ZIP")
    assert "../up.png" in said
    assert "hidden" not in said
    assert "MACOSX" not in said
    with pytest.raises(UserError, match="'../up.png' was skipped because its name leads out"):
        read(tmp_path, {"../up.png": good, ".DS_Store": b"x"})


def test_a_collection_without_scans_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No scan could be read: 'a.png' was skipped"):
        read(tmp_path, {"a.png": b"nothing"})
    with pytest.raises(UserError, match="There is no file in it"):
        read(tmp_path, {})
    broken = tmp_path / "broken.zip"
    broken.write_bytes(zipped({"a.png": png(plain(1))})[:-30])
    with pytest.raises(UserError):
        read_scans(broken, key=KEY)


def test_a_zip_of_zeros_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "zeros.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(80 * 2**20))
    with pytest.raises(UserError, match="would unpack to 80 MB"):
        read_scans(path, key=KEY)


def test_sixteen_bits_are_kept() -> None:
    deep = (np.arange(100, dtype=np.uint16) * 600).reshape(10, 10)
    written = io.BytesIO()
    from PIL import Image

    Image.fromarray(deep).save(written, "PNG")
    (one,) = read_image(written.getvalue())
    assert one.pixels.dtype == np.uint16
    assert (one.pixels == deep).all()
