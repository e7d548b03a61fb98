"""One level, several spellings: Male, male and "MALE " are one; AA and Aa are two genotypes."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pmed_core.readers.columns.asked import Asked, Cells
from pmed_core.readers.columns.marks import MINUS
from pmed_core.reading import Decision

DASHES = str.maketrans(dict.fromkeys(MINUS, "-"))
CASE_MATTERS = re.compile(
    r"gen(e|o)?type|allel|haplo|variant|mutation|snp|(^|_)rs\d|hgvs|unit|symbol|blood.?group|"
    r"isotype|element|smiles|sequence|hla", re.IGNORECASE,
)  # fmt: skip
ROMAN = frozenset({"i", "ii", "iv", "v", "vi", "ix", "x"})
MEANINGS = tuple(
    frozenset(words.split())
    for words in (
        "yes y true t 1 1.0 ja j oui o si sí s sim да wahr vrai verdadero vero 是 有 はい",
        "no n false f 0 0.0 nein non não nao нет falsch faux falso nee 否 无 無 いいえ",
    )
)
"""Words for yes and for no; one letter alone counts only where both sides are there."""
SEXES = tuple(
    frozenset(words.split())
    for words in (
        "male m man men masculine masculin masculino maschio mann männlich homme 男 男性",
        "female f woman women w feminine féminin femenino feminino femmina frau weiblich femme 女 "
        "女性",
    )
)
"""The same of men and women; "M" is a woman beside "H", which is in no list."""


def fold(text: str) -> str:
    """The same for spellings that differ in case, width, accents' form or spaces alone."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(DASHES).casefold().split())


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
    """The groups; where all are words for yes and for no, or for the sexes, one of each."""
    words = any(len(key) > 1 and not key[0].isdigit() for key in groups)
    for meanings in (MEANINGS, SEXES):
        sides = _sides(groups, meanings)
        if len(groups) > 2 and words and set(sides) == {0, 1}:
            joined: dict[str, list[tuple[int, str]]] = defaultdict(list)
            for spelt, side in zip(groups.values(), sides, strict=True):
                joined[f"side {side}"] += spelt
            return joined
    return groups


def _sides(keys: Iterable[str], meanings: Sequence[frozenset[str]]) -> list[int | None]:
    """Which of two meanings each word has; None for neither."""
    return [next((i for i, words in enumerate(meanings) if key in words), None) for key in keys]


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
    return all(len(key) <= 2 and key not in ROMAN and key not in "mfwynjt" for key in several)


def onto(levels: Sequence[str], cells: Cells, known: Sequence[bool]) -> dict[str, str]:
    """New spelling -> the level of training that it means; other values are not in it.

    By folding, or by meaning where the levels are a yes and a no, or the two sexes.
    """
    by_key = {fold(level): level for level in levels}
    both = ((of, _sides(by_key, of)) for of in (MEANINGS, SEXES))
    meant = next(((of, sides) for of, sides in both if sorted(map(str, sides)) == ["0", "1"]), None)
    found = {}
    for text, there in zip(cells.distinct, known, strict=True):
        if not there or text in levels:
            continue
        key = fold(text)
        if key in by_key:
            found[text] = by_key[key]
        elif meant and (side := _sides([key], meant[0])[0]) is not None:
            found[text] = list(by_key.values())[meant[1].index(side)]
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
