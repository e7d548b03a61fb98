"""Inputs that users of other tools reported: each is read right, or said, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.readers.quality import check
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.variable import Kind, Role

CASES = Path(__file__).parents[3] / "shared" / "cases"
KEY = b"key"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the reported files are not here")


def table(name: str, outcome: str | None = "died", **choices: str) -> Cohort:
    given = {key.replace("__", ":").replace("_", "-", 0): value for key, value in choices.items()}
    return read_cohort(CASES / name, outcome=outcome, choices=given)


def scans(name: str) -> Cohort:
    return read_scans(CASES / name, key=KEY)


def account(cohort: Cohort, column: str = "") -> str:
    """All that is said of a column, or of everything."""
    told = [d.sentence for d in cohort.reading if not column or d.column == column]
    return " ".join([*told, *(note for note in cohort.notes if column in note)])


def findings(cohort: Cohort) -> str:
    return " ".join(f.sentence for f in check(cohort).findings)


def frames(cohort: Cohort) -> list[np.ndarray]:
    assert cohort.scans is not None
    return [cohort.scans.pixels(name) for name in cohort.table[cohort.scan]]


def literal(name: str, column: str) -> pd.Series:
    return pd.read_csv(CASES / name, dtype=str, keep_default_na=False)[column]


def test_a1_thousands_marks() -> None:
    cohort = table("T01.csv")
    expected = literal("T01.csv", "platelets").str.replace(",", "").astype(float)
    assert cohort.table.platelets.tolist() == expected.tolist()
    expected = literal("T01.csv", "ferritin").str.replace(",", "").astype(float)
    assert cohort.table.ferritin.tolist() == expected.tolist()
    assert account(cohort, "platelets")
    assert account(cohort, "ferritin")


@pytest.mark.parametrize("column", ["wbc_space", "wbc_nbsp"])
def test_a4_spaces_between_thousands(column: str) -> None:
    cohort = table("T03.csv")
    expected = literal("T03.csv", column).str.replace(r"\D", "", regex=True).astype(float)
    assert cohort.variable(column).kind is Kind.NUMBER
    assert cohort.table[column].tolist() == expected.tolist()


def test_a6_minus_signs() -> None:
    cohort = table("T06.csv")
    expected = literal("T06.csv", "base_excess").str.replace("\N{MINUS SIGN}", "-").astype(float)
    assert cohort.table.base_excess.tolist() == expected.tolist()
    assert account(cohort, "base_excess")


@pytest.mark.parametrize(
    ("name", "column", "unit"),
    [("T04.csv", "glucose", "mmol/L"), ("T04.csv", "ejection_fraction", "%"),
     ("C01.csv", "glucose", "mg/dL"), ("C01.csv", "crp", "mg/L")],
)  # fmt: skip
def test_a8_units_in_cells(name: str, column: str, unit: str) -> None:
    cohort = table(name)
    expected = literal(name, column).str.extract(r"([\d.]+)")[0].astype(float)
    variable = cohort.variable(column)
    assert (variable.kind, variable.unit, variable.role) == (Kind.NUMBER, unit, Role.INPUT)
    assert np.allclose(cohort.table[column], expected, equal_nan=True)
    assert account(cohort, column)


def test_a10_codes_for_missing() -> None:
    cohort = table("T09.csv")
    told = findings(cohort)
    for column, code in (("bmi", "-99"), ("age", "999"), ("cigarettes", "-9")):
        assert column in told
        assert code.lstrip("-") in told
    # Nothing is taken away before a user says so.
    assert cohort.table.age.max() == 999
    fresh = read_cohort(CASES / "T09.csv", outcome="died", choices={"missing-code:age": "999"})
    assert fresh.table.age.max() < 130


def test_b1_words_that_are_values() -> None:
    cohort = table("T07.csv")
    for column in ("country", "first_abnormal_ion", "smoking"):
        assert cohort.table[column].tolist() == literal("T07.csv", column).tolist()


def test_b2_the_same_in_every_format() -> None:
    text, workbook = table("T08.csv"), table("T08.xlsx")
    assert text.table.steatosis.tolist() == workbook.table.steatosis.tolist()
    assert set(text.table.steatosis) == {"None", "Mild", "Severe"}


def test_b4_formulas_without_a_value() -> None:
    cohort = table("T16.xlsx")
    assert "formula" in account(cohort)
    assert "bmi" in account(cohort)
    assert "#DIV/0!" in account(cohort) or "error" in account(cohort)


def test_c1_a_record_number_that_repeats() -> None:
    cohort = table("T14.csv")
    assert cohort.variable("mrn").role in (Role.PATIENT, Role.IGNORE)
    assert "'mrn'" in findings(cohort)
    if cohort.variable("mrn").role is Role.PATIENT:
        assert len(set(cohort.patients())) == literal("T14.csv", "mrn").nunique()


def test_c3_the_person_before_the_stay() -> None:
    cohort = table("T15.csv")
    assert cohort.patient == "subject_id"
    assert cohort.variable("hadm_id").role is Role.IGNORE
    assert len(set(cohort.patients())) == literal("T15.csv", "subject_id").nunique()


def test_c5_merged_cells() -> None:
    cohort = read_cohort(CASES / "T16.xlsx", outcome="died", patient="patient_id")
    assert len(set(cohort.patients())) == 20
    assert "merged" in account(cohort)


@pytest.mark.parametrize("name", ["B07_csn.csv", "T13.csv"])
def test_c6_long_numbers(name: str) -> None:
    if not (CASES / name).exists():
        pytest.skip("not here")
    cohort = table(name)
    assert check(cohort)
    assert cohort.variable("x").role is Role.IGNORE or cohort.variable("x").kind is Kind.NUMBER
    if cohort.variable("x").kind is not Kind.NUMBER:
        assert cohort.table.x.tolist() == literal(name, "x").tolist()


def test_c7_ids_as_they_are_shown() -> None:
    cohort = table("T13.xlsx")
    assert cohort.patients()[0] == "0000001"


def test_d1_the_sheet_of_patients() -> None:
    cohort = table("T17a.xlsx")
    assert [v.name for v in cohort.variables] == ["patient_id", "age", "crp", "died"]
    assert "Codebook" in account(cohort)


def test_d3_sheets_of_the_same_columns_and_hidden_rows() -> None:
    cohort = table("T17e.xlsx")
    assert "2022" in account(cohort)
    assert "hidden" in account(cohort)


@pytest.mark.parametrize("name", ["T17b.xlsx", "T17d.xlsx"])
def test_d4_cover_sheet_and_titles(name: str) -> None:
    cohort = table(name)
    assert len(cohort) == 60
    assert cohort.table.age.tolist()[:3] == [30.0, 31.0, 32.0]
    assert account(cohort)


def test_e1_dates() -> None:
    cohort = table("T11.csv")
    expected = pd.to_datetime(literal("T11.csv", "admitted"), format="%m/%d/%Y")
    assert cohort.table.admitted.tolist() == expected.tolist()
    assert account(cohort, "admitted")


def test_f1_codes() -> None:
    cohort = table("T12.csv")
    assert cohort.table.icd9.tolist() == literal("T12.csv", "icd9").tolist()


def test_g1_spellings() -> None:
    cohort = table("T10.csv")
    assert cohort.table.sex.nunique() == 2
    assert account(cohort, "sex")


@pytest.mark.parametrize("name", ["new_R.csv", "new_bool.xlsx"])
def test_g2_the_same_at_prediction(name: str) -> None:
    trained = table("train.csv")
    new = read_for(CASES / name, trained.inputs, trained.outcome, trained.patient)
    expected = literal("new_R.csv", "diabetes").str.capitalize()
    assert new.table.diabetes.tolist() == expected.tolist()
    assert set(new.table.diabetes) == set(trained.variable("diabetes").categories)


def test_h1_unknown_outcomes_are_not_evaluated() -> None:
    trained = table("train.csv")
    new = read_for(CASES / "new_unknown.csv", trained.inputs, trained.outcome, trained.patient)
    unknown = (literal("new_unknown.csv", "died") == "unknown").to_numpy()
    assert (new.observed()[unknown] == -1).all()
    assert (new.observed()[~unknown] >= 0).all()
    assert str(int(unknown.sum())) in account(new)
    with pytest.raises(UserError):
        table("new_unknown.csv")


@pytest.mark.parametrize("name", ["new_Yes.csv", "new_10.csv"])
def test_h3_other_spellings_of_the_outcome(name: str) -> None:
    trained = table("train.csv")
    new = read_for(CASES / name, trained.inputs, trained.outcome, trained.patient)
    events = literal(name, "died").isin(["Yes", "1"]).to_numpy()
    assert (new.observed() == events).all()
    assert account(new, "died")


def test_i1_inputs_and_outcome_on_different_rows() -> None:
    with pytest.raises(UserError, match="join"):
        table("redcap.csv")
    joined = read_cohort(CASES / "redcap.csv", outcome="died", choices={"join": "patients"})
    assert len(joined) == 200
    assert joined.table.age.notna().all()
    assert (joined.observed() >= 0).all()


def test_i1_repeated_instruments_and_checkboxes() -> None:
    cohort = table("T20.csv", None)
    assert "join" in {d.rule for d in cohort.reading}
    assert cohort.variable("symptoms___1").role is Role.INPUT


def test_i3_a_line_that_names_the_separator() -> None:
    cohort = table("T18a.csv")
    assert [v.name for v in cohort.variables] == ["patient_id", "age", "lactate", "died"]
    assert account(cohort)


def test_i4_a_name_twice() -> None:
    with pytest.raises(UserError, match="more than once"):
        table("T20b.csv", "Died")


def test_j1_enhanced_ct() -> None:
    cohort = scans("S01/a/enh.dcm")
    assert [int(pixels.flat[0]) for pixels in frames(cohort)] == [0, 3072, -1000]
    assert cohort.scans is not None
    frame = next(iter(cohort.scans.frames.values()))
    assert (frame.unit, frame.spacing, frame.depth) == ("HU", (0.7, 0.7), 5.0)


def test_j2_units_only_where_they_are() -> None:
    try:
        cohort = scans("S04")
    except UserError:
        return
    assert cohort.scans is not None
    assert {frame.unit for frame in cohort.scans.frames.values()} <= {""}


def test_j3_palettes() -> None:
    try:
        found = frames(scans("S02"))
    except UserError:
        return
    assert found[0].ndim == 3


@pytest.mark.parametrize("name", ["int16.tif", "int32.tif"])
def test_j5_signed_tiff(name: str) -> None:
    found = frames(scans(f"S10b/a/{name}"))
    assert set(np.unique(found[0])) == {-1000, -500, 0, 400}


def test_j7_grey_of_sixteen_bits() -> None:
    found = frames(scans("S10e"))
    assert len(np.unique(found[0])) == 256


def test_j8_orientation_of_photographs() -> None:
    found = frames(scans("S10a"))[0]
    assert found.shape[:2] == (40, 20)
    assert found[:, 15].mean() > 150 > 100 > found[:, 5].mean()


def test_k1_secondary_captures_are_set_aside() -> None:
    with pytest.raises(UserError):
        scans("S05")


def test_k3_a_segmentation_is_no_scan() -> None:
    cohort = scans("S06")
    assert len(cohort) == 1
    assert "segmentation" in account(cohort)


def test_k5_one_odd_file_ends_nothing() -> None:
    cohort = scans("S09")
    assert any("ok.nii" in name for name in cohort.table[cohort.scan])
    assert "rgb.nii" in account(cohort)


def test_k7_files_without_a_header() -> None:
    assert len(scans("S13")) >= 2
    cohort = scans("S13b")
    assert cohort.scans is not None
    assert next(iter(cohort.scans.frames.values())).window is None


def test_l1_order_of_slices() -> None:
    names = [Path(name).stem for name in scans("S07a").table["scan"]]
    assert names == [f"IM{number}" for number in range(1, 13)]


def test_m1_the_column_of_labels() -> None:
    cohort = scans("S14b")
    assert set(cohort.table["label"]) == {"normal", "tuberculosis"}
    assert "findings" in account(cohort)
    assert {"age", "sex"} <= set(cohort.table.columns)


def test_m3_readers_who_disagree() -> None:
    cohort = scans("B01")
    assert "6" in account(cohort)
    assert cohort.table["label"].isna().sum() == 6


def test_m4_labels_by_patient() -> None:
    cohort = read_scans(CASES / "S15a", key=KEY)
    assert set(cohort.table["label"]) == {"ill", "well"}


@pytest.mark.parametrize("name", ["S16a", "S16a2"])
def test_m5_folders_of_patients(name: str) -> None:
    cohort = scans(name)
    assert set(cohort.table["label"]) == {"ill", "well"}
    assert len(set(cohort.patients())) == 4


def test_m6_folders_of_images_and_masks() -> None:
    cohort = scans("S16b")
    assert set(cohort.table["label"]) == {"COVID", "Normal"}
    assert cohort.scans is not None
    assert len(cohort.scans.masks) == len(cohort)


def test_n1_outlines_by_the_whole_path() -> None:
    cohort = scans("S16d")
    assert cohort.scans is not None
    sizes = {
        name: int(np.count_nonzero(cohort.scans.mask(name)))  # type: ignore[arg-type]
        for name in cohort.table["scan"]
    }
    assert sizes == {"ill/1.png": 256, "well/1.png": 1}


def test_n2_outlines_as_jpeg() -> None:
    cohort = scans("S18a")
    assert cohort.scans is not None
    outline = cohort.scans.mask(cohort.table["scan"].iloc[0])
    assert outline is not None
    assert np.count_nonzero(outline) == 314


def test_n3_outlines_with_endings_and_of_another_size() -> None:
    cohort = scans("S18b")
    assert cohort.scans is not None
    assert len(cohort.scans.masks) == 1
    assert "size" in account(scans("S18c"))
