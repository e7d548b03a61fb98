"""Whose scan each is: by DICOM, by a table, by folders; never by a column about patients."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.modalities.scan.readers.folders import told_by_folders
from pmed_core.modalities.scan.readers.labels import says_patient
from pmed_core.variable import Role
from tests.scans.made import collected, decision, dicom, plain, png, rules, saved, told


def by_table(path: Path, header: str, *rows: str, **choices: str) -> Cohort:
    """Pictures 0.png, 1.png, … one for each row, and a table with these rows."""
    names = list(dict.fromkeys(row.split(",")[0] for row in rows))
    files = {name: png(plain(k)) for k, name in enumerate(names)}
    text = "\n".join((header, *rows))
    return collected(path, files | {"t.csv": text.encode()}, **choices)


@pytest.mark.parametrize(
    "column",
    ["patient", "Patient ID", "patientid", "PatientID", "patient_id", "patient-no", "Patient Nr",
     "subject", "Subject_ID", "subjectNumber", "case", "case id", "CaseID", "participant_id",
     "Person", "id", "ID", "pid", "patient_uid", "Patient Index", "patient 1", "patients"],
)  # fmt: skip
def test_a_column_that_names_patients_is_known(column: str) -> None:
    assert says_patient(column)


@pytest.mark.parametrize(
    "column",
    ["Patient Age", "PatientAge", "patient_sex", "Patient Gender", "PatientSex", "patient weight",
     "patient position", "patient_group", "case_control", "Case Status", "caseness", "case type",
     "subject area", "personal history", "person years", "patient history", "id_number_of_rater",
     "patients_per_day", "participant consent", "", "file", "casein"],
)  # fmt: skip
def test_a_column_about_patients_names_nobody(column: str) -> None:
    assert not says_patient(column)


@given(st.text(max_size=40))
def test_no_title_of_a_column_is_too_odd(title: str) -> None:
    assert says_patient(title) in (True, False)
    assert not says_patient(f"patient {title} age")


def test_how_old_patients_are_says_nothing_of_whose_scan_it_is(tmp_path: Path) -> None:
    """As in a widely used table of chest X-rays, without its column of patients."""
    cohort = by_table(
        tmp_path, "Image Index,Finding Labels,Patient Age,Patient Gender",
        "0.png,ill,58,M", "1.png,well,58,F", "2.png,ill,61,M", "3.png,well,33,F",
    )  # fmt: skip
    assert "patient" not in cohort.table
    assert cohort.table["Patient Age"].tolist() == [58, 58, 61, 33]
    assert cohort.table["Patient Gender"].tolist() == ["M", "F", "M", "F"]
    assert any("Nothing says which scans are of the same patient" in one for one in cohort.notes)


def test_the_column_of_patients_is_taken_wherever_it_stands_and_is_told(tmp_path: Path) -> None:
    cohort = by_table(
        tmp_path, "file,patient_age,case_control,diagnosis,Patient ID",
        "0.png,58,case,ill,b2", "1.png,58,control,well,a1", "2.png,61,case,ill,b2",
    )  # fmt: skip
    assert told(cohort, "patient") == {"0.png": "b2", "1.png": "a1", "2.png": "b2"}
    assert told(cohort, "case_control") == {"0.png": "case", "1.png": "control", "2.png": "case"}
    assert {v.name: v.role for v in cohort.variables}["patient"] is Role.PATIENT
    said = decision(cohort, "patients-by")
    assert said.sentence == "Patients were told by the column 'Patient ID' of the table: 2 of them."
    assert (said.cells, said.proved) == (3, True)


@pytest.mark.parametrize("unknown", ["", "NA", "n/a", "?", "-", "NULL", "nan"])
def test_scans_of_unknown_patients_are_not_of_one_patient(unknown: str, tmp_path: Path) -> None:
    cohort = by_table(
        tmp_path, "file,label,patient", f"0.png,a,{unknown}", f"1.png,b,{unknown}", "2.png,a,ann",
    )  # fmt: skip
    assert told(cohort, "patient") == {"0.png": "", "1.png": "", "2.png": "ann"}
    assert len(set(cohort.patients())) == 3


def test_patient_ids_stay_as_they_are_written(tmp_path: Path) -> None:
    cohort = by_table(
        tmp_path, "file,label,patient", "0.png,a,007", "1.png,b,7", "2.png,a,7.0", "3.png,b,1e3"
    )
    assert list(told(cohort, "patient").values()) == ["007", "7", "7.0", "1e3"]


def test_a_scan_of_two_patients_is_told(tmp_path: Path) -> None:
    cohort = by_table(
        tmp_path, "file,label,patient", "0.png,a,ann", "0.png,a,bob", "1.png,b,eve", "1.png,b,eve"
    )
    assert told(cohort, "patient") == {"0.png": "ann", "1.png": "eve"}
    said = decision(cohort, "patients-by")
    assert "1 scan has rows of several patients: the first was taken." in said.sentence
    assert not said.proved


# DICOM beside tables and folders


def slices(*patients: str) -> dict[str, bytes]:
    return {
        f"{k}.dcm": saved(dicom(patient, SOPInstanceUID=f"1.2.{k}"))
        for k, patient in enumerate(patients)
    }


def groups(cohort: Cohort) -> list[list[str]]:
    """The scans of each patient."""
    found: dict[str, list[str]] = {}
    for name, patient in told(cohort, "patient").items():
        found.setdefault(patient or name, []).append(name)
    return sorted(found.values())


def test_dicom_tells_patients_and_a_table_that_agrees_says_nothing_new(tmp_path: Path) -> None:
    files = slices("A", "B", "A")
    files["t.csv"] = b"file,label,patient\n0.dcm,x,p1\n1.dcm,y,p2\n2.dcm,x,p1\n"
    cohort = collected(tmp_path, files)
    assert groups(cohort) == [["0.dcm", "2.dcm"], ["1.dcm"]]
    assert "patients-by" not in rules(cohort)


@pytest.mark.parametrize("others", ["p1 p1 p1", "p1 p2 p3", "p1 p1 p2"])
def test_a_table_that_tells_patients_otherwise_than_dicom_is_told(
    others: str, tmp_path: Path
) -> None:
    rows = [f"{k}.dcm,{'xy'[k % 2]},{one}" for k, one in enumerate(others.split())]
    files = slices("A", "B", "A") | {"t.csv": "\n".join(["file,label,patient", *rows]).encode()}
    cohort = collected(tmp_path, files)
    assert groups(cohort) == [["0.dcm", "2.dcm"], ["1.dcm"]]
    said = decision(cohort, "patients-by")
    assert (said.value, said.proved) == ("DICOM", False)
    assert "the table do not agree which scans are of one patient" in said.sentence


def test_an_id_that_all_files_share_tells_nobody_apart(tmp_path: Path) -> None:
    """As where a hospital put ANONYMOUS everywhere."""
    files = slices("ANON", "ANON", "ANON")
    files["t.csv"] = b"file,label,patient\n0.dcm,x,p1\n1.dcm,y,p2\n2.dcm,x,p1\n"
    cohort = collected(tmp_path, files)
    assert groups(cohort) == [["0.dcm", "2.dcm"], ["1.dcm"]]
    assert decision(cohort, "patients-by").value == "the table"
    assert "p1" not in cohort.table.to_csv(), "beside DICOM, ids become pseudonyms"


def test_one_person_in_dicom_and_in_a_table_is_one_patient(tmp_path: Path) -> None:
    files = slices("ann", "bob") | {"9.png": png(plain(9))}
    files["t.csv"] = b"file,label,patient\n9.png,x,ann\n0.dcm,y,ann\n1.dcm,x,bob\n"
    cohort = collected(tmp_path, files)
    assert groups(cohort) == [["0.dcm", "9.png"], ["1.dcm"]]


def test_dicom_files_without_a_patient_are_told_by_their_folders(tmp_path: Path) -> None:
    files = {
        f"{label}/patient_{k}/{n}.dcm": saved(
            dicom("", SOPInstanceUID=f"1.2.{k}{n}", SeriesInstanceUID=f"1.3.{k}")
        )
        for label, k in (("ill", 1), ("well", 2)) for n in range(2)
    }  # fmt: skip
    cohort = collected(tmp_path, files)
    assert groups(cohort) == [
        ["ill/patient_1/0.dcm", "ill/patient_1/1.dcm"],
        ["well/patient_2/0.dcm", "well/patient_2/1.dcm"],
    ]


# Folders: which are labels, which patients, which neither


@pytest.mark.parametrize(
    ("names", "labels", "patients"),
    [
        (["ill/p01/1", "ill/p02/1", "well/p03/1"], "ill ill well", "p01 p02 p03"),
        (["p01/ill/1", "p02/ill/1", "p03/well/1"], "ill ill well", "p01 p02 p03"),
        (["ill/p01/CT/ser1/1", "well/p02/CT/ser1/1"], "ill well", "p01 p02"),
        (["grade 1/a", "grade 2/b", "grade 3/c"], "grade_1 grade_2 grade_3", ""),
        (["sub-01/1", "sub-02/1", "sub-03/1"], "", "sub-01 sub-02 sub-03"),
        (["0/a", "1/b", "2/c"], "0 1 2", ""),
        (["0001/a", "0002/b", "0003/c"], "", "0001 0002 0003"),
        (["BIRADS 2/P1/a", "BIRADS 4/P2/a"], "BIRADS_2 BIRADS_4", "P1 P2"),
        (["images/a", "images/b"], "", ""),
        (["case12/a", "case13/b"], "", "case12 case13"),
        (["COVID-19/a", "COVID-19/b", "Normal/c"], "COVID-19 COVID-19 Normal", ""),
        (["2021-03-04/ill/a", "2021-03-05/well/b"], "ill well", ""),
        (["site1/ill/a", "site2/well/b"], "ill well", ""),
        (["scanner 1/ill/a", "scanner 2/well/b"], "ill well", ""),
        (["p1/ill/a", "p2/well/b"], "ill well", "p1 p2"),
        (["S_01/ill/a", "S_02/well/b"], "ill well", "S_01 S_02"),
    ],
)  # fmt: skip
def test_folders_of_patients_are_no_labels_and_labels_no_patients(
    names: list[str], labels: str, patients: str
) -> None:
    found = told_by_folders([f"{name}.png" for name in names], {})
    nothing = [""] * len(names)
    assert found.labels == ([one.replace("_", " ") for one in labels.split()] or nothing)
    assert found.patients == (patients.split() or nothing)


@pytest.mark.parametrize(
    "split", ["train", "Training", "test set", "val", "TRAIN_images", "dev", "TestImages"]
)
@pytest.mark.parametrize("first", [True, False])
def test_a_part_for_training_or_testing_is_no_label(split: str, first: bool) -> None:
    names = [
        "/".join([split, label] if first else [label, split]) + f"/{k}.png"
        for k, label in enumerate(("ill", "well"))
    ]
    found = told_by_folders(names, {})
    assert (found.labels, found.splits) == (["ill", "well"], [split, split])


def test_folders_that_may_be_patients_can_be_said_to_be_none(tmp_path: Path) -> None:
    files = {f"{'ill' if k % 2 else 'well'}/s{k:03d}/1.png": png(plain(k)) for k in range(4)}
    assert len(set(told(collected(tmp_path, files), "patient").values())) == 4
    cohort = collected(tmp_path, files, patient_folders="none")
    assert "patient" not in cohort.table
    assert decision(cohort, "patient-folders").value == "none"


def test_very_many_folders_with_few_files_are_people_whatever_they_are_called() -> None:
    names = [f"{word}ova{k}x/{n}.png" for k, word in enumerate("abcdefghijklmnopqrstuvwx")
             for n in range(2)]  # fmt: skip
    found = told_by_folders(names, {})
    assert len(set(found.patients)) == 24
    assert set(found.labels) == {""}
