"""Number formats of a spreadsheet, where what is shown is more than the number: leading zeros,
percent, a unit."""

from __future__ import annotations

import re
from dataclasses import dataclass

BUILT_IN = {"9": "0%", "10": "0.00%"}
PAINT = re.compile(r"\[[^\]]*\]|_.|\*.")
"""Colours, conditions, locales, and room left for a character."""
QUOTED = re.compile(r'"([^"]*)"|\\(.)')
LITERAL = "\ufffc"
DATE = re.compile(r"[ymdhsYMDHS]|General", re.IGNORECASE)


@dataclass(frozen=True)
class Shown:
    """How a number is shown.

    Attributes:
        pattern: a 0 for each digit, other characters as they are; empty where not padded.
        percent: shown times a hundred, with the sign.
        unit: words that follow the number.
    """

    pattern: str = ""
    percent: bool = False
    unit: str = ""

    def text(self, number: float) -> str:
        """A whole number with the zeros and marks of the pattern: 7 as "0007"."""
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


def _pads(positive: str, literals: list[str]) -> bool:
    """Zeros that fill up to a length, or letters before the number: an id, no measurement."""
    if any("0" in literal for literal in literals):
        return False
    starts = positive.startswith(LITERAL) and literals[0][:1].isalpha()
    return positive.count("0") > 1 or starts
