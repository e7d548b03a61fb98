"""A baseline of trees as the model itself: what scikit-learn fits, kept as plain arrays."""

from __future__ import annotations

from typing import Any

from threadpoolctl import threadpool_limits

from pmed_core.modalities.tabular.material import Material
from pmed_core.modalities.tabular.trees import ROWS_OF_A_TREE, Trees, of_shares, of_sums, rates
from pmed_core.outcomes.fitted import Grown, Size
from pmed_core.outcomes.kinds import learning
from pmed_core.progress import Progress
from pmed_core.training.cores import cores, over_cores


def kept_trees(material: Material, name: str, seed: int, progress: Progress) -> dict[str, Trees]:
    """Grown on the rows that each network would train on -> field of ``PackedNetworks`` -> trees.

    A forest has as many trees for each outer fold as the baseline of that ``name``. Raises
    ``Cancelled`` where ``progress`` says so.
    """
    kind, outcome, members = learning(material.outcome), material.outcome, material.members
    repeats = len(members) // len({entry.fold for entry in members})
    cells, outputs = kind.compatible(outcome, material.target).shape[-1], kind.outputs(outcome)

    def of_network(j: int) -> Grown:
        rows = members[j].training
        draws = ROWS_OF_A_TREE if len(rows) > ROWS_OF_A_TREE else None
        model = kind.tree_models(outcome, seed + j, Size(Size().trees // repeats, draws))[name]
        with threadpool_limits(1, user_api="openmp"):
            fitted: Any = model.fit(material.encoded[j][rows], material.target.select(rows))
        grown: Grown = fitted.grown(cells, outputs)
        return grown

    found: list[Grown] = []
    for one in over_cores(of_network, len(members), progress, cores()):
        found.append(one)
        share = len(found) / len(members)
        progress.stage(f"Growing trees, {100 * share:.0f} %", 0.05 + 0.7 * share)
    if found[0].base is not None:
        return {"summed": of_sums(found)}
    shares = [kind.shares(outcome, material.target.select(entry.training)) for entry in members]
    everyone = [rates(s.mean(axis=0), len(s), kind.groups(outcome)) for s in shares]
    return {"trees": of_shares(found, everyone)}
