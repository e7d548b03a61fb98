"""Other exports of the reported kinds: read as their author meant, or said, or refused.

``test_reported_inputs`` holds the inputs that users reported; these are of the same kinds and were
made up afterwards. ``said`` is a piece of what the account says of the column: where it is empty,
nothing needs saying, since the cells are read as they are written.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.outcomes import YesNo
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.variable import Kind, Role

ROWS = 40
NAN = float("nan")


@dataclass(frozen=True)
class Case:
    """A column of a table: its name, its cells, what they mean, and what is said of it."""

    name: str
    cells: tuple[str, ...]
    meant: tuple[Any, ...]
    said: str = ""
    unit: str = ""


def of(
    name: str, cells: str, meant: tuple[Any, ...] | str = "", said: str = "", unit: str = ""
) -> Case:
    """Cells with bars between; ``meant`` is the same text where nothing else is given."""
    written = tuple(cells.split("|"))
    if isinstance(meant, str):
        meant = tuple(meant.split("|")) if meant else written
    return Case(name, written, tuple(meant), said, unit)


def cohort_of(name: str, cells: tuple[str, ...], rows: int = ROWS, **choices: str) -> Cohort:
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{n:03d}" for n in range(rows)],
            "age": [str(30 + (n * 7) % 50) for n in range(rows)],
            name: [cells[n % len(cells)] for n in range(rows)],
            "died": [("yes", "no", "no")[n % 3] for n in range(rows)],
        },
        dtype="str",
    )
    given = {key.replace("__", ":").replace("_", "-"): value for key, value in choices.items()}
    return read_cohort(frame, outcome="died", choices=given)


def told(cohort: Cohort, column: str) -> str:
    sentences = [d.sentence for d in cohort.reading if d.column == column]
    return " ".join([*sentences, *(note for note in cohort.notes if f"'{column}'" in note)])


def same(found: Any, meant: Any) -> bool:
    if isinstance(meant, float) and np.isnan(meant):
        return bool(pd.isna(found))
    if isinstance(meant, float | int) and not isinstance(found, str):
        return bool(abs(found - meant) <= 1e-9 * max(1.0, abs(meant)))
    return str(found) == str(meant)


NUMBERS = [
    of("income", "1'250.50|980.00|1'000'000.00", (1250.5, 980, 1e6), "apostrophe"),
    of("charges", "1,25,000|98,500|12,34,567", (125_000, 98_500, 1_234_567), "thousands"),
    of("crp", "3,4|12,0|0,5", (3.4, 12, 0.5), "decimal comma"),
    of("delta", "+3.2|-1.1|0", (3.2, -1.1, 0)),
    of("titer", "1.2E+05|3.4e-3|5.0E6", (1.2e5, 3.4e-3, 5e6)),
    of("titer", "1,2E+05|3,4e-3", (1.2e5, 3.4e-3), "decimal comma"),
    of("viral_load", "1.2 x 10^5|3.4 × 10³|5·10^6", (1.2e5, 3400, 5e6), "powers of ten"),
    of("egfr", ">60|45|> 90|60+|≥60", (60, 45, 90, 60, 60), "limit"),
    of("bhcg", "less than 5|12|34", (5, 12, 34), "limit"),
    of("potassium", "5.2 H|3.1 L|4.0|6.8 HH", (5.2, 3.1, 4, 6.8), "flag"),
    of("potassium", "5.2*|3.1|4.0 (L)|H 6.1", (5.2, 3.1, 4, 6.1), "flag"),
    of("ef", "55%|60 %|45%", (55, 60, 45), "unit", "%"),
    of("hba1c", "7,2 %|6,5 %", (7.2, 6.5), "unit", "%"),
    of("glucose", "98 mg/dl|101 MG/DL|110 mg/dL", (98, 101, 110), "unit", "mg/dl"),
    of("cost", "$1,200.50|$98.00|$3,000.00", (1200.5, 98, 3000), "unit", "$"),
    of("los", "3 days|1 day|12 days", (3, 1, 12), "unit", "days"),
    of("los", "2 hours|1 hour|1 hr", (2, 1, 1), "unit", "hours"),
    of("age_now", "045Y|003M|060Y", (45, 0.25, 60), "DICOM", "years"),
    of("excess", "(2.3)|1.1|(0.4)", (-2.3, 1.1, -0.4), "negative"),
    of("excess", "2.3-|1.1|0.4-", (-2.3, 1.1, -0.4), "negative"),
    of("excess", "–2.3|1.1|−0.4", (-2.3, 1.1, -0.4), "negative"),
    of("age_now", "٤٥|٦٠|٣٣", (45, 60, 33), "digits"),
    of("age_now", "４５|６０|３３．５", (45, 60, 33.5), "digits"),
    of("plt", "250\u00a0000|98\u00a0000|1\u00a0250\u00a0000", (25e4, 98e3, 1.25e6), "space"),
    of("plt", "250\u202f000,5|98\u202f000,0", (250_000.5, 98_000), "space"),
    of("lab", "007.5|012.3|110.0", (7.5, 12.3, 110)),
    of("lab", ".a|.|1.2|3.4|.z", (NAN, NAN, 1.2, 3.4, NAN), "missing"),
    of("income", "Refused|1200|3400", (NAN, 1200, 3400), "missing"),
    of("wbc", "not done|1.2|clotted|2.5", (NAN, 1.2, NAN, 2.5), "missing"),
    of("bmi", "#DIV/0!|21.2|#REF!|33.4", (NAN, 21.2, NAN, 33.4), "error"),
    of("metastases", "none|1|2|3", (NAN, 1, 2, 3), "stands for 0"),
    of("metastases", "nil|1|2|3", (NAN, 1, 2, 3), "stands for 0"),
    of("lab", "—|1.1|2.2", (NAN, 1.1, 2.2), "missing"),
    of("well", "1E1|1E2|2E3", (10, 100, 2000), "powers of ten"),
    of("ward", "1D|2D|3D", (1, 2, 3), "unit", "D"),
    of("surgery_date", "59|60|61|44197", (59, 60, 61, 44197), "called a date"),
    of("timestamp", "1609545600|1616630400|1", (1609545600, 1616630400, 1), "called a"),
]  # fmt: skip
TEXTS = [
    of("bhcg", "negative|12|34|56|78|90|91|92", said="words beside numbers"),
    of("titre", "1:20|1:40|1:160", said="ratios"),
    of("age_group", "0-9|10-19|80+", said="read as text"),
    of("bp", "120/80|135/90|110/70", said="two numbers"),
    of("potassium", "5.2†|3.1|4.4 a", said="read as text"),
    of("dose", "½|1½|2|¼", said="read as text"),
    of("plt", "250_000|98_000|12_000", said="read as text"),
    of("stage", "1|2|3|4a|4b", said="read as text"),
    of("gleason", "3+4|4+3|4+5", said="read as text"),
    of("at", "08:30|14:45|23:10", said="times of the day"),
    of("acct", "12345678901234567|12345678901234568|12345678901234569", said="kept as text"),
    of("icd9_code", "250.00|428.0|250.0|401.9", said="kept as text"),
    of("dx1", "250.00|428.0|414.01|401.9", said="kept as text"),
    of("version", "1.10|1.1|1.9", said="kept as text"),
    of("dx_code", "E11.9|I10|E11.90", said="kept as text"),
    of("ndc11", "00093721401|00028215001|63323026201", said="kept as text"),
    of("cpt", "99213|99214|00100", said="kept as text"),
    of("ops", "5-470.1|5-511.11|8-800.c0", said="kept as text"),
    of("drg", "470|871|291", said="kept as text"),
    of("hla_a", "01:01|02:01|03:01", said="read as text"),
    of("gene", "1-Mar|2-Sep|TP53|BRCA1", said="read as text"),
    of("drug", "A10BA02|C09AA05|N02BE01"),
    of("rs429358", "T/T|T/C|C/C"),
    of("land", "NA|DE|FR|IT", said="a value of 'land'"),
    of("electrolyte", "Na|K|Mg|Cl", said="a value of 'electrolyte'"),
    of("allergy", "none|penicillin|latex"),
    of("smoking", "unknown|never|former"),
    of("检查", "不明|陽性|陰性"),
    of("ab", "AB|Ab|aB|ab"),
    of("mutation", "Wt|wt|MUT|mut"),
]
SPELLINGS = [
    of("sex", "M|m|F|f", "M|M|F|F", "spelling"),
    of("sex", "M|Male|F|Female", "M|M|F|F", "spelling"),
    of("geschlecht", "m|männlich|w|weiblich", "m|m|w|w", "spelling"),
    of("gender", "Male|male |FEMALE|Female", "Male|Male|FEMALE|FEMALE", "spelling"),
    of("smoker", "Yes|yes|Y|No|N", "Yes|Yes|Yes|No|No", "spelling"),
    of("dm", "True|TRUE|False|0", "True|True|False|False", "spelling"),
    of("dm", "1|yes|0|no", "1|1|0|0", "spelling"),
    of("stage", "I|i|II|ii|III", "I|I|II|II|III", "spelling"),
    of("stage", "II-A|II–A|III", "II-A|II-A|III", "spelling"),
    of("ort", "Zürich|ZÜRICH|Zu\u0308rich|Bern", "Zürich|Zürich|Zürich|Bern", "spelling"),
    of("grade", "1|1.0|G3", "1|1|G3", "spelling"),
]
DATES = [
    of("adm_date", "1/2/2021|3/25/2021", "2021-01-02|2021-03-25", "month first"),
    of("adm_date", "2.1.2021|25.3.2021", "2021-01-02|2021-03-25", "day first"),
    of("dob", "1/2/30|3/25/49|12/31/05", "1930-01-02|1949-03-25|2005-12-31", "two digits"),
    of("adm_date", "1/2/2021|3/5/2021", "2021-02-01|2021-05-03", "no cell proves it"),
    of("date", "21-03-25|20-12-31", "2021-03-25|2020-12-31", "no cell proves it"),
    of("admission_date", "44197|44280", "2021-01-01|2021-03-25", "spreadsheet"),
    of("admission_date", "44197.5|44280.25", "2021-01-01 12:00|2021-03-25 06:00", "spreadsheet"),
    of("surgery date", "44197|44280|2021-05-05", "2021-01-01|2021-03-25|2021-05-05", "spreadsheet"),
    of("visit", "02JAN2021:10:11:12|25MAR2021", "2021-01-02 10:11:12|2021-03-25", "dates"),
    of("visit", "2 janvier 2021|3 août 2020", "2021-01-02|2020-08-03", "dates"),
    of("дата", "2 января 2021|25 марта 2021", "2021-01-02|2021-03-25", "dates"),
    of("日期", "2021年1月2日|2021年3月25日", "2021-01-02|2021-03-25", "dates"),
    of("dt", "2021-01-02T10:11:12Z|2021-01-03T10:11:12+02:00",
       "2021-01-02 10:11:12|2021-01-03 08:11:12", "UTC"),
    of("seen on", "1/25/2021 3:04 PM|3/5/2021 11:00 AM",
       "2021-01-25 15:04|2021-03-05 11:00", "month first"),
    of("visit", "0000-00-00|2021-03-04|2021-05-06", "NaT|2021-03-04|2021-05-06", "missing"),
    of("visit", "NaT|2021-03-04|2021-05-06", "NaT|2021-03-04|2021-05-06", "missing"),
    of("visit", "1900-01-01|2021-03-04|2021-05-06", said="stand for missing"),
    of("visit", "9999-12-31|2021-03-04|2021-05-06", said="stand for missing"),
    of("dob", "2051-03-04|1963-05-06", said="stand for missing"),
    of("date", "2564-03-04|2563-05-06", said="stand for missing"),
    of("visit", "2021-03-04|2021-05-06"),
]  # fmt: skip


@pytest.mark.parametrize("case", NUMBERS, ids=lambda case: f"{case.name} {case.cells[0]}")
def test_numbers_are_what_their_author_meant(case: Case) -> None:
    cohort = cohort_of(case.name, case.cells)
    assert cohort.variable(case.name).kind is Kind.NUMBER
    assert cohort.variable(case.name).unit == case.unit
    read = list(cohort.table[case.name])[: len(case.meant)]
    assert all(map(same, read, case.meant)), read
    assert case.said in told(cohort, case.name)
    assert bool(case.said) == bool(told(cohort, case.name))


@pytest.mark.parametrize("case", [*TEXTS, *SPELLINGS], ids=lambda c: f"{c.name} {c.cells[0]}")
def test_text_stays_as_it_is_written_or_is_said(case: Case) -> None:
    cohort = cohort_of(case.name, case.cells)
    assert cohort.variable(case.name).kind is not Kind.NUMBER
    assert list(cohort.table[case.name])[: len(case.meant)] == list(case.meant)
    assert case.said in told(cohort, case.name)


@pytest.mark.parametrize("case", SPELLINGS, ids=lambda c: f"{c.name} {c.cells[0]}")
def test_spellings_mean_the_same_in_a_later_file(case: Case) -> None:
    cohort = cohort_of(case.name, case.cells)
    later = pd.DataFrame({case.name: list(reversed(case.cells))}, dtype="str")
    again = read_for(later, [cohort.variable(case.name)])
    assert list(again.table[case.name]) == list(reversed(case.meant))
    assert "spelling" in told(again, case.name)


def test_a_new_word_for_a_sex_is_the_one_that_was_learnt() -> None:
    cohort = cohort_of("sex", ("Male", "Female"))
    again = read_for(pd.DataFrame({"sex": ["M", "f", "x"]}), [cohort.variable("sex")])
    assert list(again.table.sex) == ["Male", "Female", "x"]
    assert "'x' was never seen" in " ".join(again.notes)


@pytest.mark.parametrize("case", DATES, ids=lambda case: f"{case.name} {case.cells[0]}")
def test_dates_are_the_days_that_were_meant(case: Case) -> None:
    cohort = cohort_of(case.name, case.cells)
    assert cohort.variable(case.name).kind is Kind.DATE
    read = cohort.table[case.name][: len(case.meant)]
    for found, meant in zip(read, case.meant, strict=True):
        assert pd.isna(found) if meant == "NaT" else found == pd.Timestamp(meant)
    assert case.said in told(cohort, case.name)


@pytest.mark.parametrize(
    ("cells", "codes"),
    [("1|2|3|777|999|0|5", "777,999"), ("0|1|2|3|99", "99"), ("-4|22.1|27.5|31.0", "-4"),
     ("36.5|37.1|999.9|38.2", "999.9"), ("1|2|9", "9"), ("-8|-9|40|55|61|72", "-9,-8"),
     ("0|1|2|66", ""), ("-2|-1|0|1|2", ""), ("-3|1|0|4", ""), ("7|8|9|10", "")],
)  # fmt: skip
def test_codes_for_missing_are_found_together(cells: str, codes: str) -> None:
    cohort = cohort_of("drinks", tuple(cells.split("|")), rows=70)
    found = [d for d in cohort.reading if d.rule == "missing-code"]
    assert [d.options[0] for d in found] == ([codes] if codes else [])
    if codes:
        cleaned = cohort_of("drinks", tuple(cells.split("|")), 70, missing_code__drinks=codes)
        assert not cleaned.table.drinks.isin([float(code) for code in codes.split(",")]).any()


def test_dates_that_stand_for_missing_are_taken_away_on_request_and_in_later_files() -> None:
    cells = ("9999-12-31", "2021-03-04", "2021-05-06")
    cohort = cohort_of("visit", cells, missing_code__visit="9999-12-31")
    assert cohort.table.visit.isna().sum() == 14
    assert "read as missing" in told(cohort, "visit")
    again = read_for(pd.DataFrame({"visit": cells}), [cohort.variable("visit")])
    assert again.table.visit.isna().sum() == 1
    with pytest.raises(UserError, match="no date"):
        cohort_of("visit", cells, missing_code__visit="soon")


@pytest.mark.parametrize(
    ("cells", "remedy"),
    [(("5.4 mmol/L", "98 mg/dL"), "unit:glucose=mmol/L"), (("3 days", "2 weeks"), "unit:glucose="),
     (("45y", "3m", "12d"), "Write all of them in one unit")],
)  # fmt: skip
def test_two_units_are_refused_with_what_can_be_done(cells: tuple[str, ...], remedy: str) -> None:
    with pytest.raises(UserError, match="different units") as caught:
        cohort_of("glucose", cells)
    assert remedy in str(caught.value)


def test_times_are_converted_to_the_unit_that_is_asked_for() -> None:
    cells = ("3 days", "2 weeks", "12 hours", "1 day")
    cohort = cohort_of("los", cells, unit__los="days")
    assert np.allclose(cohort.table.los[:4], [3, 14, 0.5, 1])


IDS = (
    "SEQN", "chart_number", "bcr_patient_barcode", "serial_no", "Account #", "URN", "UHID",
    "OP number", "IP No", "Reg. No", "folder_number", "Identificador", "cod_paciente", "PAT_ID",
    "PAT_ENC_CSN_ID", "HSP_ACCOUNT_ID", "stay_id", "hadm_id", "patientunitstayid", "uniquepid",
    "visit_occurrence_id", "person_id", "record_id", "Patientennummer", "Fallnummer", "IPP",
    "nº historia", "N° dossier", "病历号", "Unnamed: 0", "Lab ID", "EMPI", "AccessionNumber",
)  # fmt: skip


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("form", ["{:d}", "A{:05d}"])
def test_what_numbers_patients_is_never_an_input(name: str, form: str) -> None:
    frame = pd.DataFrame(
        {"age": [str(30 + n % 9) for n in range(ROWS)],
         name: [form.format(100 + n // 2) for n in range(ROWS)],
         "died": ["yes", "no"] * 20}
    )  # fmt: skip
    cohort = read_cohort(frame, outcome="died")
    assert cohort.variable(name).role is not Role.INPUT
    assert name in " ".join(d.sentence for d in cohort.reading)


@pytest.mark.parametrize("name", ["lymph node number", "pack_no", "days", "dx_age"])
def test_counts_are_no_ids(name: str) -> None:
    cells = tuple(str((n * 7) % 23) for n in range(ROWS))
    assert cohort_of(name, cells).variable(name).role is Role.INPUT


@pytest.mark.parametrize("name", ["", "X", "index", "Unnamed: 0", "...1"])
def test_the_counter_of_rows_is_no_input(name: str, tmp_path: Path) -> None:
    lines = [f"{name},age,died", *(f"{n},{30 + n % 7},{'yes' * (n % 3 == 0) or 'no'}"
                                   for n in range(ROWS))]  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join(lines))
    cohort = read_cohort(tmp_path / "t.csv", outcome="died")
    assert [v.name for v in cohort.inputs] == ["age"]


@pytest.mark.parametrize(
    ("values", "event"),
    [("Alive|Dead", "Dead"), ("lebend|tot", "tot"), ("żyje|zmarł", "zmarł"), ("存活|死亡", "死亡"),
     ("+ve|-ve", "+ve"), ("Reactive|Nonreactive", "Reactive"), ("uninfected|infected", "infected"),
     ("relapse|relapse-free", "relapse"), ("free of disease|disease", "disease"),
     ("nonsurvivor|survivor", "nonsurvivor"), ("0:LIVING|1:DECEASED", "1:DECEASED"),
     ("kein Rezidiv|Rezidiv", "Rezidiv"), ("pas de récidive|récidive", "récidive"),
     ("без рецидива|рецидив", "рецидив"), ("nachgewiesen|nicht nachgewiesen", "nachgewiesen"),
     ("Alive without disease|Dead of disease", "Dead of disease"), ("HIV+|HIV-", "HIV+"),
     ("not alive|alive", "not alive"), ("kyllä|ei", "kyllä"), ("có|không", "có"),
     ("1|2", ""), ("M|B", ""), ("R|NR", ""), ("low|high", ""), ("0|2", ""), ("ICU|ward", ""),
     ("favourable|unfavourable", ""), ("responsive|unresponsive", ""),
     ("Alive with disease|Alive without disease", ""), ("No|Unknown", "")],
)  # fmt: skip
def test_the_event_is_what_the_words_mean_or_is_asked(values: str, event: str) -> None:
    frame = pd.DataFrame({"age": [str(40 + n % 9) for n in range(30)],
                          "outcome": (values.split("|") * 15)})  # fmt: skip
    if not event:
        with pytest.raises(UserError, match="--positive|not known"):
            read_cohort(frame, outcome="outcome")
        return
    cohort = read_cohort(frame, outcome="outcome")
    assert isinstance(cohort.outcome, YesNo)
    assert cohort.outcome.positive == (event,)
    assert f"'{event}'" in told(cohort, "outcome")


@pytest.mark.parametrize(
    ("name", "unit"),
    [("lab (labs 1)", ""), ("crp (month_6_arm_1)", ""), ("pain (0-10)", ""), ("crp (baseline)", ""),
     ("smoker (1=yes)", ""), ("crp (at admission)", ""), ("bp (max)", ""), ("crp (mg/L)", "mg/L"),
     ("height [cm]", "cm"), ("wbc (10^9/L)", "10^9/L"), ("dose (mg per day)", "mg per day")],
)  # fmt: skip
def test_what_stands_in_brackets_is_a_unit_only_where_it_is_one(name: str, unit: str) -> None:
    cells = tuple(f"{n}.5" for n in range(1, 30))
    found = cohort_of(name, cells).variable(name).unit
    assert found == unit or (name.startswith("dose") and found == "")
