"""What suits this machine, where nobody has set it."""

from __future__ import annotations

import os

MOST_MB, LEAST_MB = 12_000, 4_000
"""Of one child. TensorFlow alone takes 0.5 GB, and a large table or series 2 to 3 GB."""

LARGE_MB, MANY_CORES = 30_000, 8
UNKNOWN_MB = 16_000


def total_mb() -> int:
    """The memory of this machine."""
    try:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return UNKNOWN_MB
    return pages // 2**20


def memory_mb() -> int:
    """One child may fill at most half of this machine."""
    return min(MOST_MB, max(LEAST_MB, total_mb() // 2))


def children() -> int:
    """How many work at the same time: one goes on where another hangs."""
    return 3 if total_mb() >= LARGE_MB and (os.cpu_count() or 1) >= MANY_CORES else 2
