"""What lies between a logit and a probability, as ONNX operators."""

from __future__ import annotations

from pmed_core.graph import Node
from pmed_core.outcomes import graphs
from pmed_core.outcomes.yes_no import YesNo

blended, unblended, final = graphs.blended, graphs.unblended, graphs.final


def log_cells(outcome: YesNo, logits: Node) -> Node:
    return (logits * 0.0).before(logits, axis=-1).log_softmax()


def summed_cells(outcome: YesNo, said: Node) -> Node:
    return log_cells(outcome, said)


def values(outcome: YesNo, log_cells: Node) -> Node:
    return log_cells.part(1, 1, 2).exp()
