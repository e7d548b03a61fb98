"""What the format of a number in a workbook shows: known answers of ECMA-376, 18.8.31."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.readers.number_formats import Shown, shown_as

ZEROS = {
    "0000": (7, "0007"), "00000000": (1_234, "00001234"),
    "000-00-0000": (123_456_789, "123-45-6789"),
    '"P"0000': (42, "P0042"), "\\A\\-000": (5, "A-005"), "00 00 00": (10_203, "01 02 03"),
    '"MRN "000000': (77, "MRN 000077"), "0000;-0000": (3, "0003"), "[Red]0000": (9, "0009"),
    "000/00": (12_345, "123/45"),
}  # fmt: skip
UNITS = {
    '0.0" mg/L"': "mg/L", '0 "kg"': "kg", '#,##0" U/l"': "U/l", '0.00\\ \\c\\m': "cm",
    '[Blue]0.0" mmol/L";[Red]-0.0" mmol/L"': "mmol/L", '0.0_-" g"': "g",
}  # fmt: skip
PLAIN = (
    "General", "0", "0.00", "#,##0", "#,##0.00", "0.00E+00", "# ?/?", "dd/mm/yyyy", "h:mm",
    "yyyy-mm-dd hh:mm", "[h]:mm:ss", "@", "", "_-* #,##0.00_-", "mmm-yy", "0.0##",
)  # fmt: skip


@pytest.mark.parametrize("code", ZEROS)
def test_zeros_in_front_are_those_that_are_shown(code: str) -> None:
    number, text = ZEROS[code]
    shown = shown_as(code)
    assert shown is not None
    assert shown.text(number) == text


@pytest.mark.parametrize("code", UNITS)
def test_words_behind_are_a_unit(code: str) -> None:
    assert shown_as(code) == Shown(unit=UNITS[code])


@pytest.mark.parametrize("code", ["0%", "0.00%", "0.0 %", "#,##0.0%;-0.0%"])
def test_percent(code: str) -> None:
    assert shown_as(code) == Shown(percent=True)


@pytest.mark.parametrize("code", PLAIN)
def test_what_shows_the_number_alone_is_nothing(code: str) -> None:
    assert shown_as(code) is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ('[=1]"male";[=2]"female"', {1: "male", 2: "female", 3_000_001: "3000001"}),
        ('[=1]"yes";[=0]"no";General', {1: "yes", 0: "no", 7: "7"}),
        ('"positive";"negative"', {1: "positive", 0: "positive", -1: "negative"}),
        ('"Yes";;"No"', {1: "Yes", 0: "No", -1: "-1"}),
        ('[Green]"alive";[Red]"dead"', {4: "alive", -4: "dead"}),
        ('[<18]"child";"adult"', {17: "child", 18: "adult"}),
        ('[=1]"m";[=2]"f";"unknown"', {1: "m", 2: "f", 9: "unknown"}),
        ('"a;b";"c"', {1: "a;b", -1: "c"}),
    ],
)
def test_words_instead_of_codes_are_those_that_are_shown(code: str, said: dict[int, str]) -> None:
    shown = shown_as(code)
    assert shown is not None
    assert {number: shown.text(number) for number in said} == said


@pytest.mark.parametrize("code", ['#,##0;-#,##0;"Nil"', '0;"";"-"', '#,##0.0;"n/a"', '"-";0'])
def test_words_for_some_numbers_of_a_measurement_are_no_codes(code: str) -> None:
    shown = shown_as(code)
    assert shown is None or not shown.words


@given(st.integers(0, 10**9), st.integers(2, 12))
def test_padded_numbers_are_as_python_pads_them(number: int, width: int) -> None:
    shown = shown_as("0" * width)
    assert shown is not None
    assert shown.text(number) == f"{number:0{width}d}"
    assert int(shown.text(-number)) == -number


@given(st.text(alphabet='0#?.,;%"\\[]_-* mgLyd@/()', max_size=14))
def test_no_code_is_too_odd(code: str) -> None:
    shown = shown_as(code)
    assert shown is None or isinstance(shown.text(5.0), str)
