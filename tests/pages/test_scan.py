"""From files of scans to one scan's evidence, on the pages."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydicom.dataset import Dataset
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from pmed_core.errors import UserError
from pmed_core.modalities.scan import lesions, segmentation
from pmed_core.modalities.scan.options import Cnn28Options, ScanOptions
from pmed_core.outcomes import YesNo
from pmed_core.service import cohorts, corrections, links, models, scans, training
from pmed_core.service.hub import hub
from pmed_core.service.worklist import scan_list
from pmed_core.settings import settings
from tests.once import made_once
from tests.pages.conftest import Open, installed, on_panel, trained_on
from tests.pages.test_cohorts import press, show
from tests.scans.made import dicom, drawn, folder, plain, png, saved, spotted, zipped

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
QUICK = ScanOptions(epochs=2, members=1)
QUICKEST = ScanOptions(network=Cnn28Options(), epochs=1, members=1, baselines=False)


def collection(each: int = 12) -> bytes:
    """A ZIP with as many scans of both labels."""
    files = {f"finding/{row:02d}.png": png(spotted(row)[0]) for row in range(each)}
    return zipped(files | {f"normal/{row:02d}.png": png(plain(row)) for row in range(each)})


def _trained(folder: Path) -> None:
    with installed(folder):
        cohort = cohorts.bring_in("scans.zip", collection())
        trained_on(cohort, "spots", QUICK)


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with scans and a model of them, made once."""
    return made_once(tmp_path_factory, "scans", _trained)


@pytest.fixture
def trained(trained_home: Path, tmp_path: Path) -> tuple[str, str]:
    """A copy of that installation for one test -> ids of its cohort and model."""
    shutil.copytree(trained_home, tmp_path / "home", dirs_exist_ok=True)
    return cohorts.cohorts()[0].id, models.models()[0].id


def test_scans_are_brought_in_shown_and_trained_on(opened: Open) -> None:
    app = opened("cohorts")
    app.file_uploader[0].upload("scans.zip", collection(), "application/zip")
    app = press(app, "Upload")
    assert not app.error
    app = press(app, "Use these scans")
    assert not app.error
    (entry,) = cohorts.cohorts()
    assert entry.outcome == YesNo("label", ("finding",))
    assert any("24 scans" in markdown.value for markdown in app.markdown)
    for view in ("Outcome", "Variables", "Distributions", "Rows"):
        app = show(app, view)
        assert not app.error, view
    assert app.dataframe[0].value["scan"].iloc[0] == "finding/00.png"
    app = opened("train", cohort=entry.id)
    assert not app.error
    assert app.segmented_control[0].options[0] == "Evidence network"


def test_many_files_are_one_collection() -> None:
    files = [(f"{name}.dcm", io.BytesIO(saved(dicom(name)))) for name in ("ann", "bob")]
    entry = cohorts.cohort(cohorts.bring_in_together(files))
    assert entry.rows == 2
    assert entry.outcome is None
    assert entry.name == "2 files.zip"


def test_one_scan_shows_its_risk_and_regions_that_add_up(
    opened: Open, trained: tuple[str, str]
) -> None:
    cohort, model = trained
    app = opened("scan", model=model)
    assert not app.error
    box = next(box for box in app.selectbox if box.label == "Scan")
    box.set_value("finding/03.png")
    app.run()
    assert not app.error
    assert any("Probability of finding" in metric.label for metric in app.metric)
    found = scans.look(model, cohort, "finding/03.png")
    assert found.explanation.gap == pytest.approx(0.0, abs=1e-6)
    if found.telling:
        table = next(t.value for t in app.dataframe if "Region" in t.value.columns)
        adding = table[~table["Region"].str.startswith("Prediction")]["Log-odds"].sum()
        assert adding == pytest.approx(found.explanation.prediction[0], abs=1e-6)
        assert scans.picture(cohort, "finding/03.png", found).startswith(b"\x89PNG")


def test_whether_a_scan_was_in_training_stands_with_it(
    opened: Open, trained: tuple[str, str]
) -> None:
    cohort, model = trained
    store = hub().store.models
    held_out = store.out_of_fold(model)
    assert held_out is not None
    for name in scans.names(cohort):
        found = scans.look(model, cohort, name)
        assert found.basis == ("held-out" if name in held_out.rows else "in training")
        if found.basis == "held-out":
            at = held_out.rows.index(name)
            assert found.probability[0] == pytest.approx(held_out.value[at, 0], abs=1e-5)
    learnt = next(name for name in scans.names(cohort) if name not in held_out.rows)
    app = opened("scan", model=model)
    next(box for box in app.selectbox if box.label == "Scan").set_value(learnt).run()
    shown = [one.value for one in (*app.warning, *app.caption)]
    assert any("no reliable number for this scan" in one for one in shown)
    found = scans.look(model, cohort, learnt)
    text = PdfReader(io.BytesIO(scans.report(model, cohort, learnt, found))).pages[0].extract_text()
    assert "no reliable number for this scan" in " ".join(text.split())
    # The same pixels elsewhere, under another name, are the same scan; others are new.
    files = {"a/1.png": png(spotted(int(learnt[-6:-4]))[0]), "a/2.png": png(spotted(77)[0])}
    if learnt.startswith("normal"):
        files["a/1.png"] = png(plain(int(learnt[-6:-4])))
    other = cohorts.bring_in("other.zip", zipped(files))
    assert scans.look(model, other, "a/1.png").basis == "in training"
    assert scans.look(model, other, "a/2.png").basis == "new"
    # Of a model that was kept without that record, nobody knows.
    (settings().home / "models" / model / "parts.json").unlink()
    assert scans.look(model, cohort, learnt).basis == "unknown"


def listed(app: AppTest) -> pd.DataFrame:
    """The table of all scans."""
    return next(one.value for one in app.dataframe if "Observed" in one.value.columns)


def test_all_scans_stand_beside_the_one_that_is_open(
    opened: Open, trained: tuple[str, str]
) -> None:
    cohort, model = trained
    found = scan_list(model, cohort, "finding")
    assert found["scan"].tolist() == scans.names(cohort)
    assert found["happened"].tolist() == [one.split("/")[0] for one in scans.names(cohort)]
    held_out = hub().store.models.out_of_fold(model)
    assert held_out is not None
    told = found.dropna(subset="value").set_index("scan")["value"]
    assert dict(told) == dict(zip(held_out.rows, held_out.value[:, 0], strict=True))
    other = cohorts.bring_in("other.zip", zipped({"a/1.png": png(spotted(77)[0])}))
    assert scan_list(model, other, "finding")["value"].isna().all()
    app = opened("scan", model=model)
    first = listed(app)["Scan"].iloc[0]
    assert len(listed(app)) == 24
    app = press(app, "Next")
    assert next(box for box in app.selectbox if box.label == "Scan").value == first
    assert not app.error
    next(box for box in app.selectbox if box.label == "Show").set_value("Observed: normal").run()
    assert set(listed(app)["Observed"]) == {"normal"}


def test_a_link_to_a_scan_shows_no_name_and_leads_back(
    opened: Open, trained: tuple[str, str]
) -> None:
    cohort, model = trained
    other = cohorts.bring_in("other.zip", zipped({"a/1.png": png(spotted(77)[0])}))
    app = opened("scan", model=model)
    next(box for box in app.selectbox if box.label == "Scans of").set_value(other).run()
    next(box for box in app.selectbox if box.label == "Scan").set_value("a/1.png").run()
    token = str(app.query_params["scan"])
    assert token == links.link(other, "a/1.png")
    again = opened("scan", model=model, scan=token)
    assert next(box for box in again.selectbox if box.label == "Scans of").value == other
    assert next(box for box in again.selectbox if box.label == "Scan").value == "a/1.png"
    assert not again.info
    lost = opened("scan", model=model, scan=links.link("elsewhere", "a/1.png"))
    assert any("not in these cohorts" in one.value for one in lost.info)
    assert "scan" not in lost.query_params
    assert links.linked_scan([cohort, other], token) == (other, "a/1.png")


def test_the_evidence_on_a_scan_can_be_checked(opened: Open, trained: tuple[str, str]) -> None:
    cohort, model = trained
    found = scans.check(model, cohort, "finding/03.png", "finding")
    assert found.of == "places"
    assert found.gap < 1e-5
    assert found.strongest[0] == pytest.approx(found.random[0])
    assert found.strongest[-1] == pytest.approx(found.random[-1]) == pytest.approx(found.base)
    app = opened("scan", model=model)
    next(box for box in app.selectbox if box.label == "Scan").set_value("finding/03.png")
    app.run()
    next(t for t in app.toggle if t.label == "Check this explanation").set_value(True).run()
    assert not app.error
    assert any("places are blurred" in caption.value for caption in app.caption)


def test_a_scan_unlike_those_of_training_gets_no_number_and_no_map(
    opened: Open, trained: tuple[str, str]
) -> None:
    model = trained[1]
    black = png(np.zeros((28, 28), np.uint8))
    cohort = cohorts.bring_in("odd.zip", zipped({"a/1.png": black, "a/2.png": png(plain(1))}))
    found = scans.look(model, cohort, "a/1.png")
    assert found.outside
    assert not scans.look(model, cohort, "a/2.png").outside
    app = opened("scan", model=model)
    next(box for box in app.selectbox if box.label == "Scans of").set_value(cohort).run()
    next(box for box in app.selectbox if box.label == "Scan").set_value("a/1.png").run()
    assert not app.error
    assert any("Outside what the model has seen" in one.value for one in app.warning)
    assert not app.metric
    assert not app.toggle
    report = PdfReader(io.BytesIO(scans.report(model, cohort, "a/1.png", found)))
    text = " ".join(report.pages[0].extract_text().split())
    assert "no probability is given" in text
    assert "Interval" not in text


def slice_of_a_series(number: int) -> Dataset:
    """A spot as CT."""
    return dicom(
        SOPInstanceUID=f"1.2.{number}", InstanceNumber=number, Rows=28, Columns=28,
        RescaleIntercept=0, PixelData=spotted(1)[0].astype(np.int16).tobytes(),
    )  # fmt: skip


@pytest.mark.slow
def test_a_long_series_is_measured_when_it_is_asked_for(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmentation, "STEPS", 4)
    monkeypatch.setattr(segmentation, "STEPS_BETWEEN_LOOKS", 4)
    monkeypatch.setattr(lesions, "SLICES_AT_MOST", 2)
    files = {f"finding/{row:02d}.png": png(spotted(row)[0]) for row in range(32)}
    files |= {f"masks/{row:02d}.png": png(drawn(row)) for row in range(32)}
    files |= {f"normal/n{row:02d}.png": png(plain(row)) for row in range(32)}
    cohort = cohorts.bring_in("spots.zip", zipped(files))
    trained_on(cohort, "outlining", QUICKEST)
    slices = {f"{number}.dcm": saved(slice_of_a_series(number)) for number in (1, 2, 3)}
    cohort = cohorts.bring_in("ct.zip", zipped(slices))
    name = scans.names(cohort, "", 5)[1]
    assert scans.slices(cohort, name) == 3
    app = opened("scan", model=models.models()[0].id)
    next(box for box in app.selectbox if box.label == "Scans of").set_value(cohort).run()
    next(box for box in app.selectbox if box.label == "Scan").set_value(name).run()
    app = on_panel(app, "Outline")
    assert any("n this scan" in caption.value for caption in app.caption)
    app = press(app, "Measure on all 3 slices")
    assert not app.error
    assert any("n the 3 slices" in caption.value for caption in app.caption)


def test_pages_of_tables_do_not_offer_models_of_scans(
    opened: Open, trained: tuple[str, str]
) -> None:
    app = opened("patient", model=trained[1])
    assert not app.error
    assert any("There is no model yet" in markdown.value for markdown in app.markdown)
    app = opened("models", model=trained[1])
    assert not app.error
    for view in ("Held-out file", "Compare", "Manage"):
        app = show(app, view)
        assert not app.error, view


def test_a_revised_cohort_keeps_its_scans_and_the_upload_is_forgotten(
    trained: tuple[str, str],
) -> None:
    cohort, _ = trained
    assert not list((settings().home / "sources").glob("*/*"))
    entry = cohorts.cohort(cohort)
    fresh = cohorts.revise(cohort, entry.variables, YesNo("label", ("normal",)))
    assert cohorts.cohort(fresh).outcome == YesNo("label", ("normal",))
    shown, _ = scans.pixels(fresh, "finding/03.png")
    assert (shown == spotted(3)[0]).all()


def test_a_held_out_collection_evaluates_a_model(trained: tuple[str, str]) -> None:
    evaluated = models.evaluate(trained[1], "new.zip", collection(8))
    assert evaluated.n == 16
    assert models.evaluations(trained[1])[-1].n == 16
    with pytest.raises(UserError):
        models.evaluate(trained[1], "table.csv", b"age,label\n50,finding\n60,normal\n")


@pytest.mark.slow
def test_an_exported_model_of_scans_can_be_imported(trained: tuple[str, str]) -> None:
    packed = models.export(trained[1])
    models.remove(trained[1])
    again = models.bring_in("model.zip", packed)
    assert models.model(again).modality.page == "scan"


def test_the_report_of_a_scan_is_a_pdf(trained: tuple[str, str]) -> None:
    cohort, model = trained
    found = scans.look(model, cohort, "finding/03.png")
    assert scans.report(model, cohort, "finding/03.png", found).startswith(b"%PDF")
    assert not scans.has_spacing(cohort, "finding/03.png")


def test_before_training_one_sees_what_the_network_reads(
    opened: Open, trained: tuple[str, str]
) -> None:
    app = opened("train", cohort=trained[0])
    next(one for one in app.toggle if one.label == "Show what the network reads").set_value(True)
    app.run()
    assert not app.error
    found = scans.examples(trained[0], ScanOptions(augmentation=False))
    assert [[title for title, _ in pictures] for _, pictures in found] == 3 * [
        ["As read", "Prepared"]
    ]


def test_a_doubted_label_is_corrected_and_who_did_it_is_kept(
    opened: Open, trained: tuple[str, str]
) -> None:
    cohort, model = trained
    doubted = scans.doubted(model)
    assert all(doubt.probability < 0.5 for every in doubted.values() for doubt in every)
    app = show(opened("models", model=model), "Doubted labels")
    assert not app.error
    with pytest.raises(UserError, match="not known who"):
        corrections.correct_label(cohort, "finding/03.png", "normal", " ")
    fresh = corrections.correct_label(cohort, "finding/03.png", "normal", "Dr Who")
    assert scans.label(fresh, "finding/03.png") == "normal"
    assert scans.label(cohort, "finding/03.png") == "finding"
    (correction,) = corrections.corrections(fresh)
    assert (correction.before, correction.after, correction.who) == ("finding", "normal", "Dr Who")
    again = corrections.correct_label(fresh, "normal/01.png", "finding", "Dr Who")
    assert len(corrections.corrections(again)) == 2
    # The gallery goes on where the last correction ended, and the model's revision stays.
    assert corrections.corrected(cohort) == again
    assert [entry.id for entry in cohorts.cohorts()] == [again]
    assert cohorts.revision(cohort).id == cohort
    app = show(opened("models", model=model), "Doubted labels")
    if doubted:
        assert any("2 labels corrected" in markdown.value for markdown in app.markdown)
    app = opened("cohorts", cohort=again)
    assert any("2 labels corrected" in one.label for one in app.expander)


def test_a_kept_model_can_be_chosen_to_go_on(opened: Open, trained: tuple[str, str]) -> None:
    app = opened("train", cohort=trained[0])
    assert any(box.label == "Start from" and len(box.options) == 2 for box in app.selectbox)


@pytest.mark.slow
def test_a_kept_model_can_be_continued(trained: tuple[str, str]) -> None:
    job = training.job(training.train(trained[0], "further", QUICK, trained[1]))
    assert job.state == "done", job.error
    assert models.model(job.result).card["continues"] == "spots"


def test_a_folder_of_the_server_is_brought_in_and_no_other(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(tmp_path / "server" / "spots", 4)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("PMED_SCAN_FOLDERS", str(tmp_path / "server"))
    settings.cache_clear()
    assert cohorts.folders() == ["spots"]
    app = opened("cohorts")
    assert any("on the server" in box.label for box in app.selectbox)
    assert cohorts.cohort(cohorts.bring_in_folder("spots")).rows == 8
    for name in ("../elsewhere", "", "nothing"):
        with pytest.raises(UserError):
            cohorts.bring_in_folder(name)


def test_a_scan_that_is_not_there_is_a_sentence(trained: tuple[str, str]) -> None:
    with pytest.raises(UserError, match="There is no scan 'x'"):
        scans.look(trained[1], trained[0], "x")
    with pytest.raises(UserError, match="There is no scan 'x'"):
        scans.pixels(trained[0], "x")
