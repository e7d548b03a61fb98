"""Outlines: what the U-Net learns from a person's, what is kept of it, and what it is given as."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import highdicom as hd
import keras
import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from pmed_core import load
from pmed_core.checkpoint import Checkpoint
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evidence import STEADY, SeriesOutline
from pmed_core.modalities.scan import segmentation
from pmed_core.modalities.scan.explaining import explain_scan
from pmed_core.modalities.scan.layers import LesionEvidence
from pmed_core.modalities.scan.lesions import lesions, whole_series
from pmed_core.modalities.scan.preparation import Preparation
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.modalities.scan.segmenter import Segmenter, known_outlines
from pmed_core.options import ScanOptions
from pmed_core.predictor import Predictor
from pmed_core.progress import Silent, Stop
from pmed_core.reports.dicom import as_zip, segmentation_of_files
from pmed_core.reports.overlay import mask_png
from pmed_core.scans import Frame, Scans
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.training.fit import fit
from tests.scans.made import dicom, drawn, folder, png, saved, spotted
from tests.shell.typed import shell

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
EACH = 45


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Bright spots, and a disc drawn round each."""
    path = folder(tmp_path_factory.mktemp("outlined") / "all", EACH)
    (path / "masks").mkdir()
    for row in range(EACH):
        (path / "masks" / f"{row:03d}.png").write_bytes(png(drawn(row)))
        # The same number of another folder is no outline of it.
        (path / "normal" / f"{row:03d}.png").rename(path / "normal" / f"n{row:03d}.png")
    return read_scans(path, key=b"k", positive=("finding",))


def shorten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(segmentation, "STEPS", 60)
    patch.setattr(segmentation, "STEPS_BETWEEN_LOOKS", 60)


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten(monkeypatch)


@pytest.fixture(scope="module")
def halves(scans: Cohort) -> tuple[Cohort, Cohort]:
    return scans.select(np.arange(0, 2 * EACH, 2)), scans.select(np.arange(1, 2 * EACH, 2))


@pytest.fixture(scope="module")
def segmenter(halves: tuple[Cohort, Cohort]) -> Segmenter:
    """What outlines, without the network that reads them."""
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        found = segmentation.fit_segmenter(
            halves, Preparation(64, 1, None), 0, float("inf"), Silent()
        )
    assert found is not None
    return found


@pytest.fixture(scope="module")
def trained(scans: Cohort) -> Predictor:
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        return fit(scans, ScanOptions(epochs=4, members=1, baselines=False))


def row_of(scans: Cohort, name: str) -> Cohort:
    return scans.select(np.array([scans.table["scan"].tolist().index(name)]))


def test_scans_without_the_finding_need_no_outline(scans: Cohort) -> None:
    assert len(known_outlines(scans)) == 2 * EACH


def test_spots_of_others_are_outlined(segmenter: Segmenter, halves: tuple[Cohort, Cohort]) -> None:
    assert dice(segmenter, halves[1]) > 0.75


@pytest.mark.slow
def test_outlines_agree_with_those_of_held_out_patients(trained: Predictor) -> None:
    measures = trained.evaluation.measures
    assert measures["dice"].value > 0.75
    assert measures["dice"].low <= measures["dice"].value <= measures["dice"].high
    assert measures["hausdorff_95_pixels"].value < 4
    assert measures["lesion_sensitivity"].value > 0.9


@pytest.mark.slow
def test_the_network_that_classifies_reads_what_is_outlined(trained: Predictor) -> None:
    assert trained.ensemble.architecture.channels == trained.ensemble.preparation.channels + 1
    assert trained.evaluation.measures["auroc"].value > 0.95


@pytest.mark.slow
def test_the_map_is_flat_but_where_a_lesion_is_suspected(trained: Predictor, scans: Cohort) -> None:
    sick, healthy = (
        explain_scan(trained.ensemble, row_of(scans, name), "finding")
        for name in ("finding/005.png", "normal/n005.png")
    )
    side = 28 / len(sick.places)
    strongest = np.unravel_index(sick.places.argmax(), sick.places.shape)
    assert np.abs((np.array(strongest) + 0.5) * side - spotted(5)[1]).max() < 4
    assert (sick.places >= 0).all()
    assert sick.places.sum() > 2 * healthy.places.sum()
    assert sick.explanation.base == healthy.explanation.base < 0
    assert sick.explanation.gap < 1e-4


def test_evidence_is_weighed_by_the_probability_of_a_lesion() -> None:
    lesions = np.full((1, 4, 4, 1), 0.01, np.float32)
    lesions[0, 3, 0] = 0.96
    seen = np.log([[[[1.0, 2.0]] * 2] * 2]).astype(np.float32)
    layer = LesionEvidence()
    found = np.asarray(layer(seen, lesions))[0]
    suspicion = np.asarray(layer.suspicion)
    for row, column, likely in ((0, 0, 0.01), (0, 1, 0.01), (1, 0, 0.96), (1, 1, 0.01)):
        said = np.log1p(np.array([1, 2]) * (likely / (1 - likely)) ** suspicion)
        assert found[row, column] == pytest.approx(4 * likely / 0.99 * said, rel=1e-4)


@pytest.mark.slow
def test_the_map_changes_when_also_the_outlining_network_has_learnt_nothing(
    trained: Predictor, scans: Cohort
) -> None:
    names = [f"finding/{row:03d}.png" for row in range(6)]
    found = [
        explain_scan(trained.ensemble, row_of(scans, name), "finding").steadiness for name in names
    ]
    assert np.median(found) < STEADY


@pytest.mark.slow
def test_a_model_outlines_the_same_after_saving_and_loading(
    trained: Predictor, scans: Cohort, tmp_path: Path
) -> None:
    trained.save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert isinstance(loaded, Predictor)
    one = row_of(scans, "finding/003.png")
    before, after = (explain_scan(model.ensemble, one, "finding") for model in (trained, loaded))
    assert before.outline is not None
    assert after.outline is not None
    assert (before.outline == after.outline).all()
    assert after.explanation.prediction == pytest.approx(before.explanation.prediction, abs=1e-5)


@pytest.mark.slow
def test_what_is_found_is_listed_and_lies_where_the_spot_is(
    trained: Predictor, scans: Cohort
) -> None:
    found = explain_scan(trained.ensemble, row_of(scans, "finding/005.png"), "finding")
    assert found.outline is not None
    assert found.outline[spotted(5)[1]]
    assert found.lesions[0].pixels <= found.outline.sum()
    assert found.lesions[0].millilitres is None
    assert found.outlined_slices == 1
    picture = Image.open(io.BytesIO(mask_png(found.outline)))
    assert (np.asarray(picture) > 0).sum() == found.outline.sum()


def test_a_few_outlines_are_not_enough(scans: Cohort) -> None:
    few = scans.select(np.array([0, 1, 2, 60, 61]))
    preparation, never = Preparation(64, 1, None), float("inf")
    assert segmentation.fit_segmenter((few, few), preparation, 0, never, Silent()) is None


def test_outlines_of_nothing_teach_nothing(scans: Cohort) -> None:
    assert scans.scans is not None
    nothing = {name: np.zeros((28, 28), np.uint8) for name in scans.scans.masks}
    data = np.concatenate([scans.scans.data, *(one.ravel() for one in nothing.values())])
    ends = len(scans.scans.data) + 784 * np.arange(len(nothing))
    masks = {
        name: Frame(int(end), (28, 28), "uint8") for name, end in zip(nothing, ends, strict=True)
    }
    empty = replace(scans, scans=Scans(data, scans.scans.frames, masks))
    preparation, never = Preparation(64, 1, None), float("inf")
    assert segmentation.fit_segmenter((empty, empty), preparation, 0, never, Silent()) is None


class Asked(Exception):
    """With the digest of what the outlines hang on."""


class Asking(Silent):
    """Nothing is learnt."""

    def checkpoint(self, part: str, of: str) -> Checkpoint:
        raise Asked(of)


def test_what_was_kept_of_outlines_that_others_validated_is_not_used(scans: Cohort) -> None:
    def hangs_on(validation: Cohort) -> str:
        keras.utils.set_random_seed(0)
        preparation, never = Preparation(64, 1, None), float("inf")
        with pytest.raises(Asked) as asked:
            segmentation.fit_segmenter((scans, validation), preparation, 0, never, Asking())
        return str(asked.value)

    assert hangs_on(scans) == hangs_on(scans)
    assert hangs_on(scans) != hangs_on(scans.select(np.arange(1, len(scans))))


def dice(segmenter: Segmenter, cohort: Cohort) -> float:
    """Of all pixels of the scans with a spot."""
    assert cohort.scans is not None
    names = list(cohort.scans.masks)
    masks = [cohort.scans.mask(name) for name in names]
    drawn = np.stack([mask > 0 for mask in masks if mask is not None])
    found = np.stack(segmenter.outlines(cohort.scans, names))
    return float(2 * (found & drawn).sum() / (found.sum() + drawn.sum()))


@pytest.mark.usefixtures("few_steps")
@pytest.mark.slow
def test_outlines_are_refined_with_scans_of_another_machine(
    scans: Cohort, trained: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Half as many are gone on with, and slower.
    monkeypatch.setattr(segmentation, "STEPS", 240)
    assert scans.scans is not None
    assert trained.ensemble.segmenter is not None
    inverted = scans.scans.data.copy()
    for frame in scans.scans.frames.values():
        inverted[frame.offset : frame.offset + frame.size] ^= 255
    others = replace(scans, scans=replace(scans.scans, data=inverted))
    further = fit(others, ScanOptions(epochs=2, baselines=False), start=trained)
    assert further.ensemble.segmenter is not None
    assert dice(further.ensemble.segmenter, others) > dice(trained.ensemble.segmenter, others) + 0.2
    assert dice(trained.ensemble.segmenter, scans) > 0.75


def test_a_segmenter_stays_as_it_is_where_nothing_new_is_outlined(
    scans: Cohort, segmenter: Segmenter
) -> None:
    assert scans.scans is not None
    plain, never = replace(scans, scans=replace(scans.scans, masks={})), float("inf")
    found = segmentation.refine_segmenter(segmenter, (plain, plain), 0, never, Silent())
    assert found is segmenter


@pytest.mark.slow
def test_a_run_that_is_stopped_keeps_the_best_outlines_so_far(scans: Cohort) -> None:
    class Stopped(Silent):
        def stop(self) -> Stop:
            return "keep"

    kept = fit(scans, ScanOptions(epochs=2, baselines=False), Stopped())
    assert kept.ensemble.segmenter is not None
    assert len(kept.ensemble.networks) == 1


def test_lesions_have_volumes_where_the_distance_of_slices_is_known() -> None:
    stack = np.zeros((3, 10, 10), dtype=bool)
    stack[0:2, 1:5, 1:3] = True
    stack[2, 8, 8] = True
    names = ("a", "b", "c")
    frame = Frame(0, (10, 10), "int16", "HU", None, (2.0, 3.0), "s", 5.0)
    large, small = lesions(stack, names, frame)
    assert (large.scan, large.slices, large.pixels) == ("a", 2, 16)
    assert large.diameter_mm == pytest.approx(8)
    assert large.millilitres == pytest.approx(16 * 2 * 3 * 5 / 1000)
    assert (small.scan, small.pixels) == ("c", 1)
    unknown = lesions(stack, names, Frame(0, (10, 10), "uint8"))[0]
    assert (unknown.diameter_mm, unknown.millilitres) == (None, None)


def series(path: Path, places: list[float]) -> Path:
    path.mkdir()
    for number, place in enumerate(places):
        more = {
            "SOPInstanceUID": f"1.2.3.{number + 1}", "StudyInstanceUID": "1.2.9",
            "FrameOfReferenceUID": "1.2.8", "ImagePositionPatient": [0.0, 0.0, place],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "SliceThickness": 4.0,
            "PatientSex": "", "StudyID": "", "StudyTime": "", "AccessionNumber": "",
            "ReferringPhysicianName": "", "SeriesNumber": 1, "InstanceNumber": number + 1,
            "PositionReferenceIndicator": "", "Manufacturer": "nobody",
        }  # fmt: skip
        (path / f"{number}.dcm").write_bytes(saved(dicom("Doe^Jane", **more)))
    return path


def test_slices_know_how_far_they_are_apart(tmp_path: Path) -> None:
    read = read_scans(series(tmp_path / "ct", [0.0, 2.5, 5.0]), key=b"k")
    assert read.scans is not None
    # Overlapping slices of 4 mm: their thickness would make every volume too large.
    assert {frame.depth for frame in read.scans.frames.values()} == {2.5}


def test_dicom_of_the_app_fits_its_own_slices_and_names_nobody(tmp_path: Path) -> None:
    scans = read_scans(series(tmp_path / "ct", [0.0, 2.5]), key=b"k").scans
    assert scans is not None
    names = tuple(scans.frames)
    outline = np.zeros((2, 4, 5), dtype=bool)
    outline[1, 2, 3] = True
    archive = zipfile.ZipFile(io.BytesIO(as_zip(scans, SeriesOutline(names, outline), "A model")))
    slices = [dcmread(io.BytesIO(archive.read(f"slices/000{k}.dcm"))) for k in (1, 2)]
    written = hd.seg.segread(io.BytesIO(archive.read("outline.dcm")))
    again = written.get_pixels_by_source_instance([one.SOPInstanceUID for one in slices])
    assert (again[..., 0] == outline).all()
    assert written.SeriesDescription == RESEARCH_ONLY
    assert b"Doe" not in archive.read("slices/0001.dcm") + archive.read("outline.dcm")
    assert np.array_equal(slices[0].pixel_array, scans.pixels(names[0]))


def test_dicom_of_the_shell_refers_to_the_files_that_were_given(tmp_path: Path) -> None:
    path = series(tmp_path / "ct", [0.0, 2.5])
    files = [path / "0.dcm", path / "1.dcm"]
    outline = np.ones((2, 4, 5), dtype=bool)
    written = hd.seg.segread(io.BytesIO(segmentation_of_files(files, outline, "A model")))
    assert {uid for *_, uid in written.get_source_image_uids()} == {"1.2.3.1", "1.2.3.2"}
    (tmp_path / "no.dcm").write_bytes(b"nothing")
    with pytest.raises(UserError, match="No DICOM segmentation"):
        segmentation_of_files([tmp_path / "no.dcm"], outline[:1], "A model")


@pytest.mark.slow
def test_the_shell_outlines_a_series_and_names_what_is_strange_in_it(
    trained: Predictor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = series(tmp_path / "ct", [0.0, 2.5])
    flat = dcmread(path / "1.dcm")
    flat.PixelData = np.full(20, 7, np.int16).tobytes()
    flat.save_as(path / "1.dcm")
    trained.save(tmp_path / "model")
    to = tmp_path / "outline.dcm"
    assert shell("explain", tmp_path / "model", path, "--to", to) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("Outlined on 2 slices")
    assert " of 2 slices are outside what the model has seen" in printed.err
    assert hd.seg.segread(to).SeriesDescription == RESEARCH_ONLY


def test_pixels_of_no_known_size_are_no_dicom(segmenter: Segmenter, scans: Cohort) -> None:
    assert scans.scans is not None
    found = whole_series(segmenter, scans.scans, "finding/000.png")
    with pytest.raises(UserError, match="not known"):
        as_zip(scans.scans, found, "A model")
