"""From the cells of a table to encoded columns, as ``preprocessing`` has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.graph import TREES, Graph, Node
from pmed_core.modalities.tabular.onnx.normal import normal_quantile
from pmed_core.modalities.tabular.preprocessing import EDGE, NUMERIC, Preprocessing
from pmed_core.variable import Variable

MISSING, UNSEEN = -2, -1
"""Codes of an empty category, and of one that no network has learnt from."""


@dataclass(frozen=True)
class Cells:
    """The inputs of a graph.

    Attributes:
        numbers: names of those that are numbers or dates.
        known: (b, numbers) their cells; missing is NaN.
        texts: name -> code of each category.
        codes: (b, texts) codes of the others.
    """

    graph: Graph
    numbers: tuple[str, ...]
    known: Node | None
    texts: dict[str, dict[str, int]]
    codes: Node | None

    @classmethod
    def of(
        cls, graph: Graph, variables: Sequence[Variable], readers: Sequence[Preprocessing]
    ) -> Cells:
        """An input for each variable: (b,) numbers, dates as days since 1970, or texts. Raises
        ``UserError`` where a text stands for a missing cell and for a value."""
        numbers, texts, known, codes = [], dict[str, dict[str, int]](), [], []
        for variable in variables:
            name = variable.name
            if variable.kind in NUMERIC:
                numbers.append(name)
                known.append(graph.given(name, np.float64).within(1))
            else:
                texts[name] = _levels(variable, readers)
                codes.append(_coded(graph.given(name, np.str_), texts[name]).within(1))
        return cls(graph, tuple(numbers), _joined(graph, known), texts, _joined(graph, codes))

    def encoded(self, readers: Sequence[Preprocessing], columns: int) -> Node:
        """(b, n, columns) as each of n readers reads them, float32, zeros on the right."""
        parts = [self._scores(readers)] if readers[0].numbers else []
        width = columns - len(readers[0].numbers)
        if width:
            parts.append(self._others(readers, width))
        return self.graph.do("Concat", parts, axis=2).as_type(np.float32)

    def _scores(self, readers: Sequence[Preprocessing]) -> Node:
        cells, places = self._numbers(readers), [one.quantiles.shape for one in readers]
        most = max(knots for _, knots in places)
        ranks = _side_by_side([np.linspace(0, 1, knots)[None] for _, knots in places], most, 1.0)
        knots = _side_by_side([one.quantiles for one in readers], most, np.inf)
        mirrored = _side_by_side([-one.quantiles[:, ::-1] for one in readers], most, np.inf)
        last = np.array([[count - 1] for _, count in places])
        below = _interpolated(cells, knots, ranks, last)
        above = _interpolated(-cells, mirrored, ranks, last)
        middle = ((below + 1.0 - above) / 2.0).clip(EDGE, 1 - EDGE)
        means = np.stack([one.means for one in readers])
        return cells.do("IsNaN").where(means, normal_quantile(middle))

    def _numbers(self, readers: Sequence[Preprocessing]) -> Node:
        """(b, n, f) the cells that each reads."""
        each = [name for one in readers for name in one.numbers]
        return self.numbers_of(each).shaped(0, len(readers), -1)

    def numbers_of(self, names: Sequence[str]) -> Node:
        """(b, names) their cells."""
        if self.known is None:
            raise ValueError("There are no numbers")
        position = {name: place for place, name in enumerate(self.numbers)}
        return self.known.take(np.array([position[name] for name in names]), axis=1)

    def _others(self, readers: Sequence[Preprocessing], width: int) -> Node:
        """(b, n, width) columns of values, then of missing cells, then nothing."""
        levels = list(dict.fromkeys(level for one in readers for level in one.levels))
        absent = list(dict.fromkeys(name for one in readers for name in one.indicators))
        column = {level: place for place, level in enumerate(levels)}
        missing = {name: len(levels) + place for place, name in enumerate(absent)}
        nothing = len(levels) + len(absent)
        places = np.full((len(readers), width), nothing)
        for j, one in enumerate(readers):
            found = [column[level] for level in one.levels] + [missing[n] for n in one.indicators]
            places[j, : len(found)] = found
        shown = [self._level(*level) for level in levels] + [self._missing(name) for name in absent]
        return self.graph.do("Concat", [*shown, self._nothing()], axis=1).take(places, axis=1)

    def _level(self, name: str, level: str) -> Node:
        """(b, 1) 1.0 where a variable has a value."""
        code = np.array(self.texts[name][level])
        return self._code(name).do("Equal", code).as_type(np.float64)

    def _missing(self, name: str) -> Node:
        """(b, 1) 1.0 where a cell is missing."""
        if name in self.numbers:
            cell = self._cell(self.known, self.numbers.index(name))
            return cell.do("IsNaN").as_type(np.float64)
        return self._code(name).do("Equal", np.array(MISSING)).as_type(np.float64)

    def _nothing(self) -> Node:
        """(b, 1) zeros."""
        if self.codes is not None:
            return self._cell(self.codes, 0).as_type(np.float64) * 0.0
        return self._cell(self.known, 0).do("IsNaN").as_type(np.float64) * 0.0

    def _code(self, name: str) -> Node:
        return self._cell(self.codes, list(self.texts).index(name))

    def _cell(self, of: Node | None, place: int) -> Node:
        if of is None:
            raise ValueError("There is no such variable")
        return of.part(1, place, place + 1)


def _levels(variable: Variable, readers: Sequence[Preprocessing]) -> dict[str, int]:
    """Code of each value that the variable lists, or a network reads."""
    read = (level for one in readers for name, level in one.levels if name == variable.name)
    found = dict.fromkeys([*variable.categories, *read])
    if "" in found:
        raise UserError(
            "A category without a name cannot be told from a missing cell in ONNX",
            variable.name, "Name the category and train again.",
        )  # fmt: skip
    return {level: code for code, level in enumerate(found)}


def _coded(cells: Node, levels: dict[str, int]) -> Node:
    """(b,) texts -> (b,) codes."""
    return cells.do(
        "LabelEncoder", domain=TREES, keys_strings=["", *levels],
        values_int64s=[MISSING, *levels.values()], default_int64=UNSEEN,
    )  # fmt: skip


def _joined(graph: Graph, columns: list[Node]) -> Node | None:
    return graph.do("Concat", columns, axis=1) if columns else None


def _side_by_side(each: list[NDArray[np.float64]], most: int, beyond: float) -> NDArray[np.float64]:
    """(n,) of (f, q) -> (n, f, most), filled up with what no cell reaches."""
    filled = [
        np.pad(one, ((0, 0), (0, most - one.shape[1])), constant_values=beyond) for one in each
    ]
    return np.stack(filled)


def _interpolated(
    cells: Node, knots: NDArray[np.float64], ranks: NDArray[np.float64], last: NDArray[np.int64]
) -> Node:
    """``numpy.interp`` of (b, n, f) cells by (n, f, q) rising knots, of which those up to (n, 1)
    ``last`` count, and (n, 1, q) what is said at each."""
    networks, columns, most = knots.shape
    of_each = np.arange(networks * columns).reshape(networks, columns)
    right = _count_up_to(cells, knots)
    left = (right - np.array(1)).do("Max", np.array(0)).do("Min", last - 1)
    flat = knots.reshape(-1)
    said = np.broadcast_to(ranks, knots.shape).reshape(-1)
    place = left + of_each * most
    x0, x1 = (_picked(cells.graph, flat, place + np.array(step)) for step in (0, 1))
    y0, y1 = (_picked(cells.graph, said, place + np.array(step)) for step in (0, 1))
    inside = (y1 - y0) / (x1 - x0) * (cells - x0) + y0
    highest = np.take_along_axis(knots, last[:, :, None].repeat(columns, 1), axis=2)[..., 0]
    beyond = cells.do("GreaterOrEqual", highest)
    before = cells.do("Less", knots[..., 0])
    return beyond.where(1.0, before.where(0.0, inside))


def _count_up_to(cells: Node, knots: NDArray[np.float64]) -> Node:
    """(b, n, f) how many knots are at most each cell, by halving: a table of comparisons would
    hold as many numbers for each row as there are knots."""
    networks, columns, most = knots.shape
    steps = int(most).bit_length()
    size = 2**steps - 1
    padded = np.pad(knots, ((0, 0), (0, 0), (0, size - most)), constant_values=np.inf).reshape(-1)
    offset = np.arange(networks * columns).reshape(networks, columns) * size
    found = cells.do("IsNaN").as_type(np.int64) * np.array(0)
    for step in (1 << power for power in reversed(range(steps))):
        further = found + np.array(step)
        knot = _picked(cells.graph, padded, further + (offset - 1))
        reached = knot.do("LessOrEqual", cells)
        found = reached.where(further, found)
    return found


def _picked(graph: Graph, of: NDArray[np.float64], places: Node) -> Node:
    """Numbers of a long row by their places."""
    return graph.do("Gather", [of, places], axis=0)
