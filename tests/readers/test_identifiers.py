"""Whose row it is: identifiers are known by name and by their cells, and are never inputs."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.quality import Severity
from pmed_core.readers.quality import check
from pmed_core.readers.tables import read_cohort
from pmed_core.variable import Role

SYSTEMS = [
    ("subject_id", "hadm_id", "stay_id"),
    ("SUBJECT_ID", "HADM_ID", "ICUSTAY_ID"),
    ("uniquepid", "patienthealthsystemstayid", "patientunitstayid"),
    ("person_id", "visit_occurrence_id", "measurement_id"),
    ("PAT_ID", "PAT_ENC_CSN_ID", "ORDER_ID"),
    ("PAT_MRN_ID", "CSN", "HAR"),
    ("EMPI", "encounter_id", "specimen_id"),
    ("person_id", "FIN", "event_id"),
    ("Patientennummer", "Fallnummer", "order_id"),
    ("IPP", "IEP", "sample_id"),
    ("NHC", "episodio_id", "sample_id"),
    ("Patient ID", "Admission No", "Sample ID"),
    ("participant_id", "visit_id", "sample_id"),
    ("USUBJID", "encounter", "barcode"),
    ("patient", "visit", "sample"),
    ("Subject", "encounter", "specimen"),
]


def stays(names: tuple[str, str, str], people: int, width: int) -> pd.DataFrame:
    rows = []
    for person in range(people):
        for stay in range(1 + person % 3):
            one = person * 3 + stay
            for sample in range(1 + one % 2):
                rows.append(
                    (
                        f"{10 ** (width - 1) + person * 7}", f"{20 * 10 ** (width - 2) + one * 11}",
                        f"{30 * 10 ** (width - 2) + 2 * one + sample}",
                        f"{40 + person % 37}", f"{5 + (one * 37 % 100) / 7:.2f}",
                        "yes" if one % 3 else "no",
                    )
                )  # fmt: skip
    return pd.DataFrame(rows, columns=[*names, "age", "crp", "died"])


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(SYSTEMS), st.integers(15, 40), st.integers(4, 9),
    st.permutations(range(6)),
)  # fmt: skip
def test_the_person_is_taken_in_any_order_of_columns(names, people, width, order) -> None:  # type: ignore[no-untyped-def]
    frame = stays(names, people, width).iloc[:, list(order)]
    cohort = read_cohort(frame)
    assert cohort.patient == names[0]
    assert {v.name for v in cohort.inputs} == {"age", "crp", "died"}
    assert len(set(cohort.patients())) == people
    assert sum(v.role is Role.PATIENT for v in cohort.variables) == 1
    whose = next(d for d in cohort.reading if d.rule == "patient")
    assert whose.value == names[0]
    assert set(names) <= set(whose.options) | {v.name for v in cohort.variables if v.reason}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        ["mrn", "MRN", "subject_id", "hadm_id", "patient_id", "csn", "nhs_number", "Fall-Nr",
         "numéro de dossier", "N° dossier", "codice fiscale", "BSN", "PID", "record_id", "ハスID",
         "nr pacjenta", "Numer pacjenta", "IID", "broj pacijenta", "Beteg azonosító", "N° malade",
         "карта", "№ карты", "ID карты", "カルテ番号", "卡号", "门诊号", "차트번호", "رقم الملف"]
    ),
    st.integers(10, 40), st.integers(2, 12),
)  # fmt: skip
def test_an_identifier_is_one_however_often_it_repeats(name: str, people: int, times: int) -> None:
    frame = pd.DataFrame(
        {
            name: [str(4711000 + n) for n in range(people) for _ in range(times)],
            "age": [str(40 + n % 30) for n in range(people) for _ in range(times)],
        }
    )
    cohort = read_cohort(frame)
    assert name not in {v.name for v in cohort.inputs}
    assert len(set(cohort.patients())) == people
    said = next(f for f in check(cohort).findings if f.check == "direct identifiers")
    assert name in said.sentence
    assert "record number." not in said.sentence


ORDINARY = {
    "case": ["yes", "no"], "sample type": ["blood", "urine", "csf"],
    "subject": ["maths", "history", "art"], "record": ["paper", "electronic"],
    "hospital id": ["H1", "H2", "H3", "H4"], "site": ["1", "2", "3"],
    "ward code": ["A1", "B2", "C3"], "number of children": ["0", "1", "2", "3"],
    "identified": ["yes", "no"], "visit": ["1", "2", "3"], "stay": ["short", "long"],
    "gender_concept_id": ["8507", "8532"], "code": ["A", "B", "C"], "status": ["1", "2", "3"],
    "admission type": ["urgent", "elective"], "patient class": ["in", "out"],
    "heart rate": [str(n) for n in range(55, 120)], "platelets": [str(n) for n in range(90, 400)],
    "drug name": ["aspirin", "heparin", "warfarin"], "карбамид": [str(n) for n in range(20, 90)],
    "номер визита": [str(n) for n in range(1, 31)], "床号": ["1", "2", "3", "4"],
    "ИБС": ["да", "нет"], "ID группы": ["1", "2", "3"],
}  # fmt: skip


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_columns_are_not_swallowed(name: str) -> None:
    values = ORDINARY[name]
    frame = pd.DataFrame(
        {
            "patient_id": [f"p{n}" for n in range(400)],
            name: [values[n * 7919 % len(values)] for n in range(400)],
        }
    )
    cohort = read_cohort(frame)
    assert name in {v.name for v in cohort.inputs}
    assert cohort.patient == "patient_id"


@pytest.mark.parametrize("name", ["deviceID", "device_id", "карта"])
def test_what_is_called_an_id_and_is_read_as_a_number_is_said(name: str) -> None:
    cells = [str(101 + n % 5) for n in range(400)]
    cohort = read_cohort(pd.DataFrame({name: cells, "age": [str(n % 60) for n in range(400)]}))
    assert name in {v.name for v in cohort.inputs}
    (told,) = (d for d in cohort.reading if d.rule == "identifier" and d.column == name)
    assert "called an identifier" in told.sentence
    assert "5 values" in told.sentence
    assert not told.proved


def test_the_choice_decides() -> None:
    frame = stays(SYSTEMS[0], 20, 7)
    cohort = read_cohort(frame, choices={"patient": "hadm_id"})
    assert cohort.patient == "hadm_id"
    assert "subject_id" not in {v.name for v in cohort.inputs}


def test_rows_without_an_id_are_said() -> None:
    frame = stays(SYSTEMS[0], 20, 7)
    frame.loc[::3, "subject_id"] = ""
    cohort = read_cohort(frame)
    whose = next(d for d in cohort.reading if d.rule == "patient")
    assert f"{len(frame.iloc[::3])} rows have none" in whose.sentence
    assert not whose.proved


def test_leading_zeros_and_long_digits_stay() -> None:
    ids = [f"{n:09d}" for n in range(1, 40)]
    long = [str(300000000000000000 + n) for n in range(1, 40)]
    cohort = read_cohort(
        pd.DataFrame({"patient_id": ids, "x": long, "age": ["50", "61", "72"] * 13})
    )
    assert cohort.patients().tolist() == ids
    assert cohort.table["x"].tolist() == long
    assert "x" not in {v.name for v in cohort.inputs}
    check(cohort)


def test_a_number_that_groups_like_persons_is_found() -> None:
    rows = [(n, "mf"[n % 2], 40 + n % 7 + v) for n in range(40) for v in range(3)]
    frame = pd.DataFrame(
        [(str(101 + 13 * n), sex, str(x)) for n, sex, x in rows], columns=["key7", "sex", "x"]
    )
    found = [f for f in check(read_cohort(frame)).findings if f.check == "possible record numbers"]
    assert [f.severity for f in found] == [Severity.WARNING]
    assert found[0].columns == ("key7",)


def names_of(cohort: Cohort) -> set[str]:
    return {v.name for v in cohort.variables if "direct identifier" in v.reason}


@pytest.mark.parametrize("name", ["姓名", "Nachname", "cognome", "apellidos", "surname", "Фамилия"])
def test_names_of_persons_are_not_kept_though_they_repeat(name: str) -> None:
    letters = "abcdefghijklmnopqrst"
    people = [f"Name{letter}" for letter in letters for _ in range(4)]
    cohort = read_cohort(pd.DataFrame({name: people, "age": ["50", "61", "72", "48"] * 20}))
    assert names_of(cohort) == {name}
    assert cohort.table[name].isna().all()


def frame(**columns: list[str]) -> pd.DataFrame:
    rows = {name: [cells[n % len(cells)] for n in range(60)] for name, cells in columns.items()}
    outcome = ["yes" if n % 3 else "no" for n in range(60)]
    return pd.DataFrame({**rows, "bmi": [f"{20 + n % 15}.5" for n in range(60)], "died": outcome})


def whose(table: pd.DataFrame) -> str:
    """What is said of whose row it is."""
    cohort = read_cohort(table)
    assert {v.name for v in cohort.inputs} >= {"bmi"}
    return " ".join(
        f"{'' if d.proved else '? '}{d.sentence}" for d in cohort.reading
        if d.rule in ("patient", "identifier")
    )  # fmt: skip


@pytest.mark.parametrize(("place", "id_"), [
    ("site", "subject"), ("center_id", "subject_id"), ("FID", "IID"),
    ("family_id", "individual_id"),
])  # fmt: skip
def test_numbers_that_begin_anew_in_each_place_are_said(place: str, id_: str) -> None:
    each = 20 if place in ("site", "center_id") else 3
    table = frame(**{place: [f"{n // each + 1}" for n in range(60)],
                     id_: [f"{n % each + 1}" for n in range(60)]})  # fmt: skip
    assert f"? Rows with the same '{id_}'" in whose(table)
    assert f"They begin anew in each '{place}'" in whose(table)


def test_visits_of_the_same_patients_do_not_begin_anew() -> None:
    table = frame(
        visit=[f"{n // 20 + 1}" for n in range(60)], subject=[f"{n % 20 + 1}" for n in range(60)]
    )
    assert "begin anew" not in whose(table)


@pytest.mark.parametrize(("name", "first", "second"), [
    ("id", "-V1", "-V2"), ("subject", "_left", "_right"), ("id_eye", " OD", " OS"),
    ("patient_id", "_baseline", "_fu"), ("id", ".pre", ".post"),
])  # fmt: skip
def test_ids_that_end_in_a_visit_or_a_side_are_said(name: str, first: str, second: str) -> None:
    ids = [f"P{n // 2:03d}{second if n % 2 else first}" for n in range(60)]
    said = whose(frame(**{name: ids}))
    assert "may be of one patient (then there are 30)" in said
    assert said.startswith("? ")


@pytest.mark.parametrize("ids", [
    [f"P{n:03d}" for n in range(60)], [f"{n:03d}L" for n in range(60)],
    [f"A-{n}" for n in range(60)], [f"{'LR'[n % 2]}{n // 2:03d}" for n in range(60)],
])  # fmt: skip
def test_other_ids_are_not_doubted(ids: list[str]) -> None:
    assert "may be of one patient" not in whose(frame(id=ids))


@pytest.mark.parametrize("name", ["pair", "twin_pair", "household", "litter", "cluster", "Pair No"])
def test_numbers_of_groups_are_no_input_and_keep_their_rows_together(name: str) -> None:
    table = frame(**{name: [f"{n // 3}" for n in range(60)]})
    cohort = read_cohort(table)
    assert cohort.patient == name
    assert "several persons of one group count as one patient" in whose(table)


def test_a_group_beside_a_person_is_left_out_and_few_groups_stay_an_input() -> None:
    beside = frame(
        matched_set=[f"{n // 2}" for n in range(60)], case_id=[str(n) for n in range(60)]
    )
    assert read_cohort(beside).patient == "case_id"
    assert "matched_set" not in {v.name for v in read_cohort(beside).inputs}
    few = read_cohort(frame(cluster=["1", "2", "3"]))
    assert few.patient is None
    assert "cluster" in {v.name for v in few.inputs}


@pytest.mark.parametrize(("name", "given"), [
    ("Name", "Vorname"), ("Nom", "Prénom"), ("Nome", "Cognome"), ("first", "Date of birth"),
])  # fmt: skip
def test_a_name_beside_what_tells_a_person_is_not_kept(name: str, given: str) -> None:
    people = [f"{chr(65 + n // 2 % 26)}ller{chr(97 + n // 52)}" for n in range(60)]
    table = frame(**{name: people, given: [f"1950-03-{n // 2 % 28 + 1:02d}" for n in range(60)]})
    cohort = read_cohort(table)
    assert cohort.table[name].isna().all()
    assert "Anna" not in whose(table)


def test_a_name_alone_may_be_of_anything() -> None:
    drugs = ["aspirin", "heparin", "warfarin"]
    assert "Name" in {v.name for v in read_cohort(frame(Name=drugs)).inputs}
