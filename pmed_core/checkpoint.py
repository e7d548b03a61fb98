"""Where a part of a long work keeps how far it has come, so that the next attempt goes on there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


class Checkpoint(Protocol):
    """Of one part, which knows no files. What it holds belongs to one input of that part alone."""

    def kept(self) -> Arrays | None:
        """What an attempt that died has left; None where there is nothing, or nothing that fits."""

    def keep(self, state: Callable[[], Arrays], *, now: bool = False) -> None:
        """In the place of what was kept before. Skipped where keeping would take too much of the
        time or of the disk, unless it must be ``now``: then the part is done."""


class Nowhere:
    """A checkpoint of work that nobody takes up again."""

    def kept(self) -> Arrays | None:
        return None

    def keep(self, state: Callable[[], Arrays], *, now: bool = False) -> None: ...


NOWHERE = Nowhere()


def done(checkpoint: Checkpoint, make: Callable[[], Arrays]) -> Arrays:
    """What an attempt that died has made already, else what is made now."""
    found = checkpoint.kept()
    if found is None:
        made = make()
        checkpoint.keep(lambda: made, now=True)
        return made
    return found


def digest(*inputs: object) -> str:
    """SHA-256 of arrays, and of what else there is as its ``repr`` tells it."""
    found = hashlib.sha256()
    for one in inputs:
        plain = one if isinstance(one, np.ndarray) and one.dtype != object else None
        # The ``repr`` of a long array leaves out what stands in its middle.
        told = one.tolist() if isinstance(one, np.ndarray) and plain is None else one
        head = repr(told) if plain is None else f"{plain.dtype}{plain.shape}"
        found.update(f"{len(head)}:{head}".encode())
        if plain is not None:
            found.update(np.ascontiguousarray(plain).view(np.uint8).data if plain.size else b"")
    return found.hexdigest()
