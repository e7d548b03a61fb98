"""BCF, the binary form of VCF, as the lines of text that it stands for (VCF specification 4.3 to
4.5, section 6), so that one reader decides about both.

Of what stands beside a genotype only that is written out by which a genotype is doubted.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.modalities.variants.calls import Bytes
from pmed_core.modalities.variants.doubts import DEPTHS, FILTERS, PASSED

MAGIC = (b"BCF\x02\x01", b"BCF\x02\x02")
HEADER_AT_MOST, BLOCK_AT_MOST = 64 * 2**20, 256 * 2**20
FIXED = struct.Struct("<iiifII")
WHOLE: dict[int, np.dtype[Any]] = {1: np.dtype("<i1"), 2: np.dtype("<i2"), 3: np.dtype("<i4")}
"""Types of whole numbers; the least stands for a missing one and the next for the end of a row,
which BCF 2.1 fills up with missing ones instead."""
MISSING, FLOAT, TEXT = 0, 5, 7
NO_TEXT = b"\7"
FLOAT_MISSING, FLOAT_END = 0x7F800001, 0x7F800002
DECLARED = re.compile(rb"##(FILTER|INFO|FORMAT|contig)=<(.*)>\s*$")
ID, IDX = re.compile(rb"(?:^|,)ID=([^,>]+)"), re.compile(rb",IDX=(\d+)\s*$")
FLAG = re.compile(rb",Type=Flag[,>]")
TAB, DIGITS = 9, np.frombuffer(b".0123456789", dtype=np.uint8)
APART = re.compile(rb"[\t\n\r]")
"""What would stand for the end of a column or line."""
Numbers = NDArray[np.integer]


class Damaged(Exception):
    """What is wrong, as the end of a sentence."""


@dataclass(frozen=True)
class _Names:
    """What numbers stand for: contigs; filters and the keys of INFO and FORMAT; of those the flags;
    and how many samples there are."""

    contigs: dict[int, bytes]
    keys: dict[int, bytes]
    flags: frozenset[bytes]
    samples: int


def lines(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Each line without its end, of a file that is unpacked; raises ``UserError``."""
    file, number = _File(pieces), 0
    try:
        header = _header(file)
        yield from header
        names = _names(header)
        while file.more():
            number += 1
            yield _record(file, names)
    except Damaged as error:
        where = f"record {number:,}" if number else "the header"
        raise UserError(
            f"The BCF file is damaged: {where} {error}", name,
            "Copy or download it again, whole, or convert it with bcftools view -O z.",
        ) from error  # fmt: skip


@dataclass
class _File:
    """Bytes that are taken in their order."""

    pieces: Iterator[bytes]
    held: bytes = b""
    place: int = 0

    def more(self) -> bool:
        """Whether any byte is left."""
        return self._holds(1)

    def take(self, many: int, at_most: int = BLOCK_AT_MOST) -> bytes:
        """The next so many."""
        if many > at_most:
            raise Damaged(f"would have {many:,} bytes")
        if not self._holds(many):
            raise Damaged("is cut off")
        self.place += many
        return self.held[self.place - many : self.place]

    def _holds(self, many: int) -> bool:
        if len(self.held) - self.place < many:
            parts, size = [self.held[self.place :]], len(self.held) - self.place
            while size < many and (piece := next(self.pieces, None)) is not None:
                parts.append(piece)
                size += len(piece)
            self.held, self.place = b"".join(parts), 0
        return len(self.held) - self.place >= many


def _header(file: _File) -> list[bytes]:
    if file.take(5) not in MAGIC:
        raise Damaged("is of another version of the format")
    (size,) = struct.unpack("<I", file.take(4))
    text = file.take(size, HEADER_AT_MOST).rstrip(b"\0").rstrip(b"\n")
    if b"\0" in text:
        raise Damaged("has a zero in its text")
    return text.split(b"\n")


def _names(header: list[bytes]) -> _Names:
    """Numbers are given in the order of the header unless IDX gives another; a name that is
    declared again keeps its own."""
    contigs, keys, flags = _Numbered(), _Numbered(), set[bytes]()
    keys.enter(b"PASS", None)
    for line in header:
        if (found := DECLARED.match(line)) is None or (named := ID.search(found[2])) is None:
            continue
        given = IDX.search(found[2])
        of = contigs if found[1] == b"contig" else keys
        of.enter(named[1], int(given[1]) if given else None)
        if found[1] == b"INFO" and FLAG.search(line):
            flags.add(named[1])
    samples = max(0, header[-1].count(b"\t") - 8)
    return _Names(contigs.names, keys.names, frozenset(flags), samples)


@dataclass
class _Numbered:
    """Names by their numbers, and the next number that is free."""

    names: dict[int, bytes] = field(default_factory=dict)
    numbers: dict[bytes, int] = field(default_factory=dict)
    free: int = 0

    def enter(self, name: bytes, given: int | None) -> None:
        number = self.numbers.get(name, self.free) if given is None else given
        if self.names.setdefault(number, name) != name:
            raise Damaged(f"gives the number {number} to two names")
        self.numbers.setdefault(name, number)
        self.free = max(self.free, number + 1)


def _record(file: _File, names: _Names) -> bytes:
    shared, single = struct.unpack("<II", file.take(8))
    block = _Block(file.take(shared))
    contig, place, _, _, counts, formats = FIXED.unpack(block.take(FIXED.size))
    if formats & 0xFFFFFF != names.samples:
        raise Damaged(f"has {formats & 0xFFFFFF:,} genotypes, the header {names.samples:,} samples")
    identity = block.text() or b"."
    alleles = [block.text() for _ in range(counts >> 16)]
    if not all(alleles):
        raise Damaged("has an allele without letters")
    failed = b";".join(_named(names.keys, one) for one in block.whole()) or b"."
    told = b";".join(_info(block, names) for _ in range(counts & 0xFFFF)) or b"."
    block.end()
    asked, cells = _samples(_Block(file.take(single)), formats >> 24, names)
    alternatives = b",".join(alleles[1:]) or b"."
    start = (_named(names.contigs, contig), b"%d" % (place + 1), identity)
    rest = (alleles[0] if alleles else b"", alternatives, b".", failed, told, asked)
    return b"\t".join((*start, *rest, cells))


def _named(names: dict[int, bytes], number: int) -> bytes:
    if number not in names:
        raise Damaged(f"has a name with the number {number}, which the header does not give")
    return names[number]


@dataclass
class _Block:
    """Part of a record."""

    data: bytes
    place: int = 0

    def take(self, many: int) -> bytes:
        """The next bytes."""
        self.place += many
        if self.place > len(self.data):
            raise Damaged("is shorter than what it says it holds")
        return self.data[self.place - many : self.place]

    def end(self) -> None:
        """Nothing may be left."""
        if self.place != len(self.data):
            raise Damaged("is longer than what it says it holds")

    def kind(self) -> tuple[int, int]:
        """What comes next, and how many of it."""
        (given,) = self.take(1)
        kind, many = given & 15, given >> 4
        if many == 15:
            (of,) = self.take(1)
            if of & 15 not in WHOLE or of >> 4 != 1:
                raise Damaged("does not say how long a row is")
            many = int(self.numbers(WHOLE[of & 15], 1)[0])
        if kind not in (MISSING, FLOAT, TEXT, *WHOLE) or many < 0:
            raise Damaged(f"has values of a kind ({kind}) that the format does not have")
        return kind, many

    def whole(self) -> list[int]:
        """Numbers without a fraction."""
        kind, many = self.kind()
        if kind == MISSING:
            return []
        if kind not in WHOLE:
            raise Damaged("has something else where a whole number belongs")
        found: list[int] = self.numbers(WHOLE[kind], many).tolist()
        return found

    def numbers(self, of: np.dtype[Any], many: int) -> NDArray[Any]:
        """(many,)"""
        return np.frombuffer(self.take(many * of.itemsize), of)

    def text(self) -> bytes:
        """Letters; none where they are missing."""
        kind, many = self.kind()
        if kind not in (MISSING, TEXT):
            raise Damaged("has something else where letters belong")
        return _letters(self.take(many)) if kind == TEXT else b""


def _letters(data: bytes) -> bytes:
    found = data.rstrip(b"\0")
    if APART.search(found) or b"\0" in found:
        raise Damaged("has the end of a line or a zero within a word")
    return found


def _key(block: _Block, names: _Names) -> bytes:
    numbers = block.whole()
    if len(numbers) != 1:
        raise Damaged("has an entry without a name")
    return _named(names.keys, numbers[0])


def _info(block: _Block, names: _Names) -> bytes:
    key, value = _key(block, names), _value(block)
    return key if key in names.flags else key + b"=" + (value or b".")


def _value(block: _Block) -> bytes:
    kind, many = block.kind()
    if kind == TEXT:
        value = _letters(block.take(many)).replace(NO_TEXT, b".")
        if b";" in value:
            raise Damaged("has the end of an entry of INFO within a word")
        return value
    if kind == FLOAT:
        return _floats(block.numbers(np.dtype("<u4"), many))
    return _numbers(block.numbers(WHOLE[kind], many)) if kind in WHOLE else b""


def _numbers(found: Numbers) -> bytes:
    least = np.iinfo(found.dtype).min
    kept = found[found != least + 1].tolist()
    return b",".join(b"." if one == least else b"%d" % one for one in kept)


def _each(found: Numbers) -> list[bytes]:
    absent = int(np.iinfo(found.dtype).min) + 1
    return [b"." if one <= absent else b"%d" % one for one in found.tolist()]


def _floats(found: NDArray[np.uint32]) -> bytes:
    kept = found[found != FLOAT_END]
    each = zip(kept.tolist(), kept.view("<f4"), strict=True)
    return b",".join(b"." if bits == FLOAT_MISSING else str(one).encode() for bits, one in each)


SIZES = {MISSING: 0, FLOAT: 4, TEXT: 1, **{kind: of.itemsize for kind, of in WHOLE.items()}}


def _samples(block: _Block, many: int, names: _Names) -> tuple[bytes, bytes]:
    """FORMAT, and the cells of all samples."""
    cells, beside = b"", dict[bytes, list[bytes]]()
    for _ in range(many):
        key = _key(block, names)
        kind, each = block.kind()
        data = block.take(SIZES[kind] * each * names.samples)
        if key == b"GT":
            if kind not in WHOLE or not each or cells:
                raise Damaged("has no genotypes, or has them twice")
            cells = _genotypes(np.frombuffer(data, WHOLE[kind]).reshape(-1, each))
        elif (told := _doubting(key, kind, data, names.samples)) is not None:
            beside[key] = told
    block.end()
    if not cells:
        return b".", b"\t".join([b"."] * names.samples)
    # The last values of a cell may be left out, so that keys without values stand behind.
    full = [key for key, told in beside.items() if told]
    if full:
        columns = [cells.split(b"\t"), *(beside[key] for key in full)]
        cells = b"\t".join(map(b":".join, zip(*columns, strict=True)))
    return b":".join((b"GT", *full, *(key for key in beside if key not in full))), cells


def _doubting(key: bytes, kind: int, data: bytes, samples: int) -> list[bytes] | None:
    """A value for each sample where it may speak against a genotype; nothing of each where it is
    the key alone that matters; None where nothing does."""
    if key == b"PS":
        return []
    if key in DEPTHS and kind in WHOLE and data:
        found = np.frombuffer(data, WHOLE[kind]).reshape(samples, -1)[:, 0]
        return _each(found) if (found == 0).any() else None
    if key in FILTERS and kind == TEXT and data:
        size = len(data) // samples
        told = [_letters(data[k : k + size]) for k in range(0, len(data), size)]
        told = [one.replace(NO_TEXT, b".") for one in told]
        return told if any(one not in PASSED for one in told) else None
    return None


def _genotypes(found: Numbers) -> bytes:
    """(n, alleles at most) -> their cells. A number is twice the allele, counted from 1, with 0 for
    none that was called, and one more where it is phased with the allele before."""
    absent = found <= int(np.iinfo(found.dtype).min) + 1
    ended, told = absent.copy(), np.where(absent, 0, found)
    ended[:, 0] = False
    if (told < 0).any() or (ended[:, :-1] & ~ended[:, 1:]).any():
        raise Damaged("has a genotype that is none")
    alleles = told >> 1
    if (alleles >= len(DIGITS)).any():
        return b"\t".join(map(_one, told.tolist(), (~ended).sum(axis=1).tolist()))
    grid = np.empty((len(found), 2 * found.shape[1]), dtype=np.uint8)
    grid[:, ::2] = DIGITS[alleles]
    grid[:, 1:-1:2] = np.where(told[:, 1:] & 1, ord("|"), ord("/"))
    grid[:, -1] = TAB
    return _kept(grid, ended)


def _kept(grid: Bytes, ended: NDArray[np.bool_]) -> bytes:
    """Without the alleles that shorter genotypes do not have, and what parts them from others."""
    if not ended.any():
        return grid.tobytes()[:-1]
    keep = np.ones(grid.shape, dtype=bool)
    keep[:, ::2] = ~ended
    keep[:, 1:-1:2] = ~ended[:, 1:]
    return grid[keep].tobytes()[:-1]


def _one(told: list[int], many: int) -> bytes:
    written = [b"." if one >> 1 == 0 else b"%d" % ((one >> 1) - 1) for one in told[:many]]
    between = [b"|" if one & 1 else b"/" for one in told[1:many]]
    return written[0] + b"".join(map(bytes.__add__, between, written[1:]))
