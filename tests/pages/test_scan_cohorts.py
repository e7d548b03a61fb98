"""Cohorts of scans on the pages: what is said where they cannot be trained on yet."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.outcome import with_outcome
from pmed_core.errors import UserError
from pmed_core.outcomes import Classes, YesNo
from pmed_core.service import cohorts, corrections
from pmed_core.service.sources import can_be_read_again
from pmed_core.settings import settings
from tests.pages.conftest import Open
from tests.pages.test_cohorts import decide, press, show, sources
from tests.scans.made import dicom, plain, png, saved, zipped


def pictures(folder: str, count: int = 3) -> dict[str, bytes]:
    return {f"{folder}{row}.png": png(plain(row)) for row in range(count)}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (pictures("normal/"), "All 3 scans carry the label 'normal'. Training needs a second"),
        (pictures(""), "The scans have no labels. Training needs two labels"),
        (pictures("normal/", 1), "The only scan with a label carries the label 'normal'"),
    ],
    ids=["one folder", "no folder", "one scan"],
)
def test_scans_that_cannot_be_told_apart_say_what_is_missing(
    files: dict[str, bytes], says: str, opened: Open
) -> None:
    app = opened("cohorts", cohort=cohorts.bring_in("scans.zip", zipped(files)))
    assert not app.error
    assert not any("to be predicted" in box.label for box in app.selectbox)
    assert says in app.info[0].value.replace("\\", "")
    app = show(app, "Quality")
    assert any(says.split(". ")[0] in one.value.replace("\\", "") for one in app.markdown)


@pytest.mark.parametrize(
    "outcome", [YesNo("scan", ("normal/0.png",)), Classes("scan", ("normal/0.png",))]
)
def test_file_names_are_never_the_outcome(outcome: YesNo | Classes) -> None:
    identity = cohorts.bring_in("scans.zip", zipped(pictures("normal/")))
    variables = cohorts.cohort(identity).variables
    # The first as the notebook would ask for it, the second as the page would.
    for asked in (variables, with_outcome(variables, outcome)):
        with pytest.raises(UserError, match="with the(ir)? labels as the outcome"):
            cohorts.revise(identity, asked, outcome)
    assert [entry.id for entry in cohorts.cohorts()] == [identity]


def test_the_variables_of_scans_speak_of_scans(opened: Open) -> None:
    files = {f"{name}{n}/1.dcm": saved(dicom(name)) for name in ("ann", "bob") for n in (1, 2)}
    identity = cohorts.bring_in("scans.zip", zipped(files))
    app = opened("cohorts", cohort=identity)
    show(app, "Variables")
    assert any("reads the scans" in caption.value for caption in app.caption)
    assert not any("what-if" in caption.value for caption in app.caption)
    show(app, "Quality")
    told = " ".join(markdown.value for markdown in app.markdown)
    assert "Several scans of a patient" in told
    assert "several scans; all scans of a patient" in told
    assert "rows" not in told


def test_columns_of_scans_keep_their_names() -> None:
    files = pictures("a/") | pictures("b/")
    identity = cohorts.bring_in("scans.zip", zipped(files))
    entry = cohorts.cohort(identity)
    renamed = with_outcome(entry.variables, YesNo("label", ("a",)))[1:]
    with pytest.raises(UserError, match="keep their names"):
        cohorts.revise(identity, renamed, YesNo("label", ("a",)))


def test_another_outcome_forgets_no_corrected_label() -> None:
    identity = cohorts.bring_in("scans.zip", zipped(pictures("a/") | pictures("b/")))
    # Nothing says whether a or b is the event, so it is chosen.
    assert cohorts.cohort(identity).outcome is None
    identity = cohorts.revise(identity, cohorts.cohort(identity).variables, YesNo("label", ("b",)))
    identity = corrections.correct_label(identity, "a/0.png", "b", "Dr Who")
    fresh = cohorts.revise(identity, cohorts.cohort(identity).variables, YesNo("label", ("a",)))
    assert [one.row for one in corrections.corrections(fresh)] == ["a/0.png"]


def test_a_zip_with_a_table_beside_it_is_one_sentence(opened: Open) -> None:
    app = opened("cohorts")
    app.file_uploader[0].upload("scans.zip", zipped(pictures("")), "application/zip")
    app.file_uploader[0].upload("labels.csv", b"file,label\n0.png,yes\n1.png,no\n", "text/csv")
    app = press(app, "Upload")
    (error,) = app.error
    assert error.value.replace("\\", "").startswith("scans.zip: A ZIP is brought in alone.")
    assert "inside one ZIP" in error.value
    assert not cohorts.cohorts()


def test_labels_beside_pictures_name_the_table_that_does_not_fit() -> None:
    files = [("0.png", io.BytesIO(png(plain(0)))), ("labels.csv", io.BytesIO(b"file,label\nx,y\n"))]
    with pytest.raises(UserError, match=r"^labels\.csv: The labels name none of the scans"):
        cohorts.bring_in_together(files)


def waiting(opened: Open, files: dict[str, bytes]) -> AppTest:
    """The page on which scans wait to be taken."""
    app = opened("cohorts")
    app.file_uploader[0].upload("scans.zip", zipped(files), "application/zip")
    app = press(app, "Upload")
    assert not app.error
    return app


def told(app: AppTest) -> str:
    return " ".join(one.value for one in (*app.caption, *app.markdown)).replace("\\", "")


def with_two_columns() -> dict[str, bytes]:
    rows = [f"{k}.png,{'ab'[k % 2]},{'xy'[k // 2]}" for k in range(4)]
    table = "\n".join(["file,diagnosis,finding", *rows]).encode()
    return {f"{k}.png": png(plain(k)) for k in range(4)} | {"labels.csv": table}


def test_scans_are_looked_at_and_decided_before_they_are_taken(opened: Open) -> None:
    app = waiting(opened, with_two_columns())
    assert not cohorts.cohorts()
    assert sources() == ["scans.zip"]
    first = app.dataframe[0].value
    assert len(first) == 4
    assert first["picture"].str.startswith("data:image/png;base64,").all()
    assert "4 scans; no labels" in told(app)
    assert "Several columns of labels.csv could be the labels" in told(app)
    decide(app, "Column with the labels", "finding")
    assert "x (2); y (2)" in told(app)
    assert not cohorts.cohorts()
    press(app, "Use these scans")
    assert not app.error
    (entry,) = cohorts.cohorts()
    assert sorted(cohorts.table(entry.id).table["label"]) == ["x", "x", "y", "y"]
    assert cohorts.overruled(entry.address) == {"label-column": "finding"}
    # The files hold identifiers, so they are gone; the account says so, and what can be done.
    assert sources() == []
    show(app, "Reading")
    assert "The files of these scans are gone" in told(app)
    assert not any(box.label == "Column with the labels" for box in app.selectbox)


def test_scans_that_are_not_taken_leave_nothing(opened: Open) -> None:
    app = press(waiting(opened, pictures("a/") | pictures("b/")), "Cancel")
    assert sources() == []
    assert not cohorts.cohorts()
    assert any(button.label == "Upload" for button in app.button)


def test_outlines_that_are_drawn_the_other_way_round_are_seen_and_turned(opened: Open) -> None:
    mask = np.full((28, 28), 255, np.uint8)
    mask[10:20, 10:20] = 0
    files = {"images/1.png": png(plain(1)), "masks/1.png": png(mask)}
    app = waiting(opened, files)
    assert "1 with an outline" in told(app)
    decide(app, "Outlines", "as-drawn")
    press(app, "Use these scans")
    (entry,) = cohorts.cohorts()
    scans = cohorts.table(entry.id).scans
    assert scans is not None
    found = scans.mask("images/1.png")
    assert found is not None
    assert (found > 0).sum() == 28 * 28 - 100


def test_several_files_wait_as_one_collection(opened: Open) -> None:
    app = opened("cohorts")
    for name, data in with_two_columns().items():
        app.file_uploader[0].upload(name, data, "application/octet-stream")
    app = press(app, "Upload")
    assert not app.error
    assert "4 scans" in told(app)
    assert sources() == ["5 files.zip"]


def on_the_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = home / "server"
    for name, data in with_two_columns().items():
        (home / "ward").mkdir(parents=True, exist_ok=True)
        (home / "ward" / name).write_bytes(data)
    monkeypatch.setenv("PMED_SCAN_FOLDERS", str(home))
    settings.cache_clear()
    return home / "ward"


def test_a_folder_that_is_still_on_the_server_is_read_again(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_the_server(tmp_path, monkeypatch)
    app = press(opened("cohorts"), "Upload this folder")
    assert not app.error
    assert "4 scans; no labels" in told(app)
    app = press(app, "Use these scans")
    (entry,) = cohorts.cohorts()
    app = show(app, "Reading")
    decide(app, "Column with the labels", "diagnosis")
    app = press(app, "Save changes")
    assert not app.error
    entry = cohorts.cohort(entry.address)
    assert sorted(cohorts.table(entry.id).table["label"]) == ["a", "a", "b", "b"]
    assert "finding" in cohorts.table(entry.id).table


def test_reading_a_folder_again_never_loses_a_corrected_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward = on_the_server(tmp_path, monkeypatch)
    identity = cohorts.bring_in_folder("ward")
    variables = cohorts.cohort(identity).variables
    identity = cohorts.revise(identity, variables, None, {"label-column": "diagnosis"})
    entry = cohorts.cohort(identity)
    identity = cohorts.revise(identity, entry.variables, YesNo("label", ("b",)))
    identity = corrections.correct_label(identity, "0.png", "b", "Dr Who")
    with pytest.raises(UserError, match="corrected by hand"):
        cohorts.revise(
            identity, cohorts.cohort(identity).variables, None, {"label-column": "finding"}
        )
    ward.rename(tmp_path / "gone")
    assert not can_be_read_again(identity)
