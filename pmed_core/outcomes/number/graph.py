"""What lies between outputs and a number, as ONNX operators."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.graph import Graph, Node
from pmed_core.outcomes import graphs
from pmed_core.outcomes.number import Number
from pmed_core.outcomes.number.learning import LEAST, tilted_to_means, usual_shares

Doubles = NDArray[np.float64]
blended, unblended, final = graphs.blended, graphs.unblended, graphs.final


def log_cells(outcome: Number, logits: Node) -> Node:
    everybody, terms = usual_shares(outcome)
    return (logits @ terms + everybody).log_softmax()


def summed_cells(outcome: Number, said: Node) -> Node:
    """(b, n, 1, 1) numbers -> (b, n, 1, c), network by network."""
    each = [
        _between(said.graph, said.part(1, j, j + 1).shaped(-1, 1), *known)
        for j, known in enumerate(tilted_to_means(outcome))
    ]
    cells = said.graph.do("Concat", [one.within(1) for one in each], axis=1)
    return cells.do("Max", LEAST).log().within(2)


def _between(graph: Graph, said: Node, means: Doubles, shares: Doubles) -> Node:
    """(b, 1) numbers -> (b, c) the mixture of two neighbouring tilts that has that mean."""
    at_least = said.do("Greater", means[None]).as_type(np.int64).sum(axis=1)
    right = at_least.do("Max", np.array(1)).do("Min", np.array(len(means) - 1))
    left = right - np.array(1)
    low, high = (graph.do("Gather", [means, place]) for place in (left, right))
    width = (high - low).do("Max", 1e-300)
    share = ((said.without(1) - low) / width).clip(0.0, 1.0).within(1)
    below, above = (graph.do("Gather", [shares, place]) for place in (left, right))
    return (-share + 1.0) * below + share * above


def values(outcome: Number, log_cells: Node) -> Node:
    return log_cells.do("Softmax", axis=-1) @ np.asarray(outcome.points)[:, None]
