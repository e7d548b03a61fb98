"""Decimal and thousands marks: "1,250" is 1250 or 1.25, and only the whole column can say which."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from pmed_core.readers.columns.asked import Asked

MINUS = "\N{MINUS SIGN}\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}\N{EM DASH}"
MINUS += "\N{SMALL HYPHEN-MINUS}\N{FULLWIDTH HYPHEN-MINUS}\N{SUPERSCRIPT MINUS}"
SPACES = (
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000"
)
APOSTROPHES = "’‘ʼ′`´＇"
PLAIN = str.maketrans(
    dict.fromkeys(MINUS, "-") | dict.fromkeys(SPACES, " ") | dict.fromkeys(APOSTROPHES, "'")
    | {"\u200b": "", "\ufeff": "", "，": ",", "．": ".", "٫": ",", "٬": "'", "％": "%", "＋": "+"}
)  # fmt: skip

RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
POWER = re.compile(r"(?<=[x×*·⋅ ])10([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)$")
WHOLE = re.compile(r"\d+")
GROUPED = {mark: re.compile(rf"[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+") for mark in ".,' "}
"""Digits in groups of three with this mark between them."""
INDIAN = re.compile(r"[1-9]\d?(?:,\d{2})+,\d{3}")
FRACTION = {mark: re.compile(rf"(\d*){re.escape(mark)}(\d*)") for mark in ".,"}
NAMES = {".": "point", ",": "comma"}
NEARLY_A_THOUSAND = 100
LEAST = 0.05
"""Probability below which it is no chance that all numbers have exactly three decimals."""


@dataclass(frozen=True)
class Marks:
    """How a column writes numbers.

    Attributes:
        decimal: "." or ","; empty where no number has a fraction.
        thousands: the marks between groups of three, among ". , ' space".
        proved: its cells or those of other columns show it.
        by_others: only other columns, or the model's training, show it.
    """

    decimal: str
    thousands: str
    proved: bool = True
    by_others: bool = False


def plain(text: str) -> str:
    """Digits of any script, minus signs, spaces and apostrophes as ASCII has them."""
    if text.isascii():
        return text
    text = POWER.sub(lambda found: "10^" + found[1].translate(RAISED), text)
    text = text.translate(PLAIN).strip()
    return "".join(
        str(unicodedata.digit(c)) if not c.isascii() and unicodedata.category(c) == "Nd" else c
        for c in text
    )


def parse(body: str, marks: Marks) -> float | None:
    """The number that digits with marks stand for; None where they do not fit these marks."""
    whole, point, fraction = body, "", ""
    if marks.decimal and marks.decimal in body:
        whole, point, fraction = body.rpartition(marks.decimal)
        if fraction and not WHOLE.fullmatch(fraction):
            return None
    if whole and not WHOLE.fullmatch(whole):
        used = set(whole) - set("0123456789")
        if len(used) != 1 or not used <= set(marks.thousands):
            return None
        mark = used.pop()
        if not (GROUPED[mark].fullmatch(whole) or (mark == "," and INDIAN.fullmatch(whole))):
            return None
        whole = "".join(re.findall(r"\d+", whole))
    if not (whole or fraction):
        return None
    return float(f"{whole or '0'}{'.' if point else ''}{fraction}")


def proofs(bodies: Iterable[str]) -> tuple[set[str], set[str], dict[str, list[str]]]:
    """(marks that can only be decimal, marks that can only stand between thousands, mark ->
    bodies that fit both)."""
    decimal: set[str] = set()
    thousands: set[str] = set()
    either: dict[str, list[str]] = {".": [], ",": []}
    for body in bodies:
        used = set(body) - set("0123456789")
        if not used:
            continue
        if len(used) == 1:
            _one_mark(body, used.pop(), (decimal, thousands), either)
            continue
        last = next(c for c in reversed(body) if not c.isdigit())
        whole = body.rpartition(last)[0]
        if last in FRACTION and body.count(last) == 1:
            marks = Marks(last, "".join(used - {last}))
            if len(used) == 2 and parse(body, marks) is not None and whole:
                decimal.add(last)
                thousands |= used - {last}
    return decimal, thousands, either


def _one_mark(
    body: str, mark: str, proved: tuple[set[str], set[str]], either: dict[str, list[str]]
) -> None:
    decimal, thousands = proved
    if mark in " '":
        if GROUPED[mark].fullmatch(body):
            thousands.add(mark)
    elif body.count(mark) > 1:
        if GROUPED[mark].fullmatch(body) or (mark == "," and INDIAN.fullmatch(body)):
            thousands.add(mark)
    elif GROUPED[mark].fullmatch(body):
        either[mark].append(body)
    elif FRACTION[mark].fullmatch(body):
        decimal.add(mark)


def decide(bodies: list[str], asked: Asked) -> Marks:
    """The marks of a column; ``bodies`` are its distinct numbers without sign and unit."""
    decimal, thousands, either = proofs(bodies)
    spaced = "".join(sorted(thousands & set(" '")))
    chosen = {v: k for k, v in NAMES.items()}.get(asked.choice("decimal", ("point", "comma")), "")
    if chosen:
        return Marks(chosen, "".join({".", ","} - {chosen}) + spaced)
    if len(decimal) == 2 or (decimal and decimal & thousands):
        # Cells contradict one another: the more frequent mark is the column's; others are named.
        usual = max(".,", key=lambda mark: sum(body.count(mark) == 1 for body in bodies))
        return Marks(usual, "".join({".", ","} - {usual}) + spaced)
    if decimal:
        mark = decimal.pop()
        return Marks(mark, "".join({".", ","} - {mark}) + spaced)
    if thousands & set(".,"):
        mark = (thousands & set(".,")).pop()
        return Marks("".join({".", ","} - {mark}), mark + spaced)
    for mark in ".,":
        if either[mark]:
            return _undecided(mark, either[mark], bodies, asked, spaced)
    return Marks(asked.written.decimal, spaced)


def _undecided(mark: str, cells: list[str], bodies: list[str], asked: Asked, spaced: str) -> Marks:
    """No cell of the column says whether this mark is for decimals or for thousands."""
    if known := asked.table.decimal or asked.written.decimal:
        return Marks(known, ("," if known == "." else ".") + spaced, by_others=True)
    without = [int(body) for body in bodies if WHOLE.fullmatch(body)]
    grouped = bool(without) and max(without) < 1000
    larger = any(number >= 1000 for number in without)
    if mark == "," and not larger and not asked.table.semicolons:
        return Marks(".", "," + spaced, proved=False)
    if mark == "." and grouped and 0.9 ** len(cells) < LEAST:
        return Marks(",", "." + spaced)
    padded = any(body.endswith("0") for body in cells)
    if mark == "." and grouped and padded and max(without) >= NEARLY_A_THOUSAND:
        # Programs write 2.5 and 750, or 2.500 and 750.000, and never 2.500 beside 750.
        return Marks(",", "." + spaced, proved=False)
    if mark == ",":
        # Larger numbers stand there without a mark, so this one is for decimals.
        return Marks(",", "." + spaced, proved=False)
    return Marks(".", "," + spaced, proved=False)
