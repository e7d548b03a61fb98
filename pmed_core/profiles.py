"""Profiles of a cohort: many numbers of each of few, such as the expression of a tumour's genes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Profiles:
    """m profiles of p measurements, by the names that a cohort's cells hold: however many rows name
    one, it is kept once.

    Attributes:
        ids: m names, each once.
        names: p of what was measured: genes.
        values: (m, p) float32; NaN where nothing was measured.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.ids), len(self.names)):
            raise ValueError("Expected a row of values an id, and a column a name")

    @cached_property
    def places(self) -> dict[str, int]:
        """Name -> row of ``values``."""
        return {name: row for row, name in enumerate(self.ids)}

    def of(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """(n, p) the profiles of these; raises ``KeyError``."""
        return self.values[[self.places[one] for one in ids]]

    def digested(self) -> Iterator[bytes]:
        """Everything that matters to a model, in parts."""
        yield "\n".join((*self.ids, "", *self.names)).encode()
        for row in self.values:
            yield row.tobytes()
