"""What numba compiles. It takes seconds, so it is kept for the next process, as Python keeps its
own: beside the source in ``__pycache__``, or with the user's caches where that cannot be written.

What is kept holds as long as its own file does not change: whatever it calls must stand there too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any]) -> Any:
    """A function over arrays that runs beside others; compiled anew where nothing can be kept."""
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no folder can be written
        return njit(nogil=True)(function)
