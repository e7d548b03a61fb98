"""Files as the browser hands them over."""

from __future__ import annotations

import io
from typing import BinaryIO


def stream(data: bytes | BinaryIO) -> BinaryIO:
    """The file from its first byte, also where somebody has read it before."""
    if isinstance(data, bytes):
        return io.BytesIO(data)
    data.seek(0)
    return data
