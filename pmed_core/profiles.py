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
        kinds: of joined files (expression, mutations) what each is called and how many of the
            names are its own, in their order; where there are several, names begin with it.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float32]
    kinds: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.ids), len(self.names)):
            raise ValueError("Expected a row of values an id, and a column a name")
        if self.kinds and sum(count for _, count in self.kinds) != len(self.names):
            raise ValueError("Expected kinds of as many columns as there are names")

    @cached_property
    def places(self) -> dict[str, int]:
        """Name -> row of ``values``."""
        return {name: row for row, name in enumerate(self.ids)}

    def of(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """(n, p) the profiles of these; raises ``KeyError``."""
        return self.values[[self.places[one] for one in ids]]

    @property
    def kind_of_each(self) -> NDArray[np.int64]:
        """(p,) position of the kind of each measurement."""
        counts = [count for _, count in self.kinds] or [len(self.names)]
        return np.repeat(np.arange(len(counts)), counts)

    def beside(self, other: Profiles) -> Profiles:
        """With the measurements of another file, NaN for whoever is in one alone."""
        ids = (*self.ids, *(one for one in other.ids if one not in self.places))
        values = np.full((len(ids), len(self.names) + len(other.names)), np.nan, np.float32)
        values[: len(self.ids), : len(self.names)] = self.values
        place = {name: row for row, name in enumerate(ids)}
        values[[place[one] for one in other.ids], len(self.names) :] = other.values
        names = (*self.told_apart, *other.told_apart)
        return Profiles(ids, names, values, (*self.kinds, *other.kinds))

    @property
    def told_apart(self) -> tuple[str, ...]:
        """The names, each with its file."""
        if len(self.kinds) != 1:
            return self.names
        return tuple(f"{self.kinds[0][0]}: {name}" for name in self.names)

    def digested(self) -> Iterator[bytes]:
        """Everything that matters to a model, in parts."""
        yield "\n".join((*self.ids, "", *self.names)).encode()
        for row in self.values:
            yield row.tobytes()
