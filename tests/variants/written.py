"""VCF files for tests."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import pysam

END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
HEAD = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n"


def vcf(records: Sequence[str], samples: Sequence[str] = ("a", "b"), head: str = HEAD) -> bytes:
    """Records with blanks for tabs: "chr1 100 . A G . PASS . GT 0/1 0/0"."""
    names = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT " + " ".join(samples)
    rows = [row.replace(" ", "\t") for row in (names, *records)]
    return (head + "\n".join(rows) + "\n").encode()


def bgzip(data: bytes, block: int = 200) -> bytes:
    """Packed as bgzip does, in small blocks."""
    out = io.BytesIO()
    for start in range(0, len(data), block):
        part = data[start : start + block]
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        packed = packer.compress(part) + packer.flush()
        out.write(b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0")
        out.write(struct.pack("<H", len(packed) + 25) + packed)
        out.write(struct.pack("<II", zlib.crc32(part), len(part)))
    return out.getvalue() + END


def gzipped(data: bytes) -> bytes:
    """As two members behind one another."""
    half = len(data) // 2
    return gzip.compress(data[:half]) + gzip.compress(data[half:])


def bcf(path: Path, data: bytes) -> bytes:
    """What htslib makes of a VCF file."""
    (path / "x.vcf").write_bytes(data)
    silent = pysam.set_verbosity(0)
    with (
        pysam.VariantFile(str(path / "x.vcf")) as file,
        pysam.VariantFile(str(path / "x.bcf"), "wb", header=file.header) as out,
    ):
        for record in file:
            out.write(record)
    pysam.set_verbosity(silent)
    return (path / "x.bcf").read_bytes()
