"""What lies between logits and the probabilities of classes, as ONNX operators."""

from __future__ import annotations

from pmed_core.graph import Node
from pmed_core.outcomes import graphs
from pmed_core.outcomes.classes import Classes

blended, unblended, final = graphs.blended, graphs.unblended, graphs.final


def log_cells(outcome: Classes, logits: Node) -> Node:
    return logits.log_softmax()


def summed_cells(outcome: Classes, said: Node) -> Node:
    return log_cells(outcome, said)


def values(outcome: Classes, log_cells: Node) -> Node:
    return log_cells.exp()
