"""What several kinds of outcome share as ONNX operators; see ``contracts.Graphing``."""

from __future__ import annotations

from typing import Any

import numpy as np

from pmed_core.graph import Node


def normalised(scores: Node, size: int) -> Node:
    """(..., c) scores -> log probabilities, which sum to one within each ``size`` neighbouring
    cells; as in ``calibration``."""
    apart = scores.do("Reshape", np.array([-1, size]))
    return apart.log_softmax().do("Reshape", scores.do("Shape"))


def blended(outcome: Any, log_cells: Node) -> Node:
    """Log probabilities are weighted and added."""
    return log_cells


def unblended(outcome: Any, mixed: Node) -> Node:
    """Sums of them are log probabilities but for a constant."""
    return mixed.log_softmax()


def final(outcome: Any, log_cells: Node) -> Node:
    """What was blended is what is said."""
    return log_cells
