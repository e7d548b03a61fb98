"""From files of scans to one scan's evidence, on the pages."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from pmed_core.errors import UserError
from pmed_core.options import ScanOptions
from pmed_core.outcome import YesNo
from pmed_core.service import cohorts, models, scans, training
from pmed_core.settings import settings
from tests.pages.conftest import Open, installed
from tests.pages.test_cohorts import press, show
from tests.scans.made import dicom, plain, png, saved, spotted, zipped

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
QUICK = ScanOptions(epochs=2, members=1)


def collection(each: int = 12) -> bytes:
    """A ZIP with as many scans of both labels."""
    files = {f"finding/{row:02d}.png": png(spotted(row)[0]) for row in range(each)}
    return zipped(files | {f"normal/{row:02d}.png": png(plain(row)) for row in range(each)})


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with scans and a model of them, made once."""
    with installed(tmp_path_factory.mktemp("scans")) as home:
        cohort = cohorts.bring_in("scans.zip", collection())
        job = training.job(training.train(cohort, "spots", QUICK))
        assert job.state == "done", job.error
    return home


@pytest.fixture
def trained(trained_home: Path, tmp_path: Path) -> tuple[str, str]:
    """A copy of that installation for one test -> ids of its cohort and model."""
    shutil.copytree(trained_home, tmp_path / "home", dirs_exist_ok=True)
    return cohorts.cohorts()[0].id, models.models()[0].id


def test_scans_are_brought_in_shown_and_trained_on(opened: Open) -> None:
    app = opened("cohorts")
    app.file_uploader[0].upload("scans.zip", collection(), "application/zip")
    app = press(app, "Bring in")
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
    assert found.base + found.places.sum() == pytest.approx(found.prediction)
    if found.telling:
        table = next(t.value for t in app.dataframe if "Region" in t.value.columns)
        adding = table[~table["Region"].str.startswith("Sum")]["Log-odds"].sum()
        assert adding == pytest.approx(found.prediction, abs=1e-6)
        assert scans.picture(cohort, "finding/03.png", found).startswith(b"\x89PNG")


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


def test_a_held_out_collection_judges_a_model(trained: tuple[str, str]) -> None:
    judged = models.evaluate(trained[1], "new.zip", collection(8))
    assert judged.n == 16
    assert models.evaluations(trained[1])[-1].n == 16
    with pytest.raises(UserError):
        models.evaluate(trained[1], "table.csv", b"age,label\n50,finding\n60,normal\n")


def test_an_exported_model_of_scans_can_be_imported(trained: tuple[str, str]) -> None:
    packed = models.export(trained[1])
    models.remove(trained[1])
    again = models.bring_in("model.zip", packed)
    assert models.model(again).reads_scans


def test_a_scan_that_is_not_there_is_a_sentence(trained: tuple[str, str]) -> None:
    with pytest.raises(UserError, match="There is no scan 'x'"):
        scans.look(trained[1], trained[0], "x")
    with pytest.raises(UserError, match="There is no scan 'x'"):
        scans.pixels(trained[0], "x")
