"""Which single changes, and which two together, go with a better prediction of one patient.

Every allowed value of every input that may change, and every pair of them, is predicted at once and
compared; nothing is searched for. What the model has not seen is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.advice import Advice, Change, Option, Tried
from pmed_core.errors import UserError
from pmed_core.limits import INPUTS_AT_MOST, Limits
from pmed_core.modalities.tabular.changes import Changes, Room, changed, rooms
from pmed_core.modalities.tabular.consult import Companions
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.quantity import Quantity
from pmed_core.work import Cell

STEPS, EVERY = 10, 3
"""Numbers of one input that are tried, and which of them in pairs: each third, with both ends."""
NEARLY = 0.95
"""Of the best gain: the smallest change with as much is told, not one that goes further."""
PAIRS, NOW = 5, 0
"""That are told, and the row of what is tried in which nothing changes."""
ALIKE, FEWEST, WITHIN = 0.1, 50, 0.1
"""Share of the training patients that count as alike, as many at least, and how near to a number,
as a share of the usual width, counts as the same."""

Found = dict[frozenset[str], list[int]]
"""The inputs that differ -> rows of what was tried."""


@dataclass(frozen=True)
class Asked:
    """One patient of one model, and what may change.

    Attributes:
        cells: the patient's.
        patient: whose they are, where these are of the training cohort.
        others: the training patients; None for an imported model.
    """

    ensemble: TableEnsemble
    cells: Mapping[str, Cell]
    label: str
    limits: Limits
    patient: str = ""
    others: Companions | None = None


@dataclass(frozen=True)
class Outlook:
    """What is predicted of all that was tried.

    Attributes:
        quantity: what is predicted.
        rooms: of the inputs, by name.
        tried: n changes; the first one changes nothing.
        said: (3, n) value, low and high.
        gain: (n,) by how much each is better than now; −inf where the model has not seen such
            patients.
    """

    quantity: Quantity
    rooms: dict[str, Room]
    tried: list[Changes]
    said: NDArray[np.float64]
    gain: NDArray[np.float64]

    def nearest(self, rows: Iterable[int]) -> int:
        """The smallest of the changes that bring nearly as much as the best of them."""
        listed = list(rows)
        best = max(self.gain[listed])
        enough = min(best, NEARLY * best)
        return min(
            (row for row in listed if self.gain[row] >= enough),
            key=lambda row: (self.distance(row), -self.gain[row]),
        )

    def helps(self, row: int, more_than: int) -> bool:
        """Whether it is better than another one, and reads so."""
        read = [self.quantity.said(self.said[0, one]) for one in (row, more_than)]
        return bool(self.gain[row] > self.gain[more_than]) and read[0] != read[1]

    def ranked(self, rows: Iterable[int]) -> list[int]:
        """Best first."""
        return sorted(rows, key=lambda row: -self.gain[row])

    def distance(self, row: int) -> float:
        """How far its changes go."""
        return sum(self.rooms[name].distance(cell) for name, cell in self.tried[row].items())


def advise(asked: Asked) -> Advice:
    """The advice; raises ``UserError`` where nothing may change, or too much."""
    outlook = _looked_at(asked)
    known = np.isfinite(outlook.gain)
    by_inputs: Found = {}
    for row in np.flatnonzero(known).tolist():
        by_inputs.setdefault(frozenset(outlook.tried[row]), []).append(row)
    alike = _alike(asked, outlook)
    singles, pairs = (
        tuple(_option(outlook, row, alike) for row in chosen(outlook, by_inputs))
        for chosen in (_singles, _pairs)
    )
    value, low, high = (float(end) for end in outlook.said[:, NOW])
    return Advice(
        asked.label, value, low, high, asked.label in asked.limits.higher,
        singles, pairs, tuple(_tried(outlook, by_inputs)),
        int((~known).sum()), alike.among,
    )  # fmt: skip


def _looked_at(asked: Asked) -> Outlook:
    """All single values and all pairs, predicted in one batch."""
    if len(asked.limits.each) > INPUTS_AT_MOST:
        raise UserError(
            f"More than {INPUTS_AT_MOST} inputs may change", "",
            "Allow fewer of them: those that somebody could really change.",
        )  # fmt: skip
    found = {room.variable.name: room for room in rooms(asked.ensemble, asked.cells, asked.limits)}
    values = {name: room.values(STEPS) for name, room in found.items()}
    tried: list[Changes] = [{}, *({n: one} for n, each in values.items() for one in each)]
    few = {n: _few(found[n], each) for n, each in values.items()}
    for first, second in combinations(found, 2):
        tried += [{first: a, second: b} for a, b in product(few[first], few[second])]
    table = changed(asked.ensemble, asked.cells, tried)
    column = asked.ensemble.outcome.labels.index(asked.label)
    said = asked.ensemble.risks(table)[:, :, column]
    sign = 1.0 if asked.label in asked.limits.higher else -1.0
    gain = sign * (said[0] - said[0, NOW])
    unseen = asked.ensemble.novelty.flags(table, asked.ensemble.variables)
    gain[unseen] = -np.inf
    gain[NOW] = 0.0
    return Outlook(asked.ensemble.outcome.quantities[column], found, tried, said, gain)


def _few(room: Room, values: list[Cell]) -> list[Cell]:
    """What is tried in pairs: some of the numbers, all categories."""
    if room.others:
        return values
    return list(dict.fromkeys([*values[::EVERY], *values[-1:]]))


def _singles(outlook: Outlook, found: Found) -> list[int]:
    """Rows, one an input, best first."""
    best = [outlook.nearest(rows) for names, rows in found.items() if len(names) == 1]
    return outlook.ranked(row for row in best if outlook.helps(row, NOW))


def _pairs(outlook: Outlook, found: Found) -> list[int]:
    """Rows of pairs that help more than the best change of each of their inputs, best first."""
    alone = {names: max(rows, key=lambda row: outlook.gain[row]) for names, rows in found.items()}
    best = [outlook.nearest(rows) for names, rows in found.items() if len(names) == 2]
    return outlook.ranked(
        row for row in best
        if outlook.helps(row, NOW)
        and all(outlook.helps(row, alone.get(frozenset({n}), NOW)) for n in outlook.tried[row])
    )[:PAIRS]  # fmt: skip


def _option(outlook: Outlook, row: int, alike: Alike) -> Option:
    changes, rows = outlook.tried[row], {}
    for at, one in enumerate(outlook.tried):
        if len(one) == 1:
            rows[next(iter(one.items()))] = at
    value, low, high = (float(end) for end in outlook.said[:, row])
    return Option(
        tuple(Change(name, outlook.rooms[name].now, after) for name, after in changes.items()),
        value, low, high,
        tuple(float(outlook.said[0, rows[each]]) for each in changes.items()),
        alike.count(changes),
    )  # fmt: skip


def _tried(outlook: Outlook, found: Found) -> Iterable[Tried]:
    for name in outlook.rooms:
        rows = found.get(frozenset({name}), [])
        values = tuple(outlook.tried[row][name] for row in rows)
        yield Tried(name, values, tuple(float(outlook.said[0, row]) for row in rows))


@dataclass(frozen=True)
class Alike:
    """The training patients beside one patient.

    Attributes:
        table: their n cells.
        apart: (n, p) squared distance in each of p inputs.
    """

    rooms: dict[str, Room]
    table: pd.DataFrame
    names: tuple[str, ...]
    apart: NDArray[np.float64]

    @property
    def among(self) -> int:
        """As many are the nearest."""
        return min(len(self.apart), max(round(ALIKE * len(self.apart)), FEWEST))

    def count(self, changes: Changes) -> int:
        """How many of those nearest in all else have these values too."""
        if not self.among:
            return 0
        rest = [j for j, name in enumerate(self.names) if name not in changes]
        nearest = np.argsort(self.apart[:, rest].sum(axis=1), kind="stable")[: self.among]
        there = np.ones(len(nearest), dtype=bool)
        for name, after in changes.items():
            cells = self.table[name].iloc[nearest]
            there &= self.rooms[name].like(cells, after, WITHIN).fillna(value=False).to_numpy(bool)
        return int(there.sum())


def _alike(asked: Asked, outlook: Outlook) -> Alike:
    """Distances as those of the most similar patients: inputs count by importance."""
    names = tuple(variable.name for variable in asked.ensemble.variables)
    if asked.others is None:
        return Alike(outlook.rooms, pd.DataFrame(), names, np.empty((0, len(names))))
    others, encoding = asked.others, asked.ensemble.novelty.encoding
    here = encoding.encode(changed(asked.ensemble, asked.cells, [{}]))[0] * others.scale
    rest = others.patients != asked.patient
    each = (others.encoded[rest] - here) ** 2
    apart = np.zeros((len(each), len(names)))
    for j, name in enumerate(encoding.columns):
        apart[:, names.index(name)] += each[:, j]
    return Alike(outlook.rooms, others.table[rest], names, apart)
