"""Whole tables as MIMIC, eICU, OMOP, Epic and hospitals of many countries export them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.variable import Kind, Role

PEOPLE, ROWS = 30, 90


def stays(names: list[str], numbers: list[Any], **more: list[Any]) -> pd.DataFrame:
    """Three rows a person; columns that number things, then what was measured."""
    ids = {name: [number(n) for n in range(ROWS)] for name, number in
           zip(names, numbers, strict=True)}  # fmt: skip
    return pd.DataFrame(
        {
            **ids,
            "anchor_age": [str(40 + n // 3) for n in range(ROWS)],
            "lactate": [f"{1 + n * 37 % 50 / 10:.1f}" for n in range(ROWS)],
            **{name: [cells[n % len(cells)] for n in range(ROWS)] for name, cells in more.items()},
            "hospital_expire_flag": [str(int(n % 4 == 0)) for n in range(ROWS)],
        },
        dtype="str",
    )


def person(start: int) -> Any:
    return lambda n: str(start + n // 3 * 17)


def each(start: int) -> Any:
    return lambda n: str(start + n * 11)


DATABASES = {
    "MIMIC-IV": (["subject_id", "hadm_id", "stay_id"],
                 [person(10_000_032), each(20_000_019), each(30_000_213)]),
    "MIMIC-III": (["ROW_ID", "SUBJECT_ID", "HADM_ID", "ICUSTAY_ID"],
                  [each(1), person(268), each(110_404), each(280_836)]),
    "eICU": (["patientunitstayid", "patienthealthsystemstayid", "uniquepid"],
             [each(141_168), each(128_927), lambda n: f"002-{34851 + n // 3}"]),
    "OMOP": (["visit_occurrence_id", "person_id", "provider_id"],
             [each(1_000_001), person(5_001), each(70_001)]),
    "Epic": (["PAT_ENC_CSN_ID", "PAT_ID", "HSP_ACCOUNT_ID"],
             [each(100_000_001), lambda n: f"Z{n // 3 + 1_000_000}", each(400_000_001)]),
    "Cerner": (["ENCNTR_ID", "PERSON_ID", "FIN"],
               [each(97_953_477), person(12_345_001), each(88_001_001)]),
    "i2b2": (["encounter_num", "patient_num"], [each(471_001), person(1_000_000_001)]),
    "TCGA": (["bcr_sample_barcode", "bcr_patient_barcode"],
             [lambda n: f"TCGA-02-{n // 3:04d}-{n % 3:02d}A", lambda n: f"TCGA-02-{n // 3:04d}"]),
    "SDTM": (["VISITNUM", "USUBJID"],
             [lambda n: str(n % 3 + 1), lambda n: f"CDISC01.{100 + n // 3}"]),
    "Germany": (["Fallnummer", "Patientennummer"], [each(9_000_001), person(4_711_001)]),
    "France": (["IEP", "IPP"], [each(720_000_001), person(8_000_001)]),
    "China": (["住院号", "病案号"], [each(2_021_001), person(330_001)]),
}  # fmt: skip
WHOSE = {
    "MIMIC-IV": "subject_id", "MIMIC-III": "SUBJECT_ID", "eICU": "uniquepid", "OMOP": "person_id",
    "Epic": "PAT_ID", "Cerner": "PERSON_ID", "i2b2": "patient_num", "TCGA": "bcr_patient_barcode",
    "SDTM": "USUBJID", "Germany": "Patientennummer", "France": "IPP", "China": "病案号",
}  # fmt: skip


def decisions(cohort: Cohort, rule: str) -> list[str]:
    return [d.sentence for d in cohort.reading if d.rule == rule]


@pytest.mark.parametrize("database", DATABASES)
def test_rows_belong_to_persons_and_no_number_of_theirs_is_an_input(database: str) -> None:
    names, numbers = DATABASES[database]
    cohort = read_cohort(stays(names, numbers), outcome="hospital_expire_flag")
    assert cohort.patient == WHOSE[database]
    assert len(set(cohort.patients())) == PEOPLE
    inputs = {v.name for v in cohort.inputs}
    assert inputs - {"VISITNUM"} == {"anchor_age", "lactate"}
    assert "30 patients in 90 rows" in decisions(cohort, "patient")[0]


@pytest.mark.parametrize("database", [name for name in DATABASES if name != "SDTM"])
def test_each_number_that_is_left_out_is_in_the_account(database: str) -> None:
    names, numbers = DATABASES[database]
    cohort = read_cohort(stays(names, numbers), outcome="hospital_expire_flag")
    left = {d.column for d in cohort.reading if d.rule == "identifier" and d.value == "left out"}
    assert left == {*names} - {WHOSE[database]}


@pytest.mark.parametrize("database", DATABASES)
def test_the_parts_of_a_split_share_no_person(database: str) -> None:
    names, numbers = DATABASES[database]
    cohort = read_cohort(stays(names, numbers), outcome="hospital_expire_flag")
    first = cohort.select(np.arange(0, 45))
    assert set(first.patients()) == {cohort.patients()[n] for n in range(45)}
    assert list(cohort.patients()) == [cohort.patients()[n // 3 * 3] for n in range(ROWS)]


@pytest.mark.parametrize("database", ["MIMIC-IV", "eICU", "Epic"])
def test_without_the_person_the_stay_says_whose_it_is_and_that_is_a_guess(database: str) -> None:
    names, numbers = DATABASES[database]
    table = stays(names, numbers).drop(columns=WHOSE[database])
    cohort = read_cohort(table, outcome="hospital_expire_flag")
    whose = next(d for d in cohort.reading if d.rule == "patient")
    assert not whose.proved
    assert "one person may have several" in whose.sentence


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("race_concept_id", ["8527", "8515", "8516"], Kind.CATEGORY),
        ("gender_source_value", ["M", "F"], Kind.YES_NO),
        ("ethnicity", ["WHITE", "BLACK", "ASIAN"], Kind.CATEGORY),
        ("apacheadmissiondx", ["Sepsis, pulmonary", "CHF", "Stroke"], Kind.CATEGORY),
        ("icd9_code", ["4280", "42731", "25000", "V290"], Kind.CATEGORY),
        ("unitvisitnumber", ["1", "2", "3"], Kind.NUMBER),
        ("first_careunit", ["MICU", "SICU", "CCU"], Kind.CATEGORY),
        ("insurance", ["Medicare", "Private", "Medicaid"], Kind.CATEGORY),
    ],
)  # fmt: skip
def test_codes_of_a_database_are_inputs_of_their_kind(
    name: str, cells: list[str], kind: Kind
) -> None:
    names, numbers = DATABASES["MIMIC-IV"]
    cohort = read_cohort(stays(names, numbers, **{name: cells}), outcome="hospital_expire_flag")
    assert cohort.variable(name).role is Role.INPUT
    assert cohort.variable(name).kind is kind
    if kind is not Kind.NUMBER:
        assert set(cohort.table[name].dropna()) == set(cells)


@pytest.mark.parametrize(
    "name", ["intime", "outtime", "charttime", "visit_start_datetime", "ADMIT_DT", "BIRTH_DATE",
             "RFSTDTC", "hospitaldischargetime24 date"],
)  # fmt: skip
def test_times_of_a_database_are_dates_and_no_inputs(name: str) -> None:
    names, numbers = DATABASES["MIMIC-IV"]
    cells = [f"21{60 + n % 40}-0{1 + n % 9}-1{n % 10} 0{n % 10}:30:00" for n in range(ROWS)]
    table = stays(names, numbers).assign(**{name: cells})
    cohort = read_cohort(table, outcome="hospital_expire_flag")
    assert cohort.variable(name).role is Role.IGNORE
    if cohort.table[name].notna().any():
        assert cohort.table[name].tolist() == [pd.Timestamp(cell) for cell in cells]


def test_ids_that_were_moved_by_a_spreadsheet_are_still_one_person() -> None:
    """Exponents and a trailing point of zero, as a table has that was opened and saved."""
    names, numbers = DATABASES["MIMIC-IV"]
    table = stays(names, numbers)
    table["subject_id"] = [f"{cell}.0" if n % 3 else cell for n, cell in
                           enumerate(table["subject_id"])]  # fmt: skip
    cohort = read_cohort(table, outcome="hospital_expire_flag")
    assert len(set(cohort.patients())) == PEOPLE


def test_new_patients_keep_their_ids_as_they_are_written() -> None:
    names, numbers = DATABASES["Epic"]
    model = read_cohort(stays(names, numbers), outcome="hospital_expire_flag")
    later = stays(names, numbers).head(4).assign(PAT_ID=["007", "7", "Z-1", ""])
    again = read_for(later, model.inputs, model.outcome, "PAT_ID")
    assert again.table["PAT_ID"].tolist()[:3] == ["007", "7", "Z-1"]
    assert len(set(again.patients())) == 4


def test_the_person_that_is_chosen_must_be_there() -> None:
    names, numbers = DATABASES["OMOP"]
    with pytest.raises(UserError, match="no column 'patient_id'"):
        read_cohort(stays(names, numbers), choices={"patient": "patient_id"})
    with pytest.raises(UserError, match="no column 'patient_id'") as refused:
        read_cohort(stays(names, numbers), patient="patient_id")
    assert "Did you mean" in refused.value.remedy
