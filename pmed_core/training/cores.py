"""Several pieces of work at once, for work that frees the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pmed_core.errors import Cancelled
from pmed_core.progress import Progress

Result = TypeVar("Result")


def cores() -> int:
    """How many this process may use: what its supervisor allots, else all of the machine."""
    return int(os.environ.get("OMP_NUM_THREADS", 0)) or os.cpu_count() or 1


def over_cores(
    piece: Callable[[int], Result], pieces: int, progress: Progress, at_once: int
) -> Iterator[Result]:
    """``piece(0), piece(1) ...`` in order, ``at_once`` of them at a time.

    Raises ``Cancelled`` where ``progress`` says so, and what a piece raises.
    """

    def wanted(number: int) -> Result:
        if progress.stop() == "cancel":
            raise Cancelled
        return piece(number)

    with ThreadPoolExecutor(at_once) as pool:
        waiting = [pool.submit(wanted, number) for number in range(pieces)]
        try:
            for result in waiting:
                yield result.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
