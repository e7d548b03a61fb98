"""The header of a VCF file (VCF specification 4.1 to 4.5, section 1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pmed_core.errors import UserError
from pmed_core.modalities.variants.annotations import Annotated, annotated
from pmed_core.modalities.variants.builds import build_of, spelt
from pmed_core.modalities.variants.unpacking import BCF
from pmed_core.quantity import counted
from pmed_core.reading import Decision

FIRST, NAMES = b"##fileformat=VCF", b"#CHROM"
FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
CONTIG = re.compile(r"##contig=<(.*)>\s*$")
PAIR = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^,>]*)')
INFO = re.compile(r"##INFO=<ID=([^,>]+),.*Description=\"(.*)\"")
REFERENCE = re.compile(r"##(?:reference|assembly)=(.*)")
LINES_AT_MOST = 200_000


@dataclass(frozen=True)
class Header:
    """What is known before the first record.

    Attributes:
        lengths: contig as it is written -> its length, 0 where it is not said.
        annotated: how genes and consequences are written; None where they are not.
        lines: how many there were.
    """

    samples: tuple[str, ...]
    lengths: dict[str, int]
    build: str
    annotated: Annotated | None
    lines: int
    account: tuple[Decision, ...]


def is_vcf(start: bytes) -> bool:
    """Whether a file, unpacked, begins as VCF does."""
    return start.removeprefix(b"\xef\xbb\xbf").startswith((FIRST, NAMES, BCF))


def read_header(lines: Iterator[bytes], name: str) -> Header:
    """Up to the line of names; raises ``UserError``."""
    told = list[str]()
    for line in lines:
        text = line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").rstrip("\r")
        if not told and not text.startswith(FIRST.decode()):
            raise _headless(text, name)
        if not text.startswith("##"):
            return _header(told, text, name)
        told.append(text)
        if len(told) > LINES_AT_MOST:
            break
    raise UserError(
        "Its header has no line that begins with #CHROM", name,
        "Export the file again: that line names the columns and the samples.",
    )  # fmt: skip


def _headless(first: str, name: str) -> UserError:
    return UserError(
        f"It does not begin with '{FIRST.decode()}' but with '{first[:30]}'", name,
        "A VCF file needs its header: it names the samples. Export it again with the header.",
    )  # fmt: skip


def _header(told: list[str], names: str, name: str) -> Header:
    samples = _samples(names, name)
    contigs, words = _contigs(told)
    build, said = build_of(contigs, words, name)
    described = {found[1]: found[2] for line in told if (found := INFO.match(line))}
    how = annotated(described)
    account = [said]
    if how is not None:
        account.append(
            Decision("annotation", how.key, f"Genes and consequences are those of INFO {how.key}.")
        )
    return Header(samples, contigs, build, how, len(told) + 1, tuple(account))


def _contigs(told: list[str]) -> tuple[dict[str, int], list[str]]:
    contigs, words = dict[str, int](), list[str]()
    for line in told:
        if found := CONTIG.match(line):
            pairs = {key: value.strip('"') for key, value in PAIR.findall(found[1])}
            length = pairs.get("length", "")
            contigs[pairs.get("ID", "")] = int(length) if length.isdigit() else 0
            words.append(pairs.get("assembly", ""))
        elif found := REFERENCE.match(line):
            words.append(found[1])
    contigs.pop("", None)
    return contigs, list(dict.fromkeys(words))


def _samples(line: str, name: str) -> tuple[str, ...]:
    where = f"{name}, line #CHROM"
    if "\t" not in line:
        raise UserError(
            f"The columns of '{line[:40]}' are not separated by tabs", where,
            "Save it again as it was: a spreadsheet or an editor has changed it.",
        )  # fmt: skip
    columns = line.split("\t")
    if tuple(columns[:8]) != FIXED:
        unlike = next((a for a, b in zip(FIXED, [*columns, *[""] * 8], strict=False) if a != b), "")
        raise UserError(
            f"The column '{unlike}' is missing or in another place", where,
            f"A VCF file has the columns {', '.join(FIXED)}, FORMAT, and one for each sample.",
        )  # fmt: skip
    if len(columns) < 10:
        raise UserError(
            "It lists variants, but no sample that carries them", where,
            "Give a file with genotypes: a column FORMAT, and one for each sample.",
        )  # fmt: skip
    if columns[8] != "FORMAT":
        raise UserError("The ninth column is not FORMAT", where, "Export the file again.")
    samples = tuple(one.strip() for one in columns[9:])
    twice = {one for one in samples if samples.count(one) > 1} if _repeat(samples) else set()
    if twice or not all(samples):
        what = f"The sample '{min(twice)[:60]}' stands twice" if twice else "A sample has no name"
        raise UserError(what, where, f"Give each of its {counted(len(samples), 'sample')} a name "
                        "of its own.")  # fmt: skip
    return samples


def _repeat(samples: tuple[str, ...]) -> bool:
    return len(set(samples)) < len(samples)


def two_spellings(seen: dict[str, str], contig: str) -> str:
    """Another spelling of the same chromosome that the file used before; empty where none."""
    before = seen.setdefault(spelt(contig), contig)
    # PLINK's 25 is a part of X under a name of its own.
    return before if before != contig and "25" not in (before, contig) else ""
