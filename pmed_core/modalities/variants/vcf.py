"""VCF files, read strictly: what the format does not allow is refused, and nothing is guessed.

VCF specification 4.1 to 4.5 (samtools/hts-specs). Read here and not by htslib, which warns on a
stream of its own where a line is wrong and goes on.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from pmed_core.errors import UserError
from pmed_core.genotypes import BLOCK_COLUMNS, HAPLOID, PHASED, SITE_COLUMNS, UNKNOWN, Genotypes
from pmed_core.modalities.variants.account import Counts, account
from pmed_core.modalities.variants.annotations import clinical, of_alleles
from pmed_core.modalities.variants.builds import AUTOSOMES, spelt
from pmed_core.modalities.variants.calls import Bytes, Malformed, calls, refused
from pmed_core.modalities.variants.doubts import (
    REFERENCE_CALLS,
    filtered,
    not_called,
    without_reads,
)
from pmed_core.modalities.variants.header import Header, is_vcf, read_header, two_spellings
from pmed_core.modalities.variants.records import PASSED, Alleles, alleles, frequencies, info
from pmed_core.modalities.variants.unpacking import ends_with_newline, lines
from pmed_core.readers.gzipped import begins
from pmed_core.reading import Reading
from pmed_core.suffixes import VARIANTS, ends_with, without_gzip

CALLS_AT_MOST, RECORDS_AT_MOST = 600_000_000, 6_000_000
SORT = "Sort it: bcftools sort."
GENOTYPES = (
    "Export it with genotypes; probabilities of imputation become such by bcftools +tag2tag, "
    "--gp-to-gt."
)
FEWER = "Keep the regions or samples that matter (bcftools view -r, -S)."
NUMBERS = {"position": "q", "frequency": "d", "passed": "b", "record": "q"}
TEXTS = tuple(key for key in SITE_COLUMNS if key not in NUMBERS)
UNPHASED = np.uint8(255 - PHASED)


def read_vcf(data: bytes, name: str) -> tuple[Genotypes, Reading]:
    """What the bytes of a VCF file hold, packed or not, and the account of reading.

    Raises ``UserError``: what is wrong, in which line, and what to do.
    """
    rows = lines(data, name)
    header = read_header(rows, name)
    found = _Collected(header)
    number = header.lines
    for number, line in enumerate(rows, header.lines + 1):
        if line := line.rstrip(b"\r"):
            try:
                found.add(line, number)
            except Malformed as error:
                raise refused(error, name, number) from error
            if found.too_many:
                raise UserError("It holds more genotypes than are read", name, FEWER)
    if not found.records:
        raise UserError("There is no variant in it", name, "Its header is all there is.")
    found.counts.unended = not ends_with_newline(data)
    return found.genotypes(), account(header, found.counts)


def holds_vcf(data: bytes, name: str) -> bool:
    """Whether a file is one by how it begins, packed or not, or by its name."""
    return ends_with(without_gzip(name), VARIANTS) or is_vcf(begins(data))


@dataclass
class _Collected:
    """What was read so far."""

    header: Header
    counts: Counts = field(default_factory=Counts)
    records: int = 0
    columns: dict[str, list[str]] = field(default_factory=lambda: {key: [] for key in TEXTS})
    numbers: dict[str, array[Any]] = field(
        default_factory=lambda: {key: array(kind) for key, kind in NUMBERS.items()}
    )
    called: bytearray = field(default_factory=bytearray)
    block_contigs: list[str] = field(default_factory=list)
    block_ends: array[int] = field(default_factory=lambda: array("q"))
    covered: bytearray = field(default_factory=bytearray)
    here: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    contig: bytes = b""
    chromosome: str = ""
    position: int = 0
    seen: dict[str, str] = field(default_factory=dict)

    @property
    def too_many(self) -> bool:
        """Whether it is more than is read."""
        many = len(self.called) + len(self.covered)
        return many > CALLS_AT_MOST or self.records > RECORDS_AT_MOST

    def add(self, line: bytes, number: int) -> None:
        """A record; raises ``Malformed``."""
        parts = line.split(b"\t", 9)
        if len(parts) < 10:
            what = f"{len(parts)} columns"
            raise Malformed(f"has {what}, where the header names {9 + len(self.header.samples):,}")
        self._move(parts[0], parts[1])
        found = alleles(parts[3], parts[4])
        asked = parts[8]
        if asked != b"GT" and not asked.startswith(b"GT:"):
            raise Malformed("has no genotypes (GT is not the first of its FORMAT)", GENOTYPES)
        wanted = [number for number, _ in found.plain]
        told = calls(parts[9], len(self.header.samples), len(found.alternatives), wanted or [0])
        if b"PS" in asked.split(b":"):
            # Phased within stretches of its own only, so that two sites may not be put together.
            self.counts.in_sets += int((told[0] & PHASED > 0).sum())
            told = [one & UNPHASED for one in told]
        self._counted(found, told[0])
        told = self._trusted(asked, parts[9], told)
        passed = parts[6].decode("utf-8", "replace") in PASSED
        self.counts.failed += (not passed) * len(wanted)
        if wanted:
            self._sites(parts, found, told, passed, number)
        elif found.open and passed:
            self._block(parts, found, told[0])
        self.records += 1

    def _move(self, contig: bytes, position: bytes) -> None:
        """To the place of a record; raises ``Malformed`` where it is none, or stands before."""
        if not position.isdigit() or position == b"0":
            raise Malformed(f"has the position '{position[:20].decode('utf-8', 'replace')}'")
        place = int(position)
        if contig != self.contig:
            self._enter(contig)
        elif place < self.position:
            raise Malformed(
                f"is out of order: position {place:,} comes after {self.position:,} of the same "
                "chromosome", SORT,
            )  # fmt: skip
        if place != self.position:
            self.here.clear()
        self.position = place
        length = self.header.lengths.get(self.contig.decode("utf-8", "replace"), 0)
        if length and place > length:
            raise Malformed(
                f"has position {place:,} of a chromosome of {length:,} bases by the header"
            )

    def _enter(self, contig: bytes) -> None:
        text = contig.decode("utf-8", "replace")
        if not text or text != text.strip():
            raise Malformed("names no chromosome")
        if text in self.seen.values():
            raise Malformed(
                f"is out of order: chromosome {text} was left before, and comes again", SORT
            )
        if other := two_spellings(self.seen, text):
            raise Malformed(
                f"calls a chromosome '{text}' that is '{other}' elsewhere in the file",
                "Spell chromosomes one way (bcftools annotate --rename-chrs).",
            )
        if text != spelt(text):
            self.counts.respelt.append(text)
        self.contig, self.chromosome, self.position = contig, spelt(text), 0
        self.here.clear()

    def _counted(self, found: Alleles, told: Bytes) -> None:
        self.counts.split += len(found.plain) > 1
        self.counts.structural += found.structural
        self.counts.stars += found.stars
        first, second = told & 3, told >> 2 & 3
        one = (first == UNKNOWN).astype(np.int8) + (second == UNKNOWN)
        alone = (told & HAPLOID) > 0
        none = (one == 2) | (alone & (one == 1))
        self.counts.missing += int(none.sum())
        self.counts.half += int(((one == 1) & ~alone).sum())
        self.counts.calls += len(told)
        # A single point is how some programs write a call that was not made.
        if alone.any() and (many := int((alone & (first != UNKNOWN)).sum())):
            where = "autosomes" if self.chromosome in AUTOSOMES else self.chromosome
            self.counts.haploid[where] = self.counts.haploid.get(where, 0) + many

    def _trusted(self, asked: bytes, text: bytes, told: list[Bytes]) -> list[Bytes]:
        """Without calls that the record itself speaks against."""
        unread = without_reads(asked, text, told[0])
        failed = filtered(asked, text, len(told[0])) & (told[0] & 3 != UNKNOWN) & ~unread
        if not (doubted := unread | failed).any():
            return told
        self.counts.unread += int(unread.sum())
        self.counts.filtered += int(failed.sum())
        return [not_called(one, doubted) for one in told]

    def _sites(
        self, parts: list[bytes], found: Alleles, told: list[Bytes], passed: bool, line: int
    ) -> None:
        said = info(parts[7])
        often = frequencies(said, len(found.alternatives))
        genes: list[tuple[tuple[str, str], ...]] = [()] * len(found.alternatives)
        if (how := self.header.annotated) is not None and how.key in said:
            genes, unlike = of_alleles(said[how.key], how, found.reference, found.alternatives)
            self.counts.unlike += unlike
        known = clinical(said, how, found.reference, found.alternatives)
        named = parts[2].decode("utf-8", "replace")
        for (which, letters), column in zip(found.plain, told, strict=True):
            if self._stands_twice(found.reference, letters, column, line):
                continue
            texts = {
                "chromosome": self.chromosome, "id": "" if named == "." else named,
                "reference": found.reference, "alternative": letters,
                "genes": ";".join(gene for gene, _ in genes[which - 1]),
                "consequences": ";".join(terms for _, terms in genes[which - 1]),
                "clinical": known[which - 1],
            }  # fmt: skip
            for key, value in texts.items():
                self.columns[key].append(value)
            self.numbers["position"].append(self.position)
            self.numbers["frequency"].append(often[which - 1])
            self.numbers["passed"].append(passed)
            self.numbers["record"].append(self.records)
            self.called += column.tobytes()

    def _stands_twice(self, reference: str, letters: str, column: Bytes, line: int) -> bool:
        """Whether the same variant was read before, with the same genotypes; raises ``Malformed``
        where they differ."""
        many = len(self.header.samples)
        before = self.here.get((reference, letters))
        if before is None:
            self.here[reference, letters] = (len(self.called) // many, line)
            return False
        row, first = before
        if bytes(self.called[row * many : (row + 1) * many]) != column.tobytes():
            raise Malformed(
                f"has {reference[:20]}>{letters[:20]} with other genotypes than line {first:,}, "
                "which has the same variant", "Find out which holds, and keep that line alone.",
            )  # fmt: skip
        self.counts.repeated += 1
        return True

    def _block(self, parts: list[bytes], found: Alleles, told: Bytes) -> None:
        end = info(parts[7]).get("END", "") if found.stars == 0 else ""
        last = int(end) if end.isdigit() else self.position + len(found.reference) - 1
        if last < self.position:
            raise Malformed(f"ends at {last:,}, before it begins")
        self.block_contigs.append(self.chromosome)
        self.block_ends.extend((self.position, last))
        self.covered += REFERENCE_CALLS[told].tobytes()

    def genotypes(self) -> Genotypes:
        """All of it."""
        many = len(self.header.samples)
        numbers = {key: np.array(values) for key, values in self.numbers.items()}
        numbers["passed"] = numbers["passed"].astype(bool)
        texts = {key: pd.array(values, dtype="str") for key, values in self.columns.items()}
        sites = pd.DataFrame(texts | numbers)[list(SITE_COLUMNS)]
        places = np.array(self.block_ends, dtype=np.int64).reshape(-1, 2)
        contigs = pd.array(self.block_contigs, dtype="str")
        cells = (contigs, places[:, 0], places[:, 1])
        return Genotypes(
            self.header.samples, sites,
            np.frombuffer(self.called, dtype=np.uint8).reshape(-1, many),
            pd.DataFrame(dict(zip(BLOCK_COLUMNS, cells, strict=True))),
            np.frombuffer(self.covered, dtype=np.bool_).reshape(-1, many), self.header.build,
        )  # fmt: skip
