"""Dates in words, of two digits, of spreadsheets, with times: each is its day, or that is said."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.cohort import Cohort
from pmed_core.readers.tables import read_cohort, read_for
from pmed_core.variable import Kind

ROWS = 24
# Months in full and in short as the Common Locale Data Repository of Unicode has them.
FULL = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro "
    "dezembro",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
}
SHORT = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "de": "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
    "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "es": "ene feb mar abr may jun jul ago sept oct nov dic",
    "it": "gen feb mar apr mag giu lug ago set ott nov dic",
    "nl": "jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec.",
    "pt": "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
    "ru": "янв. февр. мар. апр. мая июн. июл. авг. сент. окт. нояб. дек.",
}
NAMES = {
    **{f"{one} in full": names.split() for one, names in FULL.items()},
    **{f"{one} in short": names.split() for one, names in SHORT.items()},
}


def read(cells: list[str], name: str = "seen", **choices: str) -> Cohort:
    frame = pd.DataFrame(
        {
            name: [cells[n % len(cells)] for n in range(ROWS)],
            "ward": ["north", "south", "west"] * (ROWS // 3),
        }
    )
    return read_cohort(frame, choices={f"{key}:{name}": value for key, value in choices.items()})


def days(cohort: Cohort, count: int, name: str = "seen") -> list[Any]:
    assert cohort.variable(name).kind is Kind.DATE, cohort.table[name].tolist()[:3]
    return cohort.table[name].tolist()[:count]


def said(cohort: Cohort, rule: str) -> str:
    return " ".join(d.sentence for d in cohort.reading if d.rule == rule)


@pytest.mark.parametrize("form", ["{day}. {month} {year}", "{day:02d}-{month}-{year}",
                                  "{day} {month} {year}"])  # fmt: skip
@pytest.mark.parametrize("names", NAMES)
def test_every_month_of_every_language_is_its_month(names: str, form: str) -> None:
    cells = [
        form.format(day=number + 3, month=month, year=2021)
        for number, month in enumerate(NAMES[names], 1)
    ]
    expected = [pd.Timestamp(2021, number, number + 3) for number in range(1, 13)]
    assert days(read(cells), 12) == expected


@pytest.mark.parametrize("names", ["en in full", "en in short"])
@pytest.mark.parametrize("form", ["{month} {day}, {year}", "{month} {day} {year}",
                                  "{month}-{day:02d}-{year}", "{year}-{month}-{day:02d}",
                                  "{year} {month} {day}",
                                  "Monday, {month} {day}, {year}"])  # fmt: skip
def test_english_months_may_stand_first_or_second(names: str, form: str) -> None:
    cells = [
        form.format(day=n + 3, month=month, year=1990 + n)
        for n, month in enumerate(NAMES[names], 1)
    ]
    assert days(read(cells), 12) == [pd.Timestamp(1990 + n, n, n + 3) for n in range(1, 13)]


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("2º de março de 2021", "2021-03-02"), ("3 de mayo de 2020", "2020-05-03"),
        ("1er août 2019", "2019-08-01"), ("4th July 2018", "2018-07-04"),
        ("2021年3月2日", "2021-03-02"), ("2021년 3월 2일", "2021-03-02"),
        ("2021/3/2", "2021-03-02"), ("2021.03.02.", "2021-03-02"), ("02MAR2021", "2021-03-02"),
        ("2021-03-02T04:05:06.789Z", "2021-03-02 04:05:06.789"),
        ("2021-03-02 04:05:06,5", "2021-03-02 04:05:06.500"),
        ("2021-03-02T04:05-05:30", "2021-03-02 09:35"),
        ("2021-03-02 00:30+0100", "2021-03-01 23:30"),
        ("Mar 2, 2021 12:15 AM", "2021-03-02 00:15"), ("Mar 2, 2021 12:15 PM", "2021-03-02 12:15"),
        ("2. März 2021 14.30 Uhr", "2021-03-02 14:30"), ("2 mars 2021 14h30", "2021-03-02 14:30"),
        ("20210302", "2021-03-02"), ("20210302143000", "2021-03-02 14:30"),
    ],
)  # fmt: skip
def test_days_and_hours_are_those_that_are_written(cell: str, meant: str) -> None:
    name = "date" if cell.isdigit() else "seen"
    assert days(read([cell, cell], name), 2, name) == [pd.Timestamp(meant)] * 2


@pytest.mark.parametrize(
    ("wrong", "others"),
    [
        ("2021-02-30", "2021-02-{:02d}"), ("31/04/2021", "{:02d}/04/2021"),
        ("2021-13-01", "2021-12-{:02d}"), ("29.02.2023", "{:02d}.02.2024"),
        ("2021-03-02 25:00", "2021-03-{:02d} 23:00"), ("31 juin 2021", "{} juin 2021"),
    ],
)  # fmt: skip
def test_days_that_no_calendar_has_are_missing_and_named(wrong: str, others: str) -> None:
    cohort = read([wrong, *(others.format(n) for n in range(1, ROWS))])
    assert cohort.table["seen"].isna().tolist() == [n == 0 for n in range(ROWS)]
    assert f"'{wrong}' in row 2" in said(cohort, "spoiled")


@pytest.mark.parametrize("zone", ["Z", "+02:00", "-0530", "UTC"])
def test_zones_are_turned_to_utc_and_counted(zone: str) -> None:
    cohort = read([f"2021-03-02 12:00:00{zone}", "2021-03-02 12:00:00"])
    hours = {"Z": 0, "UTC": 0, "+02:00": -2, "-0530": 5.5}[zone]
    first, second = days(cohort, 2)
    assert first - second == pd.Timedelta(hours=hours)
    assert "12 cells of 'seen' name a time zone" in said(cohort, "zones")


def test_two_digit_years_of_a_birth_are_never_ahead() -> None:
    """By POSIX 68 would be 2068; of a birth it is 1968, and so is the year after this."""
    this = datetime.date.today().year
    cells = [f"25/03/{(this + n) % 100:02d}" for n in (-80, -30, 0, 1, 20)]
    years = [one.year for one in days(read(cells, "date of birth first seen"), 5,
             "date of birth first seen")]  # fmt: skip
    assert years == [this - 80, this - 30, this, this - 99, this - 80]


def test_two_digit_years_are_said() -> None:
    cohort = read(["25/03/21", "26/03/20"])
    assert days(cohort, 2) == [pd.Timestamp("2021-03-25"), pd.Timestamp("2020-03-26")]
    assert "have years of two digits" in said(cohort, "years")


@pytest.mark.parametrize(
    ("proof", "meant"), [("25/03/2021", "2021-02-01"), ("03/25/2021", "2021-01-02")]
)
def test_one_column_proves_the_order_of_another_and_that_is_said(proof: str, meant: str) -> None:
    frame = pd.DataFrame({"admitted": [proof] * ROWS, "seen": ["01/02/2021"] * ROWS})
    cohort = read_cohort(frame)
    assert cohort.table["seen"].tolist() == [pd.Timestamp(meant)] * ROWS
    told = next(d for d in cohort.reading if d.rule == "dates" and d.column == "seen")
    assert told.proved


def test_cells_of_both_orders_follow_the_more_frequent_and_the_others_are_named() -> None:
    cells = ["25/03/2021"] * 21 + ["03/25/2021", "04/05/2021", "05/04/2021"]
    cohort = read(cells)
    assert cohort.table["seen"].isna().tolist() == [n == 21 for n in range(ROWS)]
    assert "'03/25/2021' in row 23" in said(cohort, "spoiled")
    assert days(cohort, 23)[22] == pd.Timestamp("2021-05-04")


def test_a_later_file_keeps_the_order_that_was_proved() -> None:
    model = read(["25/03/2021", "01/02/2021"]).variable("seen")
    later = read_for(pd.DataFrame({"seen": ["03/04/2022", "05/06/2022"]}), [model])
    assert later.table["seen"].tolist() == [pd.Timestamp("2022-04-03"), pd.Timestamp("2022-06-05")]


# Spreadsheets


@pytest.mark.parametrize(
    ("number", "meant"),
    [(1, "1900-01-01"), (59, "1900-02-28"), (61, "1900-03-01"), (25_569, "1970-01-01"),
     (43_831, "2020-01-01"), (44_196.75, "2020-12-31 18:00"), (2_958_465, "9999-12-31")],
)  # fmt: skip
def test_day_numbers_are_those_of_excel(number: float, meant: str) -> None:
    """Excel's calendar has 29 February 1900 as day 60, which never was."""
    cohort = read([str(number), str(number)], dates="serial")
    assert days(cohort, 1) == [pd.Timestamp(meant)]


def test_day_sixty_was_never_and_is_missing() -> None:
    cohort = read(["60", *["61"] * 23], dates="serial")
    assert cohort.table["seen"].isna().tolist() == [n == 0 for n in range(ROWS)]
    assert "'60' in row 2" in said(cohort, "spoiled")


# Any day

DAYS = st.datetimes(datetime.datetime(1950, 1, 1), datetime.datetime(2030, 12, 31)).map(
    lambda one: one.replace(microsecond=0)
)
FORMS = ["%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d %B %Y %H:%M:%S",
         "%Y%m%d%H%M%S", "%b %d, %Y %H:%M:%S", "%Y/%m/%d %H:%M:%S",
         "%d-%b-%Y %H:%M:%S"]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(DAYS, min_size=12, max_size=ROWS), st.sampled_from(FORMS))
def test_whatever_strftime_writes_is_the_same_moment(
    moments: list[datetime.datetime], form: str
) -> None:
    # One day above the twelfth proves the order, as nearly every table has.
    moments = [*moments, datetime.datetime(2001, 3, 25, 14, 30, 5)]
    frame = pd.DataFrame({"visit date": [one.strftime(form) for one in moments]})
    frame["ward"] = [str(n % 3) for n in range(len(frame))]
    cohort = read_cohort(frame)
    assert cohort.variable("visit date").kind is Kind.DATE
    found = cohort.table["visit date"].to_numpy().astype("datetime64[s]")
    assert np.array_equal(found, np.array(moments, dtype="datetime64[s]"))


@pytest.mark.parametrize("name", ["dx", "date_dx", "diagnosis", "diag", "icd_date", "code"])
@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y"])
def test_days_under_the_name_of_a_code_are_days(name: str, form: str) -> None:
    days = pd.Timestamp("2012-03-01") + pd.to_timedelta(np.arange(60) * 3, unit="D")
    table = pd.DataFrame({name: days.strftime(form), "died": ["yes", "no"] * 30})
    found = read_cohort(table, outcome="died")
    assert found.variable(name).kind is Kind.DATE
    assert found.table[name].tolist() == days.tolist()


@pytest.mark.parametrize(
    ("name", "cells"),
    [("code", ["10.2.21", "9.11.20", "8.1.19"]), ("dx_code", ["20230105", "20230115", "20221231"]),
     ("cas_code", ["7732-18-5", "7647-14-5", "7440-23-5"])],
)  # fmt: skip
def test_codes_that_look_like_days_are_codes(name: str, cells: list[str]) -> None:
    table = pd.DataFrame({name: cells * 20, "died": ["yes", "no"] * 30})
    assert read_cohort(table, outcome="died").table[name].tolist() == cells * 20
