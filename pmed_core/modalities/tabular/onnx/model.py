"""A model of tables as one graph: every network, its trees, their blend and calibration."""

from __future__ import annotations

import numpy as np

from pmed_core.errors import UserError
from pmed_core.graph import Graph, Node
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.modalities.tabular.novelty import Novelty
from pmed_core.modalities.tabular.onnx.cells import Cells
from pmed_core.modalities.tabular.onnx.networks import logits
from pmed_core.modalities.tabular.onnx.trees import of_boosted, of_sums, of_trees
from pmed_core.modalities.tabular.packed_networks import PackedNetworks
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.graphs import normalised
from pmed_core.outcomes.kinds import graphing
from pmed_core.predictions import Predictions
from pmed_core.variable import Kind

OUTSIDE = "outside"


def graph_of(ensemble: TableEnsemble) -> Graph:
    """What ``ensemble.predict`` says of rows, without its intervals: a value for each quantity, and
    whether a row is outside what the model has seen. Raises ``UserError``."""
    graph, names = Graph(), columns_of_values(ensemble.outcome)
    if taken := {v.name for v in ensemble.variables} & {*names, OUTSIDE}:
        raise UserError(
            "An input of the model is called as what an ONNX file says", sorted(taken)[0],
            "Give the column another name and train again.",
        )  # fmt: skip
    readers = ensemble.networks.preprocessing
    cells = Cells.of(graph, ensemble.variables, [*readers, ensemble.novelty.encoding])
    encoded = cells.encoded(readers, ensemble.networks.columns)
    said = _said(ensemble.networks, encoded)
    for k, name in enumerate(names):
        graph.answer(name, said.take(np.array(k), axis=1), np.float64)
    graph.answer(OUTSIDE, _outside(ensemble, cells), np.bool_)
    return graph


def columns_of_values(outcome: Outcome) -> tuple[str, ...]:
    """What the shell calls the value of each of the k quantities."""
    k = len(outcome.labels)
    nothing = np.full((1, k), -1.0)
    marked = Predictions(
        ("",), outcome.labels, np.arange(k, dtype=np.float64)[None], nothing, nothing,
        np.zeros(1, dtype=np.int64), np.zeros(1, dtype=bool),
    )  # fmt: skip
    names = {int(of[0]): name for name, of in outcome.columns_of(marked).items()}
    return tuple(names[one] for one in range(k))


def _said(networks: PackedNetworks, encoded: Node) -> Node:
    """(b, n, columns) -> (b, k) as ``spread`` has the values."""
    kind, outcome = graphing(networks.outcome), networks.outcome
    of_each = [networks.calibration[fold] for fold in networks.folds]
    weights = np.array([one.weights for one in of_each])[:, :, None, None]
    sources = _beside(networks, encoded)
    if not networks.architecture.silent:
        sources.insert(0, (0, _network_cells(networks, encoded)))
    mixed = None
    for source, cells in sources:
        part = kind.blended(outcome, cells) * weights[:, source]
        mixed = part if mixed is None else mixed + part
    if mixed is None:
        raise ValueError("A model without networks and trees")
    if any(one.intercepts for one in of_each):
        longest = max(len(one.intercepts) for one in of_each)
        added = [one.intercepts or (0.0,) * longest for one in of_each]
        mixed = mixed + np.array(added)[:, None, :]
    calibrated = kind.final(outcome, kind.unblended(outcome, mixed))
    pooled = normalised(calibrated.without(2).mean(axis=1), _size(networks))
    return kind.values(outcome, pooled)


def _network_cells(networks: PackedNetworks, encoded: Node) -> Node:
    """(b, n, 1, c) log probabilities of the networks alone, without class weights."""
    found = logits(networks.network, networks.architecture, encoded)
    cells = graphing(networks.outcome).log_cells(networks.outcome, found)
    mean = cells.logsumexp(2, keep=True) - float(np.log(networks.architecture.members))
    return normalised(mean - np.array(networks.log_weights), _size(networks))


def _size(networks: PackedNetworks) -> int:
    """How many cells answer one question."""
    return len(networks.log_weights) // networks.groups


def _beside(networks: PackedNetworks, encoded: Node) -> list[tuple[int, Node]]:
    """Which weight of a calibration, and (b, n, 1, c) log probabilities of each kind of trees."""
    kind, outcome, found = graphing(networks.outcome), networks.outcome, list[Node]()
    if networks.trees is not None:
        found.append(of_trees(networks.trees, encoded).log().within(2))
    if networks.boosted is not None:
        said = of_boosted(networks.boosted, encoded, networks.columns).within(2)
        found.append(kind.log_cells(outcome, said))
    if networks.summed is not None:
        found.append(kind.summed_cells(outcome, of_sums(networks.summed, encoded).within(2)))
    return list(enumerate(found, start=1))


def _outside(ensemble: TableEnsemble, cells: Cells) -> Node:
    """(b,) as ``Novelty.flags``."""
    novelty = ensemble.novelty
    encoded = cells.encoded([novelty.encoding], len(novelty.encoding.columns)).without(1)
    along = (encoded.as_type(np.float64) - novelty.centre) @ novelty.axes
    far = (along * along).sum(axis=1).do("Sqrt").do("Greater", novelty.limit)
    return far if (beyond := _beyond(ensemble, novelty, cells)) is None else far.do("Or", beyond)


def _beyond(ensemble: TableEnsemble, novelty: Novelty, cells: Cells) -> Node | None:
    """(b,) a number is beyond its range; None where there are no numbers."""
    plain = {v.name for v in ensemble.variables if v.kind is Kind.NUMBER}
    mine = [j for j, name in enumerate(novelty.encoding.numbers) if name in plain]
    if not mine:
        return None
    known = cells.numbers_of([novelty.encoding.numbers[j] for j in mine])
    low, high = novelty.low[mine], novelty.high[mine]
    beyond = known.do("Less", low).do("Or", known.do("Greater", high))
    return beyond.as_type(np.int64).sum(axis=1).do("Greater", np.array(0))
