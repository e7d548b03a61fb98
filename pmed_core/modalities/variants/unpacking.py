"""The lines of a VCF or BCF file, plain or packed by gzip or bgzip, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from pmed_core.errors import UserError
from pmed_core.modalities.variants import bcf
from pmed_core.readers.gzipped import GZIP, begins, pieces
from pmed_core.readers.packed import TOTAL_MB

BCF = b"BCF"
LINE_AT_MOST = 64 * 2**20


def lines(data: bytes, name: str) -> Iterator[bytes]:
    """Each line without its end; the last also where it has none. Raises ``UserError``."""
    whole = _bounded(pieces(data, name), name)
    return bcf.lines(whole, name) if is_bcf(data) else _of_text(whole, name)


def is_bcf(data: bytes) -> bool:
    """Whether it is the binary form, packed or not."""
    return begins(data).startswith(BCF)


def _bounded(parts: Iterator[bytes], name: str) -> Iterator[bytes]:
    total = 0
    for piece in parts:
        total += len(piece)
        if total > TOTAL_MB * 2**20:
            raise UserError(
                f"It would unpack to more than {TOTAL_MB // 1024} GB", name,
                "Keep the regions or samples that matter.",
            )  # fmt: skip
        yield piece


def _of_text(parts: Iterator[bytes], name: str) -> Iterator[bytes]:
    rest = b""
    for piece in parts:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > LINE_AT_MOST:
            raise UserError(
                f"A line has more than {LINE_AT_MOST // 2**20} MB", name, "This is no VCF file."
            )
    if rest:
        yield rest


def ends_with_newline(data: bytes) -> bool:
    """Whether a plain text ends where a line does; others tell otherwise whether they are whole."""
    return data.startswith((GZIP, BCF)) or data.endswith(b"\n")
