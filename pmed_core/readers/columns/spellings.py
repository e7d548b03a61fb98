"""One level, several spellings: Male, male and "MALE " are one; AA and Aa are two genotypes."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence

from pmed_core.readers.columns.asked import Asked, Cells
from pmed_core.reading import Decision

CASE_MATTERS = re.compile(
    r"gen(e|o)?type|allel|haplo|variant|mutation|snp|(^|_)rs\d|hgvs|unit|symbol|blood.?group|"
    r"isotype|element|smiles|sequence|hla", re.IGNORECASE,
)  # fmt: skip
MEANINGS = tuple(
    frozenset(words.split())
    for words in (
        "yes y true t 1 1.0 ja j oui o si sí s sim да wahr vrai verdadero vero 是 有 はい",
        "no n false f 0 0.0 nein non não nao нет falsch faux falso nee 否 无 無 いいえ",
    )
)
"""Words for yes and for no; one letter alone counts only where both sides are there."""


def fold(text: str) -> str:
    """The same for spellings that differ in case, width, accents' form or spaces alone."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def folded(cells: Cells, known: Sequence[bool], asked: Asked) -> dict[str, str]:
    """Spelling -> the level it is read as, where that differs; the most frequent spelling wins."""
    if asked.choice("spelling", ("folded", "as-written")) == "as-written":
        return {}
    earlier = dict(asked.written.spellings)
    groups: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for text, count, there in zip(cells.distinct, cells.counts, known, strict=True):
        if there and text not in earlier:
            groups[fold(text)].append((int(count), text))
    several = _alike(_by_meaning(groups), asked.column)
    found = {text: earlier[text] for text in cells.distinct if text in earlier}
    for spelt in several.values():
        level = max(spelt, key=lambda one: one[0])[1]
        found |= {text: level for _, text in spelt if text != level}
    return found


def _by_meaning(
    groups: Mapping[str, list[tuple[int, str]]],
) -> Mapping[str, list[tuple[int, str]]]:
    """The groups; where all are words for yes and for no, one of each."""
    sides = {key: next((i for i, w in enumerate(MEANINGS) if key in w), None) for key in groups}
    words = any(len(key) > 1 and not key[0].isdigit() for key in groups)
    if len(groups) < 3 or not words or set(sides.values()) != {0, 1}:
        return groups
    joined: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for key, spelt in groups.items():
        joined[f"side {sides[key]}"] += spelt
    return joined


def _alike(
    groups: Mapping[str, list[tuple[int, str]]], column: str
) -> dict[str, list[tuple[int, str]]]:
    """Groups of several spellings; where case matters, of those that differ in form alone."""
    several = {key: spelt for key, spelt in groups.items() if len(spelt) > 1}
    if not several or not _case_matters(column, several):
        return several
    forms: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for spelt in several.values():
        for count, text in spelt:
            forms[" ".join(unicodedata.normalize("NFKC", text).split())].append((count, text))
    return {key: spelt for key, spelt in forms.items() if len(spelt) > 1}


def _case_matters(column: str, several: Mapping[str, Sequence[tuple[int, str]]]) -> bool:
    if CASE_MATTERS.search(column):
        return True
    # Symbols and genotypes are short; so are m, f, y and n, which are words.
    return all(len(key) <= 2 and key not in "mfwynjt" for key in several)


def onto(levels: Sequence[str], cells: Cells, known: Sequence[bool]) -> dict[str, str]:
    """New spelling -> the level of training that it means; other values are not in it.

    By folding, or by meaning where the levels are a yes and a no.
    """
    by_key = {fold(level): level for level in levels}
    sides = [
        next((side for side, words in enumerate(MEANINGS) if key in words), None) for key in by_key
    ]
    two = len(by_key) == 2 and sorted(side for side in sides if side is not None) == [0, 1]
    found = {}
    for text, there in zip(cells.distinct, known, strict=True):
        if not there or text in levels:
            continue
        key = fold(text)
        if key in by_key:
            found[text] = by_key[key]
        elif two:
            side = next((side for side, words in enumerate(MEANINGS) if key in words), None)
            if side is not None:
                found[text] = list(by_key.values())[sides.index(side)]
    return found


def decision(cells: Cells, changed: Mapping[str, str], asked: Asked) -> list[Decision]:
    """What is said of spellings that were read as another."""
    which = [text in changed for text in cells.distinct]
    rows = int(cells.counts[which].sum())
    if not rows:
        return []
    pairs = [(text, changed[text]) for text in cells.distinct if text in changed]
    shown = ", ".join(f"'{one}' as '{other}'" for one, other in pairs[:3])
    return [
        Decision(
            "spelling", "folded",
            f"{rows:,} cell{'s' * (rows > 1)} of '{asked.column}' {'were' if rows > 1 else 'was'} "
            f"read in another spelling: {shown}{' …' * (len(pairs) > 3)}.",
            asked.column, rows, tuple(pairs[:2]), ("folded", "as-written"),
        )
    ]  # fmt: skip
