"""What lies between logits and the probabilities of several events, as ONNX operators."""

from __future__ import annotations

import numpy as np

from pmed_core.graph import Node
from pmed_core.outcomes import graphs
from pmed_core.outcomes.several import Several

blended, final = graphs.blended, graphs.final


def log_cells(outcome: Several, logits: Node) -> Node:
    """(b, n, m, k) -> (b, n, m, 2 k)."""
    pairs = (-logits.softplus()).within(4).before((-(-logits).softplus()).within(4), axis=4)
    return pairs.shaped(0, 0, 0, 2 * len(outcome.each))


def unblended(outcome: Several, mixed: Node) -> Node:
    return graphs.normalised(mixed, 2)


def summed_cells(outcome: Several, said: Node) -> Node:
    return log_cells(outcome, said)


def values(outcome: Several, log_cells: Node) -> Node:
    return log_cells.take(np.arange(1, 2 * len(outcome.each), 2), axis=1).exp()
