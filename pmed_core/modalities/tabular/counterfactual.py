"""The smallest change that brings a patient's prediction below a threshold, or above it.

A search among patients who differ in few values (Wachter, Mittelstadt & Russell, Harvard J Law
Technology 2018): one change first, then one more, the most promising kept. What is found is drawn
back towards the patient until the threshold is only just reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.advice import Change, Counterfactual
from pmed_core.limits import Limits
from pmed_core.modalities.tabular.changes import Changes, Room, changed, rooms
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.quantity import Quantity
from pmed_core.variable import Kind
from pmed_core.work import Cell

CHANGES_AT_MOST, FOUND_AT_MOST = 4, 3
VALUES = 7
"""Numbers that an input is set to."""
KEPT, TRIED_AGAIN, STEPS = 3, 16, 8
"""Patients that are changed further, inputs that are tried for them, and steps back."""


@dataclass(frozen=True)
class Search:
    """One patient of one model, and what is asked.

    Attributes:
        cells: the patient's.
        label: position of the quantity that is to come to ``threshold``, in its unit.
        rooms: of the inputs that may change, all of them known.
        at_least: it is to come from below; else from above.
    """

    ensemble: TableEnsemble
    cells: Mapping[str, Cell]
    label: int
    threshold: float
    rooms: Mapping[str, Room]
    at_least: bool = False

    @classmethod
    def within(
        cls, ensemble: TableEnsemble, cells: Mapping[str, Cell], limits: Limits,
        label: str, threshold: float,
    ) -> Search:  # fmt: skip
        """A search within a user's limits; raises ``UserError`` where nothing may change."""
        found = {room.variable.name: room for room in rooms(ensemble, cells, limits)}
        position = ensemble.outcome.labels.index(label)
        return cls(ensemble, cells, position, threshold, found, label in limits.higher)

    @property
    def sign(self) -> float:
        """By which what is wanted becomes the less, the better."""
        return -1.0 if self.at_least else 1.0

    @property
    def goal(self) -> float:
        """The threshold in the same terms as ``costs``."""
        return self.sign * self.threshold

    def costs(self, tried: Sequence[Changes]) -> NDArray[np.float64]:
        """(n,) of the patient with each of these changes; what is at most the goal reaches it."""
        encoded = self.ensemble.encode(changed(self.ensemble, self.cells, tried))
        said = self.quantity.shown(self.ensemble.scores(encoded)[:, self.label])
        return np.asarray(self.sign * said)

    @property
    def quantity(self) -> Quantity:
        """What is to be moved."""
        return self.ensemble.outcome.quantities[self.label]

    def distance(self, changes: Changes) -> float:
        """How far the changes go, numbers as shares of their observed range."""
        return sum(self.rooms[name].distance(after) for name, after in changes.items())


def counterfactuals(search: Search) -> tuple[Counterfactual, ...]:
    """Patients who reach the threshold with as few changes as possible, nearest first.

    If there are none, the one that came nearest to it, as not reached.
    """
    offers = {name: room.values(VALUES) for name, room in search.rooms.items()}
    kept: list[Changes] = [{}]
    names = list(offers)
    lowest: Changes = {}
    for _ in range(CHANGES_AT_MOST):
        tried = [
            {**changes, name: value}
            for changes in kept for name in names if name not in changes
            for value in offers[name]
        ]  # fmt: skip
        if not tried:
            break
        costs = search.costs(tried)
        below = [one for one, cost in zip(tried, costs, strict=True) if cost <= search.goal]
        if below:
            nearest = _apart(sorted(below, key=search.distance), FOUND_AT_MOST)
            return _described(search, _drawn_back(search, nearest))
        order = np.argsort(costs, kind="stable")
        lowest = tried[int(order[0])]
        kept = _apart([tried[k] for k in order], KEPT)
        if len(lowest) == 1:
            names = [next(iter(one)) for one in _apart([tried[k] for k in order], TRIED_AGAIN)]
    return _described(search, [lowest] if lowest else [])


def _apart(changes: Sequence[Changes], count: int) -> list[Changes]:
    """The first few that change other variables than those before them."""
    found: dict[frozenset[str], Changes] = {}
    for one in changes:
        found.setdefault(frozenset(one), one)
        if len(found) == count:
            break
    return list(found.values())


def _drawn_back(search: Search, found: list[Changes]) -> list[Changes]:
    """Each number as near to the patient's own as the threshold allows, one after the other; all
    patients are asked about at once."""
    numbers = {n: one for n, one in search.rooms.items() if one.variable.kind is Kind.NUMBER}
    found = list(found)
    for turn in range(CHANGES_AT_MOST):
        tried: list[tuple[int, Changes]] = []
        for k, changes in enumerate(found):
            for name in [name for name in changes if name in numbers][turn : turn + 1]:
                before, after = float(search.cells[name] or 0), float(changes[name] or 0)
                way = before + (after - before) * np.arange(STEPS - 1, 0, -1) / STEPS
                within = [numbers[name].rounded(v) for v in way if numbers[name].holds(v)]
                tried += [(k, {**found[k], name: value}) for value in within]
        if not tried:
            break
        costs = search.costs([changes for _, changes in tried])
        for (k, changes), cost in zip(tried, costs, strict=True):
            if cost <= search.goal:
                found[k] = changes  # The last is the nearest.
    return found


def _reached(search: Search, value: float) -> bool:
    return search.sign * value <= search.goal + 1e-9 * max(1.0, abs(search.goal))


def _described(search: Search, found: Sequence[Changes]) -> tuple[Counterfactual, ...]:
    """With their prediction and how unlike the training data they are; the likely ones first."""
    said = []
    for changes in found:
        table = changed(search.ensemble, search.cells, [changes])
        novelty = search.ensemble.novelty
        listed = tuple(Change(name, search.cells[name], cell) for name, cell in changes.items())
        value, low, high = (
            float(each) for each in search.ensemble.risks(table)[:, 0, search.label]
        )
        outside = novelty.outside(table, search.ensemble.variables)[0]
        said.append(Counterfactual(listed, value, low, high, _reached(search, value), outside))
    return tuple(sorted(said, key=lambda one: bool(one.outside)))
