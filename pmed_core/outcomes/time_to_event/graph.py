"""What lies between outputs and the risk by each horizon, as ONNX operators."""

from __future__ import annotations

import numpy as np

from pmed_core.graph import Node
from pmed_core.outcomes.time_to_event import TimeToEvent, grid
from pmed_core.outcomes.time_to_event.learning import (
    BOLDEST,
    BOUNDS,
    KEPT,
    LEAD,
    LEAST,
    log_hazard,
    usual_hazards,
)

LOWEST = -1e300


def log_cells(outcome: TimeToEvent, logits: Node) -> Node:
    """(b, n, m, outputs) -> (b, n, m, K + 1)."""
    everybody, terms = usual_hazards(outcome)
    return summed_cells(outcome, logits @ terms + everybody)


def summed_cells(outcome: TimeToEvent, said: Node) -> Node:
    none, happens = -said.softplus(), -(-said).softplus()
    intervals = len(outcome.cuts) - 1
    # A product with ones above the diagonal is the running sum.
    so_far = none @ np.triu(np.ones((intervals, intervals)))
    before = so_far - none
    return (happens + before).before(so_far.part(3, intervals - 1, intervals), axis=3)


def blended(outcome: TimeToEvent, log_cells: Node) -> Node:
    intervals = len(outcome.cuts) - 1
    behind = np.tril(np.ones((intervals + 1, intervals)), -1)
    left = log_cells.do("Softmax", axis=-1) @ behind
    return (-left.clip(LEAST, 1 - LEAST).log()).log()


def unblended(outcome: TimeToEvent, mixed: Node) -> Node:
    intervals = len(outcome.cuts) - 1
    left = (-_rising(mixed.clip(*BOUNDS), intervals).exp()).exp()
    first, last = left.part(3, 0, 1), left.part(3, intervals - 1, intervals)
    within = left.part(3, 0, intervals - 1) - left.part(3, 1, intervals)
    steps = left.graph.do("Concat", [-first + 1.0, within, last], axis=3)
    return steps.do("Max", LEAST).log()


def final(outcome: TimeToEvent, log_cells: Node) -> Node:
    intervals = len(outcome.cuts) - 1
    mixed = blended(outcome, log_cells)
    everybody = log_hazard(np.asarray(outcome.left))[:, None]
    summed = mixed.exp()
    usual = np.log(np.maximum(np.diff(np.exp(everybody), axis=-1, prepend=0.0), LEAST))
    departs = _steps(summed, intervals).log() - usual
    leading = (mixed - everybody) * (1 - LEAD) + departs.clip(-BOLDEST, BOLDEST) * LEAD
    led = (leading + everybody).exp()
    rising = _rising(led - summed * KEPT, intervals) + summed * KEPT
    return unblended(outcome, rising.do("Max", LEAST).log())


def _steps(summed: Node, intervals: int) -> Node:
    """(b, n, 1, K) cumulative hazards -> of each interval alone."""
    back = np.eye(intervals) - np.eye(intervals, k=1)
    return (summed @ back).do("Max", LEAST)


def _rising(values: Node, intervals: int) -> Node:
    """(b, n, 1, K) the highest so far."""
    so_far = np.tril(np.ones((intervals, intervals), dtype=bool))
    known = values.graph.do("Where", [so_far, values.within(3), np.array(LOWEST)])
    return known.do("ReduceMax", np.array([4]), keepdims=0)


def values(outcome: TimeToEvent, log_cells: Node) -> Node:
    cells = log_cells.do("Softmax", axis=-1)
    over = grid.shares_until(outcome.cuts, np.asarray(outcome.horizons))
    gone = grid.shares_until(outcome.cuts, np.array([outcome.lived]))
    happened = (cells @ np.maximum(over - gone, 0)).do("Max", 1e-12)
    not_yet = (cells @ np.minimum(1 - over, 1 - gone)).do("Max", 1e-12)
    return happened / (happened + not_yet)
