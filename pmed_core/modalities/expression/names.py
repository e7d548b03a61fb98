"""Names of genes: what spreadsheets made of them is named, and repaired where there is one answer.

Excel turns SEPT2 into 2-Sep and MARCH3 into 3-Mar (Ziemann, Eren, El-Osta: Gene name errors are
widespread in the scientific literature, Genome Biology 2016); the HGNC has renamed these genes
(Bruford et al., Nature Genetics 2020): SEPTIN2, MARCHF3.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pmed_core.quantity import counted
from pmed_core.readers.columns.asked import EXAMPLES
from pmed_core.reading import Decision

RULE = "gene-names"
MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9,
    "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
ABROAD = MONTHS | {
    "mrz": 3, "mär": 3, "märz": 3, "mars": 3, "mrt": 3, "sept": 9, "set": 9,
    "dez": 12, "dic": 12, "déc": 12, "des": 12, "okt": 10,
}  # fmt: skip
"""As Excel writes them in other languages, the day before the month."""
MARCH, SEPTEMBER, DECEMBER = 3, 9, 12
DAY_MONTH = re.compile(r"(\d{1,2})(?:[-/ ]|\. ?)([a-zäé]{3,4})\.?(?:[-/ ]\d{2,4})?", re.IGNORECASE)
MONTH_DAY = re.compile(r"([a-z]{3})[-/ ](\d{1,2})", re.IGNORECASE)
WHOLE_DATE = re.compile(r"\d{4}-(\d{2})-(\d{2})(?:[ T]00:00(?::00)?)?")
DOTTED, SLASHED = re.compile(r"(\d{1,2})\.(\d{1,2})\.\d{4}"), re.compile(r"\d{1,2}/\d{1,2}/\d{2,4}")
"""Day before month, and a date of which nobody knows."""
SERIAL, FEW_NUMBERS = re.compile(r"3[6-9]\d{3}|4[0-8]\d{3}"), 0.05
"""The days since 1900 of a date from 1998 to 2033; identifiers of Entrez are numbers too, all of
them."""
FORMER = re.compile(r"(SEPT|MARCH|MARC|DEC)(\d{1,2})", re.IGNORECASE)
POWER = re.compile(r"\d(?:\.\d+)?E[+-]?\d{1,3}", re.IGNORECASE)
"""What becomes of RIKEN identifiers such as 2310009E13; the digits are lost."""
SELENOPROTEIN, SEPTINS, MARCHES, COMPONENTS = 15, 14, 11, 2

GENE_LIKE = re.compile(
    r"ENS[A-Z]*G\d{6,}(\.\d+)?|\w+_(?:[sxa]_)?at|ILMN_\d+|NM_\d+(\.\d+)?", re.ASCII
)
VERSIONED = re.compile(r"(ENS[A-Z]*G\d{6,})(?:\.\d+)?", re.ASCII)
WELL_KNOWN = frozenset(
    {"ACTB", "GAPDH", "TP53", "EGFR", "BRCA1", "MYC", "B2M", "PTEN", "KRAS", "STAT1", "VIM", "CD4",
     "CD8A", "RB1", "ESR1", "ERBB2", "AKT1", "TNF", "IL6", "VEGFA"}
)  # fmt: skip
ALIKE, FEWEST = 0.5, 3
"""Share of names that look like a gene's, or how many are known to be one, that make all so."""


def are_genes(names: Sequence[str]) -> bool:
    """Whether names are those of genes rather than of samples."""
    alike = sum(GENE_LIKE.fullmatch(one) is not None for one in names)
    return alike >= ALIKE * max(len(names), 1) or len(set(names) & WELL_KNOWN) >= FEWEST


def places_of(genes: Sequence[str], there: Sequence[str]) -> dict[str, int]:
    """Gene that is looked for -> its place among those that are there. An Ensembl id is also known
    by itself, without its version, where that leaves one on either side."""
    found = {name: place for place, name in enumerate(there)}
    bare = {one: found[name] for one, name in _without_version(there).items()}
    own = {name: one for one, name in _without_version(genes).items()}
    places = {name: found.get(name, bare.get(own.get(name, ""), -1)) for name in genes}
    return {name: place for name, place in places.items() if place >= 0}


def _without_version(names: Sequence[str]) -> dict[str, str]:
    """Ensembl id without its version -> as it is written; none that would stand twice."""
    pairs = [(found[1], name) for name in names if (found := VERSIONED.fullmatch(name))]
    many = Counter(one for one, _ in pairs)
    return {one: name for one, name in pairs if many[one] == 1}


def repaired(names: Sequence[str]) -> tuple[tuple[str, ...], list[Decision]]:
    """p names, each once, and what was decided about them; none is left out."""
    read, mended, doubtful = list[str](), list[tuple[str, str]](), list[str]()
    taken = set(names)
    serial = sum(map(str.isdecimal, names)) <= FEW_NUMBERS * len(names)
    for name in names:
        new = "" if serial and SERIAL.fullmatch(name) else present(name)
        if new == name:
            read.append(name)
        elif not new or new in taken:
            doubtful.append(name)
            read.append(name)
        else:
            mended.append((name, new))
            taken.add(new)
            read.append(new)
    told = []
    if mended:
        told.append(_told_mended(mended))
    if doubtful:
        told.append(_told_doubtful(doubtful))
    unique, twice = _numbered(read)
    return unique, [*told, *twice]


def present(name: str) -> str:
    """Today's name of a gene that is written as a date, or under the name that became one; empty
    where it is no longer clear which gene that was."""
    if former := FORMER.fullmatch(name):
        return _of_family(former[1].upper(), int(former[2])) or name
    if POWER.fullmatch(name) or SLASHED.fullmatch(name):
        return ""
    found = _date(name)
    if found is None:
        return name
    month, day = found
    if month == MARCH:
        # MARCH1 and MARC1 both become 1-Mar.
        return "" if day <= COMPONENTS else _of_family("MARCH", day)
    if month == SEPTEMBER:
        return _of_family("SEPT", day)
    return _of_family("DEC", day) if month == DECEMBER else ""


def _of_family(family: str, number: int) -> str:
    if family == "SEPT":
        if number == SELENOPROTEIN:
            return "SELENOF"
        return f"SEPTIN{number}" if 1 <= number <= SEPTINS else ""
    if family == "MARCH":
        return f"MARCHF{number}" if 1 <= number <= MARCHES else ""
    if family == "MARC":
        return f"MTARC{number}" if 1 <= number <= COMPONENTS else ""
    return "DELEC1" if number == 1 else ""


def _date(name: str) -> tuple[int, int] | None:
    """(month, day) of a name that is written as a date."""
    if whole := WHOLE_DATE.fullmatch(name):
        return int(whole[1]), int(whole[2])
    if dotted := DOTTED.fullmatch(name):
        return int(dotted[2]), int(dotted[1])
    if found := DAY_MONTH.fullmatch(name):
        day, number = found[1], ABROAD.get(found[2].lower())
    elif found := MONTH_DAY.fullmatch(name):
        day, number = found[2], MONTHS.get(found[1].lower())
    else:
        return None
    return None if number is None else (number, int(day))


def _told_mended(mended: Sequence[tuple[str, str]]) -> Decision:
    shown = ", ".join(f"'{old}' as {new}" for old, new in mended[:3])
    many = len(mended) > 1
    sentence = (
        f"{counted(len(mended), 'gene')} {'are' if many else 'is'} written as a date, as Excel "
        f"does, or under a former name, and {'were' if many else 'was'} read by the present one: "
        f"{shown}{' …' * (len(mended) > 3)}."
    )
    return Decision(
        RULE, "repaired", sentence, cells=len(mended), examples=tuple(mended[:EXAMPLES])
    )


def _told_doubtful(names: Sequence[str]) -> Decision:
    shown = ", ".join(f"'{name}'" for name in names[:3])
    sentence = (
        f"{counted(len(names), 'name')} of genes {'were' if len(names) > 1 else 'was'} changed by "
        f"a spreadsheet such that the gene cannot be told: {shown}{' …' * (len(names) > 3)}. Kept "
        "as written; correct the file where you know it."
    )
    return Decision("gene-names-doubtful", "kept", sentence, cells=len(names), proved=False)


def _numbered(names: Sequence[str]) -> tuple[tuple[str, ...], list[Decision]]:
    """Each name once: the second of a gene is called "NAME (2)"; one without a name by its
    place."""
    seen, found, taken = Counter[str](), list[str](), set(names)
    for place, name in enumerate(names, 1):
        name = name or f"gene {place}"
        seen[name] += 1
        new = name
        while seen[name] > 1 and (new == name or new in taken):
            new = f"{name} ({seen[name]})"
            seen[name] += new in taken
        taken.add(new)
        found.append(new)
    told = [_told_nameless(names)] if "" in names else []
    again = [name for name, count in Counter(names).items() if count > 1 and name]
    if not again:
        return tuple(found), told
    rows = sum(count for name, count in Counter(names).items() if count > 1 and name)
    sentence = (
        f"{counted(len(again), 'gene')} {'stand' if len(again) > 1 else 'stands'} there several "
        f"times ({rows:,} in all, such as '{again[0][:40]}'): each is read for itself, the second "
        f"as '{again[0][:40]} (2)'."
    )
    return tuple(found), [*told, Decision("gene-repeats", "numbered", sentence, cells=rows)]


def _told_nameless(names: Sequence[str]) -> Decision:
    places = [f"'gene {place}'" for place, name in enumerate(names, 1) if not name]
    has, is_, its = ("has", "is", "its") if len(places) == 1 else ("have", "are", "their")
    sentence = (
        f"{counted(len(places), 'gene')} {has} no name, and {is_} called by {its} place: "
        f"{', '.join(places[:3])}{' …' * (len(places) > 3)}."
    )
    return Decision("gene-nameless", "by place", sentence, cells=len(places), proved=False)
