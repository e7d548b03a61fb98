"""What stands beside a number in its cell: a unit, a laboratory flag, or something else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

FLAGS = frozenset(
    {"h", "l", "hh", "ll", "n", "a", "aa", "*", "**", "***", "!", "+", "++", "high", "low", "crit",
     "critical", "abnormal", "norm", "normal", "pos", "neg", "↑", "↓", "↑↑", "↓↓", "c", "ch", "cl"}
)  # fmt: skip
"""HL7 v2 table 0078 and what laboratories print. "c" alone is Celsius where "c" repeats."""
BRACKETS = re.compile(r"^[(\[{]\s*(.*?)\s*[)\]}]$")
UNIT = re.compile(
    r"(?:[x×*]\s*)?(?:10\s*(?:\^|\*\*|e)?\s*[-+]?[\d⁰¹²³⁴⁵⁶⁷⁸⁹]+\s*)?/?\s*[a-zµμ°%‰Ωåø\"'][^\s,;:]{0,14}"
    r"(?:\s?[/·*]\s?[\w²³°µμ.^-]{1,10}){0,3}", re.IGNORECASE,
)  # fmt: skip
UNITS = """
% ‰ mg g kg ng pg fg µg ug mcg l dl ml µl ul cl mmol mol nmol pmol µmol umol mosm meq iu u
miu m cm mm nm µm um km ft in lb lbs oz st f °f °c k mmhg cmh2o kpa pa bar torr hpa bpm hz
pm c s sec secs second seconds min mins minute minutes h hr hrs hour hours d day days
wk wks week weeks mo mos month months y yr yrs year years a
jahre jahr tage tag wochen monate stunden ans an jours mois semaines años año dias meses
cells copies fl pl ev gy mgy msv sv v mv kcal kj cal mets met w kg/m2 kg/m² pack packs ppm
$ € £ ¥ ₹ us$ usd eur gbp chf
ppb ph
"""
KNOWN = frozenset(UNITS.split())
ORDINAL = frozenset({"st", "nd", "rd", "th"})
SAME = str.maketrans({"μ": "µ", "²": "2", "³": "3", "⁹": "9", "⁶": "6", "^": "", "·": "*", " ": ""})


ALIKE = {
    spelling: names.split()[0]
    for names in ("year years yr yrs y a an ans jahr jahre año años", "month months mo mos mois",
                  "week weeks wk wks woche wochen", "day days d tag tage jour jours dia dias",
                  "hour hours h hr hrs stunde stunden", "minute minutes min mins",
                  "second seconds s sec secs", "lb lbs", "cell cells", "copy copies")
    for spelling in names.split()
}  # fmt: skip
"""A unit of time in full, in short, or of several -> one key."""

MICRO = re.compile(r"(?<![a-z])u(?=(?:g|l|m|mol|iu)(?![a-z]))")
"""The letter that stands for µ, as in "uM" and "ug"."""


def is_flag(text: str) -> bool:
    """Whether it is a laboratory flag rather than a unit."""
    inner = BRACKETS.sub(r"\1", text.strip()).casefold()
    return inner in FLAGS


def is_unit(text: str) -> bool:
    """Whether it may be a unit: one that is known, or made as units are."""
    plain = text.strip().casefold().translate(SAME)
    if plain in ORDINAL or not plain or len(text) > 24:
        return False
    parts = re.split(r"[/*]", re.sub(r"^[x×*]?10[\^e]?-?\d+", "", plain))
    named = [part for part in parts if not re.fullmatch(r"\d*", part)]
    if named and all(part in KNOWN or _known(part) for part in named):
        return True
    return "/" in text and UNIT.fullmatch(text.strip()) is not None


def _known(part: str) -> bool:
    return (
        re.sub(r"-?[1-4](?:\.\d)?$", "", part) in KNOWN
        or re.sub(r"^\d+(\.\d+)?", "", part) in KNOWN
    )


def same_unit(text: str) -> str:
    """One key for "mg/dL", "mg/dl" and "mg / dL"."""
    key = text.strip().casefold().translate(SAME).removeprefix("x")
    key = re.sub(r"^10(?:\*\*?|e)(?=-?\d)", "10", key)
    return ALIKE.get(key, MICRO.sub("µ", key.replace("mcg", "µg")))


def usual(found: Iterable[str]) -> str:
    """The most frequent way in which a unit is written."""
    return Counter(found).most_common(1)[0][0]


PREFIXED = ("pm", "nm", "µm", "mm", "m")
"""Concentrations as chemists write them, nM and µM, and lengths: a thousand apart each."""
FACTORS: dict[tuple[str, str, str], float] = {
    ("glucose", "mmol/l", "mg/dl"): 18.016,
    ("cholesterol", "mmol/l", "mg/dl"): 38.67,
    ("hdl", "mmol/l", "mg/dl"): 38.67,
    ("ldl", "mmol/l", "mg/dl"): 38.67,
    ("triglycerid", "mmol/l", "mg/dl"): 88.57,
    ("creatinin", "mg/dl", "µmol/l"): 88.42,
    ("bilirubin", "mg/dl", "µmol/l"): 17.104,
    ("", "kg", "lb"): 1 / 0.45359237,
    ("", "cm", "in"): 1 / 2.54,
    ("", "m", "cm"): 100.0,
    ("", "m", "in"): 1 / 0.0254,
    ("", "g", "kg"): 0.001,
    ("", "mg", "g"): 0.001,
    ("", "µg", "mg"): 0.001,
    ("", "g/l", "g/dl"): 0.1,
    ("", "mg/l", "mg/dl"): 0.1,
    ("", "kpa", "mmhg"): 7.50062,
    **{
        ("", small, large): 10.0 ** (3 * (n - m))
        for n, small in enumerate(PREFIXED)
        for m, large in enumerate(PREFIXED)
        if n < m
    },  # fmt: skip
    ("", "month", "year"): 1 / 12,
    ("", "day", "year"): 1 / 365.25,
    ("", "week", "year"): 7 / 365.25,
    ("", "day", "week"): 1 / 7,
    ("", "day", "month"): 12 / 365.25,
    ("", "hour", "day"): 1 / 24,
    ("", "minute", "hour"): 1 / 60,
    ("", "minute", "day"): 1 / 1440,
    ("", "hour", "week"): 1 / 168,
}
"""(part of the analyte's name, from, to) -> factor, from molar masses (IUPAC 2021) and SI."""


Amount = TypeVar("Amount", float, NDArray[np.float64])


def converted(value: Amount, column: str, unit: str, to: str) -> Amount | None:
    """The value, or values, in another unit; None where that is not known to be possible."""
    one, other = same_unit(unit), same_unit(to)
    if one == other:
        return value
    celsius, fahrenheit = {"c", "°c"}, {"f", "°f"}
    if one in fahrenheit and other in celsius:
        return (value - 32) / 1.8
    if one in celsius and other in fahrenheit:
        return value * 1.8 + 32
    for (analyte, first, second), factor in FACTORS.items():
        if analyte in column.casefold():
            if (one, other) == (first, second):
                return value * factor
            if (one, other) == (second, first):
                return value / factor
    return None
