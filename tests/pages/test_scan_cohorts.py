"""Cohorts of scans on the pages: what is said where they cannot be trained on yet."""

from __future__ import annotations

import io

import pytest

from pages.parts.outcome import with_outcome
from pmed_core.errors import UserError
from pmed_core.outcomes import Classes, YesNo
from pmed_core.service import cohorts
from tests.pages.conftest import Open
from tests.pages.test_cohorts import press, show
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
    identity = cohorts.correct_label(identity, "a/0.png", "b", "Dr Who")
    fresh = cohorts.revise(identity, cohorts.cohort(identity).variables, YesNo("label", ("a",)))
    assert [one.row for one in cohorts.corrections(fresh)] == ["a/0.png"]


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
