"""Number formats of a spreadsheet, where what is shown is more than the number: leading zeros,
percent, a unit, or words instead of it."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

BUILT_IN = {"9": "0%", "10": "0.00%"}
PAINT = re.compile(r"\[[^\]]*\]|_.|\*.")
"""Colours, conditions, locales, and room left for a character."""
QUOTED = re.compile(r'"([^"]*)"|\\(.)')
LITERAL = "\ufffc"
WORDS = re.compile(r'\s*(?:"[^"]*"|\\.)+\s*')
SECTION = re.compile(r'(?:"[^"]*"|\\.|[^;"\\])+|(?<=;)(?=;|$)|^(?=;)')
CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)\]")
TESTS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le,
    ">=": operator.ge,
}  # fmt: skip
DATE = re.compile(r"[ymdhsYMDHS]|General", re.IGNORECASE)


@dataclass(frozen=True)
class Shown:
    """How a number is shown.

    Attributes:
        pattern: a 0 for each digit, other characters as they are; empty where not padded.
        percent: shown times a hundred, with the sign.
        unit: words that follow the number.
        words: (test, number, words) of what is shown instead of numbers that pass it.
    """

    pattern: str = ""
    percent: bool = False
    unit: str = ""
    words: tuple[tuple[str, float, str], ...] = ()

    @property
    def instead(self) -> bool:
        """Whether something else than the number is shown."""
        return bool(self.pattern or self.words)

    def text(self, number: float) -> str:
        """A whole number with the zeros and marks of the pattern, 7 as "0007", or the words that
        stand for it."""
        if self.words:
            found = (said for test, limit, said in self.words if TESTS[test](number, limit))
            return next(found, f"{number:.0f}")
        digits = list(str(abs(int(number))))
        places = self.pattern.count("0")
        taken: list[str] = []
        for character in reversed(self.pattern):
            if character != "0":
                taken.append(character)
                continue
            places -= 1
            taken.append(digits.pop() if digits else "0")
            if not places and digits:
                taken.extend(reversed(digits))
                digits = []
        return "-" * (number < 0) + "".join(reversed(taken))


def shown_as(code: str) -> Shown | None:
    """What a format code shows beside the number; None where it is only the number.

    Source: ECMA-376, part 1, 18.8.31 (number formats).
    """
    if words := _worded(code):
        return Shown(words=words)
    literals: list[str] = []

    def keep(found: re.Match[str]) -> str:
        literals.append(found.group(1) or found.group(2) or "")
        return LITERAL

    positive = QUOTED.sub(keep, PAINT.sub("", code)).split(";")[0].strip()
    if "%" in positive:
        return Shown(percent=True)
    if DATE.search(positive) or not re.search(r"[0#?]", positive):
        return None
    written = iter(literals)
    plain = re.sub(LITERAL, lambda _: next(written, ""), positive)
    if re.fullmatch(rf"[0\-/ (){LITERAL}]+", positive) and _pads(positive, literals):
        return Shown(pattern=plain)
    unit = re.search(rf"[0#?][0#?.,]*\s*({LITERAL}+)$", positive)
    last = "".join(literals[len(literals) - len(unit.group(1)) :]).strip() if unit else ""
    return Shown(unit=last) if last and not last[0].isdigit() else None


def _worded(code: str) -> tuple[tuple[str, float, str], ...]:
    """Words for codes, as ``[=1]"male";[=2]"female"``; none where the first section is a number."""
    sections = SECTION.findall(code)
    usual = (">" if len(sections) > 2 else ">=", 0.0), ("<", 0.0), ("=", 0.0)
    found = []
    for place, section in enumerate(sections[:3]):
        condition, body = CONDITION.search(section), PAINT.sub("", section)
        said = "".join(a or b for a, b in QUOTED.findall(body)).strip()
        if not WORDS.fullmatch(body) or not any(letter.isalpha() for letter in said):
            if not place:
                return ()
            continue
        test, limit = usual[place]
        if condition:
            test, limit = condition.group(1), float(condition.group(2))
        elif CONDITION.search(code):
            test, limit = ">=", -math.inf  # whatever no condition before it took
        found.append((test, limit, said))
    return tuple(found)


def _pads(positive: str, literals: list[str]) -> bool:
    """Zeros that fill up to a length, or letters before the number: an id, no measurement."""
    if any("0" in literal for literal in literals):
        return False
    starts = positive.startswith(LITERAL) and literals[0][:1].isalpha()
    return positive.count("0") > 1 or starts
