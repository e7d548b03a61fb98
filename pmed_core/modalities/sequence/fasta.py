"""FASTA: text with one sequence a record, after a line that begins with ">" (Pearson & Lipman,
PNAS 1988). A table as any other comes of it: a row a record, what its header says as columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.modalities.sequence.letters import LONGEST, Unreadable, cleaned
from pmed_core.quantity import counted
from pmed_core.readers.table import Table, must_fit
from pmed_core.reading import LABELLED, Choices, Decision
from pmed_core.suffixes import SEQUENCES, ends_with
from pmed_core.variable import Kind

BEGINS = re.compile(r"(?:\s*|;[^\n]*\n)*>[^\n]*\n\s*[A-Za-z*\-.]+\s*(?:\n|$)")
PAIR = re.compile(r"(?:^|(?<=[\s;|]))([A-Za-z]\w*)=(\"[^\"]*\"|[^\s;|\"]+);?")
"""What a header says in so many words: "label=promoter"."""
RULE, CALLED = "sequence", "title"
"""The decisions what the columns of letters and of ids are called."""
LETTERS_OF, ID, LABEL, REST = "sequence", "id", "label", "description"
CONTIG, CHROMOSOME = re.compile(r"chr(?:\d{1,2}[LRAB]?|[XYMZWIV]{1,5}|MT)"), "chromosome"
LABELS_AT_MOST, NAMED = 20, 3
ARCHIVES = frozenset({
    "bbm", "bbs", "dbj", "emb", "gb", "gi", "gim", "gnl", "gp", "gpp", "lcl", "nat", "oth", "pat",
    "pdb", "pir", "prf", "ref", "sp", "tpd", "tpe", "tpg", "tr",
})  # fmt: skip
"""What stands before an id in headers of NCBI and EBI: "lcl|NC_000913.3"."""


@dataclass(frozen=True)
class Record:
    """As it is written: the header without its ">", and the letters."""

    header: str
    letters: str


def holds(text: str, name: str) -> bool:
    """Whether a text is of this format: by its name, else a line with ">" and one of letters."""
    return ends_with(name, SEQUENCES) or bool(BEGINS.match(text[:10_000]))


def parsed(text: str, name: str, choices: Choices) -> Table:
    """A row a record, in their order; raises ``UserError`` where none is a sequence."""
    records = list(_records(text, name))
    if not records:
        raise UserError(
            "There is no record in it", name,
            "A FASTA record begins with a line '>id', and its letters follow.",
        )  # fmt: skip
    _must_be_sequences(records, name)
    cells, told = _header_columns([one.header for one in records])
    letters = choices.get(RULE, "") or LETTERS_OF
    if letters in cells:
        raise UserError(
            f"The headers have a '{letters}' too", name,
            f"Choose another name for the column of letters ({RULE}=NAME).",
        )  # fmt: skip
    title = choices.get(CALLED, "")
    title = title if title and title not in (*cells, letters) else ID
    must_fit(len(records) * (len(cells) + 1), name)
    named = {title: cells.pop(ID), letters: [one.letters for one in records], **cells}
    first = Decision(
        RULE, letters, f"The file holds {counted(len(records), 'FASTA record')}; each is a row, "
        f"with its letters in the column '{letters}'.", cells=len(records),
    )  # fmt: skip
    second = Decision(
        CALLED, title, f"The first word of each header became the column '{title}'.",
        cells=len(records),
    )  # fmt: skip
    account = (first, second, *told, *_doubts(named[title], records))
    return Table(
        name, pd.DataFrame(named, dtype="str"), account,
        kinds={f"kind:{letters}": Kind.SEQUENCE.value},
    )  # fmt: skip


def _records(text: str, name: str) -> Iterator[Record]:
    """Each of them; raises ``UserError`` where letters come before the first header, or one record
    is as long as a chromosome."""
    header, lines, size = "", list[str](), 0
    begun = False
    # Not ``splitlines``, which breaks lines at signs that may stand in a header.
    for line in text.split("\n"):
        if line.startswith(">"):
            if begun:
                yield Record(header, "".join(lines))
            header, lines, size, begun = line[1:].strip(), [], 0, True
        elif line.strip() and not line.startswith(";"):
            if not begun:
                raise UserError(
                    f"The line '{line.strip()[:40]}' stands before the first header", name,
                    "A FASTA record begins with a line '>id', and its letters follow.",
                )  # fmt: skip
            lines.append(line.strip())
            size += len(lines[-1])
            if size > LONGEST:
                raise UserError(
                    f"The record '{header[:60]}' has more than {LONGEST:,} letters", name,
                    "Cut it into the windows that are to be predicted, one record each.",
                )  # fmt: skip
    if begun:
        yield Record(header, "".join(lines))


def _must_be_sequences(records: list[Record], name: str) -> None:
    """Raise ``UserError`` where not a single record is one, and say why."""
    reasons = list[str]()
    for one in records:
        try:
            cleaned(one.letters)
        except Unreadable as error:
            reasons.append(str(error))
        else:
            return
    raise UserError(
        f"None of its {counted(len(records), 'record')} is a sequence of DNA or RNA: the first "
        f"{reasons[0]}", name, "Give nucleotides without gaps; proteins are not read.",
    )  # fmt: skip


def _header_columns(headers: list[str]) -> tuple[dict[str, list[str]], list[Decision]]:
    """Column -> cells of what headers say, the ids under ``ID``; nothing in them is lost."""
    pairs = [_pairs(one) for one in headers]
    bare = [PAIR.sub("", one).strip().rstrip("|;").strip() for one in headers]
    ids = [one.split(maxsplit=1)[0] if one else "" for one in bare]
    rest = [one[len(first) :].strip() for one, first in zip(bare, ids, strict=True)]
    columns, told = dict[str, list[str]](), list[Decision]()
    if len({one.count("|") for one in ids}) == 1 and "|" in ids[0]:
        parts = [list(one) for one in zip(*(one.split("|") for one in ids), strict=True)]
        own = _own_part(parts)
        ids = parts[own]
        for number, part in enumerate(parts):
            if number != own and any(part):
                free = f"header part {number + 1}"
                columns[_called(part, columns, free) if number > own else free] = part
    if any(rest):
        columns[_called(rest, columns, REST)] = rest
    for key in dict.fromkeys(key for one in pairs for key in one):
        free = key if key.casefold() not in {ID, LETTERS_OF, *columns} else f"{key} (header)"
        columns[free] = [one.get(key, "") for one in pairs]
    if columns:
        shown = ", ".join(f"'{name[:40]}'" for name in list(columns)[:5])
        sentence = (
            f"What else the headers say became the columns {shown}{' …' * (len(columns) > 5)}."
        )
        told.append(Decision("headers", "columns", sentence, cells=len(headers)))
    if LABEL in columns:
        told.append(_told_label(columns[LABEL]))
    return {ID: ids, **columns}, told


def _own_part(parts: list[list[str]]) -> int:
    """Which of them tells the records apart: the first, unless that names an archive alone."""
    if not ARCHIVES.issuperset(parts[0]):
        return 0
    return 2 if set(parts[0]) == {"gnl"} and len(parts) > 2 else 1


def _pairs(header: str) -> dict[str, str]:
    """Key -> value; of a key that stands there several times all its values."""
    found = dict[str, list[str]]()
    for one in PAIR.finditer(header):
        found.setdefault(one[1], []).append(one[2].strip('"'))
    return {key: "; ".join(values) for key, values in found.items()}


def _called(values: list[str], columns: Mapping[str, list[str]], free: str) -> str:
    """What a column of words of headers is called: "chromosome" or "label" where they are such and
    no other is, else ``free``."""
    if all(CONTIG.fullmatch(one) for one in values):
        return free if CHROMOSOME in columns else CHROMOSOME
    return LABEL if _few(values) and LABEL not in columns else free


def _few(values: list[str]) -> bool:
    """Whether these are labels: few different words, each of several records."""
    counts = Counter(values)
    return (
        1 < len(counts) <= LABELS_AT_MOST and 2 * len(counts) <= len(values)
        and all(value and " " not in value for value in counts)
    )  # fmt: skip


def _told_label(values: list[str]) -> Decision:
    counts = Counter(values).most_common()
    shown = ", ".join(f"{value[:40]} ({rows:,})" for value, rows in counts[:5])
    sentence = f"Taken as the label of each record: {shown}{' …' * (len(counts) > 5)}."
    return Decision(LABELLED, LABEL, sentence, cells=len(values), proved=False)


def _doubts(ids: list[str], records: list[Record]) -> Iterator[Decision]:
    """What may be wrong with the file."""
    twice = {one: many for one, many in Counter(ids).items() if many > 1 and one}
    if twice:
        shown = ", ".join(f"'{one[:40]}'" for one in list(twice)[:NAMED])
        sentence = (
            f"{counted(len(twice), 'id')} {'stands' if len(twice) == 1 else 'stand'} above several "
            f"records ({shown}{' …' * (len(twice) > NAMED)}): {sum(twice.values()):,} rows. Where "
            "ids tell patients apart, they are one patient and stay together in every split."
        )
        if _few(ids):
            sentence += " Where they are labels, choose them as the outcome."
        yield Decision("repeated-ids", "kept", sentence, cells=sum(twice.values()), proved=False)
    if without := sum(not one.letters for one in records):
        have = "record has" if without == 1 else "records have"
        them = "it" if without == 1 else "them"
        sentence = f"{without:,} {have} no letters; nothing is learnt from {them}."
        yield Decision("empty-records", "missing", sentence, cells=without, proved=False)
    nameless = sum(not one for one in ids)
    if nameless:
        sentence = f"{counted(nameless, 'record')} had no id in the header."
        yield Decision("nameless-records", "kept", sentence, cells=nameless, proved=False)
