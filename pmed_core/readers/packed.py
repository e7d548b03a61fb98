"""What may be unpacked: nothing that fills the memory."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence

from pmed_core.errors import UserError

FILE_MB, TOTAL_MB = 1024, 20_480
RATIO = 200
"""A file that unpacks to more than this many times its size, and is large, is a bomb."""
LARGE = 64 * 2**20


def check_sizes(entries: Sequence[zipfile.ZipInfo], where: str, remedy: str) -> None:
    """Raise ``UserError`` for a member, or a whole, that would unpack to more than is read."""
    for entry in entries:
        bomb = entry.file_size > LARGE and entry.file_size > RATIO * max(1, entry.compress_size)
        if bomb or entry.file_size > FILE_MB * 2**20:
            raise UserError(
                f"'{entry.filename[:80]}' would unpack to {entry.file_size / 2**20:,.0f} MB",
                where, remedy,
            )  # fmt: skip
    if sum(entry.file_size for entry in entries) > TOTAL_MB * 2**20:
        raise UserError(
            f"It would unpack to more than {TOTAL_MB // 1024} GB, the most that is read", where,
            remedy,
        )  # fmt: skip
