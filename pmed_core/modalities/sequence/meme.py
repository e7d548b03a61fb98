"""Motifs in MEME format: https://meme-suite.org/meme/doc/meme-format.html, read strictly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from pmed_core.arrays import Floats
from pmed_core.bounds import text_in
from pmed_core.errors import UserError
from pmed_core.modalities.sequence.motifs import Motifs
from pmed_core.modalities.sequence.mutagenesis import BASES

BYTES_AT_MOST, MOTIFS_AT_MOST, WIDEST = 20_000_000, 10_000, 100
REMEDY = (
    "Give a text file in MEME format (version 4), as JASPAR and HOCOMOCO provide: MEME version, "
    "ALPHABET= ACGT, MOTIF, letter-probability matrix."
)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
VERSION = re.compile(r"MEME version (\d+)(\.\d+)*\b.*")
MATRIX = "letter-probability matrix:"
ENDS = re.compile(r"(MOTIF|URL)\b.*|-{3,}|\*{3,}")
"""Lines that end a matrix of which is not said how wide it is, as an empty one does."""
SUM_WITHIN = 0.02
"""Probabilities are written with few digits."""


@dataclass(frozen=True)
class Known:
    """A motif that was uploaded.

    Attributes:
        name, other: two names, the second of which may be empty.
        shares: (w, 4) of A, C, G and T.
        paired: it has another strand; RNA has none.
    """

    name: str
    other: str
    shares: Floats
    paired: bool = True

    @property
    def title(self) -> str:
        """Both names."""
        return f"{self.name} ({self.other})" if self.other else self.name


@dataclass
class _Reader:
    """Lines, numbered from 1, and what they said so far."""

    lines: list[str]
    where: str
    at: int = 0
    versioned: bool = False
    rna: bool = False
    motifs: dict[str, Known] = field(default_factory=dict)
    opened: tuple[str, str] | None = None

    def wrong(self, what: str) -> UserError:
        """Of the line that was read last."""
        return UserError(f"Line {self.at:,} {what}", self.where, REMEDY)

    def __iter__(self) -> Iterator[str]:
        while self.at < len(self.lines):
            self.at += 1
            yield self.lines[self.at - 1].strip()


def parsed_motifs(data: bytes, where: str) -> tuple[Known, ...]:
    """The motifs of a file; raises ``UserError`` where it holds none, or anything is wrong."""
    text = text_in(data, "motifs", BYTES_AT_MOST, where, REMEDY)
    # Not ``splitlines``, which breaks lines at signs that may stand in a name.
    reader = _Reader(re.split("\r\n|\r|\n", text), where)
    for line in reader:
        if line:
            _read(reader, line)
    if reader.opened is not None:
        raise UserError(f"The motif '{reader.opened[0]}' has no matrix", where, REMEDY)
    if not reader.motifs:
        raise UserError("The file holds no motif", where, REMEDY)
    return tuple(reader.motifs.values())


def _read(reader: _Reader, line: str) -> None:
    """A line that begins something; all that MEME writes beside is passed over."""
    if line.startswith("MEME version"):
        version = VERSION.fullmatch(line)
        if not version or int(version[1]) < 3:
            raise reader.wrong("names no version of the format that is known")
        reader.versioned = True
    elif line.startswith("ALPHABET"):
        _alphabet(reader, line)
    elif line.startswith("Background letter frequencies"):
        _background(reader)
    elif line.split()[0] == "MOTIF":
        _motif(reader, line)
    elif line.startswith(MATRIX):
        _matrix(reader, line)


def _alphabet(reader: _Reader, line: str) -> None:
    letters = line.partition("=")[2].strip()
    if letters not in (BASES, "ACGU"):
        raise reader.wrong("names another alphabet than that of DNA (ACGT) or RNA (ACGU)")
    reader.rna = letters != BASES


def _background(reader: _Reader) -> None:
    """Pairs of a letter and its frequency, on one line or two; they are checked and not used."""
    found = dict[str, float]()
    for line in reader:
        cells = line.split()
        if len(cells) % 2 or not cells:
            raise reader.wrong("holds no background: pairs of a letter and its frequency")
        for letter, number in zip(cells[::2], cells[1::2], strict=True):
            reader.rna |= letter in "Uu"
            found[letter.upper().replace("U", "T")] = _number(reader, number)
        if len(found) >= len(BASES):
            break
    if set(found) != set(BASES) or abs(sum(found.values()) - 1) > SUM_WITHIN:
        raise reader.wrong("holds a background that is none of A, C, G and T with the sum 1")


def _motif(reader: _Reader, line: str) -> None:
    if not reader.versioned:
        raise reader.wrong("begins a motif before the line 'MEME version 4'")
    if reader.opened is not None:
        raise UserError(f"The motif '{reader.opened[0]}' has no matrix", reader.where, REMEDY)
    cells = line.split()
    if len(cells) < 2:
        raise reader.wrong("begins a motif without a name")
    name = cells[1][:80]
    if not "".join(cells).isprintable():
        raise reader.wrong("begins a motif with signs in its name that cannot be shown")
    if name in reader.motifs:
        raise reader.wrong(f"begins the motif '{name}', which is there already")
    if len(reader.motifs) == MOTIFS_AT_MOST:
        raise reader.wrong(f"begins one more motif than {MOTIFS_AT_MOST:,}, which are read")
    # MEME itself writes "MOTIF NAME MEME-1 width = 18 sites = 9 …".
    other = cells[2][:80] if len(cells) > 2 and cells[2] != "width" else ""
    reader.opened = name, other


def _matrix(reader: _Reader, line: str) -> None:
    if reader.opened is None:
        raise reader.wrong("begins a matrix that belongs to no motif, or is its second")
    told = _told(reader, line)
    if told.get("alength", 4) != len(BASES):
        raise reader.wrong("begins a matrix of another alphabet than the four letters of DNA")
    wide = told.get("w")
    if wide is not None and wide not in range(1, WIDEST + 1):
        raise reader.wrong(f"begins a matrix of {wide:g} places: 1 to {WIDEST} are read")
    name, other = reader.opened
    shares = np.array(_rows(reader, wide, name))
    shares = shares / shares.sum(axis=1, keepdims=True)
    reader.motifs[name] = Known(name, other, shares, not reader.rna)
    reader.opened = None


def _rows(reader: _Reader, wide: float | None, name: str) -> list[list[float]]:
    """So many rows, or all up to a line that ends a matrix; raises where more of them follow."""
    rows = list[list[float]]()
    while len(rows) < (wide or WIDEST + 1) and reader.at < len(reader.lines):
        line = reader.lines[reader.at].strip()
        if not line or (wide is None and ENDS.fullmatch(line)):
            break
        reader.at += 1
        rows.append(_row(reader, line.split()))
    if not rows or len(rows) < (wide or 1):
        raise reader.wrong(f"ends the matrix of '{name}' too early")
    if len(rows) > WIDEST:
        raise reader.wrong(f"belongs to a matrix of more than {WIDEST} places")
    for line in reader:
        if cells := line.split():
            if NUMBER.fullmatch(cells[0]):
                raise reader.wrong(f"is one place more than the matrix of '{name}' has")
            reader.at -= 1
            break
    return rows


def _told(reader: _Reader, line: str) -> dict[str, float]:
    """The pairs "key= number" of the line."""
    pairs = re.findall(r"(\w+)\s*=\s*(\S+)", line.removeprefix(MATRIX))
    return {key: _number(reader, number) for key, number in pairs}


def _row(reader: _Reader, cells: list[str]) -> list[float]:
    if len(cells) != len(BASES):
        raise reader.wrong(f"has {len(cells)} numbers in place of four probabilities")
    row = [_number(reader, cell) for cell in cells]
    if not all(0 <= one <= 1 for one in row) or abs(sum(row) - 1) > SUM_WITHIN:
        raise reader.wrong("holds no probabilities: four numbers from 0 to 1 with the sum 1")
    return row


def _number(reader: _Reader, cell: str) -> float:
    if not NUMBER.fullmatch(cell):
        raise reader.wrong(f"has '{cell[:20]}' where a number is expected")
    return float(cell)


def meme_text(found: Motifs) -> str:
    """Motifs of a cohort as a file in MEME format."""
    a, c, g, t = found.background
    parts = [
        "MEME version 4\n\nALPHABET= ACGT\n\n"
        + ("strands: + -\n\n" if found.both else "strands: +\n\n"),
        f"Background letter frequencies\nA {a:.4f} C {c:.4f} G {g:.4f} T {t:.4f}\n\n",
    ]
    for name, one in found.named():
        rows = "\n".join("  ".join(f"{share:.6f}" for share in row) for row in one.shares)
        parts.append(
            f"MOTIF {name}\n{MATRIX} alength= 4 w= {len(one.shares)} nsites= {one.sites}\n"
            f"{rows}\n\n"
        )
    return "".join(parts)
