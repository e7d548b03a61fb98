"""Which genes moved the predicted response to one drug, and what is the drug's own part.

Players are the drug, the genes that weigh most, all other genes together and, of a known cell line,
its own measurements. What the drug adds is what is predicted of typical lines less the mean of all
pairs; genes share the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.explanation import Explanation
from pmed_core.explanations.shapley import Masked, shapley_values
from pmed_core.modalities.response import Response
from pmed_core.modalities.response.ensemble import Asked, ResponseEnsemble, of_pairs
from pmed_core.variable import readable

Doubles = NDArray[np.float64]
GENES, STARTS, SEED = 14, 8, 5


@dataclass(frozen=True)
class _Answer:
    """What is predicted of any profiles, for one drug."""

    ensemble: ResponseEnsemble
    drug: Asked

    def __call__(self, values: Doubles) -> Doubles:
        """(s, p) -> (s,)."""
        return self.ensemble.table(values, self.drug, own=False)[:, 0]


def explain(
    ensemble: ResponseEnsemble, cohort: Cohort, label: str | None, tolerance: float
) -> Explanation:
    """Explain the first row of a cohort, or its profile with the drug that ``label`` names; raises
    ``UserError`` where it has none."""
    pairs = of_pairs(cohort.select(np.array([0])), ensemble.variables)
    if not len(pairs.rows) or cohort.profiles is None:
        raise UserError(
            "This row has no profile or no structure", cohort.name, "Join them to the table."
        )
    smiles, name = pairs.smiles[0], pairs.smiles[0]
    if label in ensemble.known.names:
        smiles = ensemble.known.smiles[ensemble.known.names.index(str(label))]
    if smiles in ensemble.known.smiles:
        name = ensemble.known.names[ensemble.known.smiles.index(smiles)]
    values = ensemble.values(cohort.profiles)[pairs.used]
    answer = _Answer(ensemble, ensemble.asked([smiles]))
    starts = _typical(ensemble)
    chosen = _strongest(answer, values[0], starts.mean(axis=0))
    owner = np.full(values.shape[1], len(chosen))
    owner[chosen] = np.arange(len(chosen))
    players = len(chosen) + int((owner == len(chosen)).any())
    found = shapley_values(Masked(answer, values[0], starts, owner, players), tolerance)
    said = ensemble.table(values, answer.drug)
    shares = {"drug": (name, found.base - ensemble.ends.middle, np.nan, 0.0)}
    each = [*((ensemble.genes[g], _cell(values[0, g]), values[0, g]) for g in chosen),
            ("other genes", f"{values.shape[1] - len(chosen):,}", np.nan)]  # fmt: skip
    for (gene, shown, number), share, error in zip(
        each, found.shap, found.standard_error, strict=False
    ):
        shares[gene] = (shown, float(share), float(number), float(error))
    if own := float(said[0, 0] - answer(values)[0]):
        shares["own measurements"] = ("of this cell line", own, np.nan, 0.0)
    shown_, shap, numbers, errors = zip(*shares.values(), strict=True)
    return Explanation(
        tuple(cohort.patients()[:1]), ensemble.outcome.labels[0], tuple(shares), (shown_,),
        np.array([numbers]), np.array([shap]), np.array([errors]), np.array([ensemble.ends.middle]),
        said[0], "permutations", quantity=ensemble.outcome.quantities[0],
        of=Response.one,
    )  # fmt: skip


def _cell(value: float) -> str:
    return readable(float(value)) if np.isfinite(value) else "not measured"


def _typical(ensemble: ResponseEnsemble) -> Doubles:
    """Profiles that are nobody's: drawn along the components of training, as far as lines lie."""
    of = ensemble.folds[ensemble.which[0]].encoder
    scale = np.where(np.isfinite(of.scale), of.scale, 0.0)
    turns = np.random.default_rng(SEED).standard_normal((STARTS // 2, of.axes.shape[1]))
    drawn = np.concatenate([turns, -turns]) @ of.axes.T
    return np.asarray(of.centre + scale * drawn / max(float(drawn.std()), 1e-12) * 0.5)


def _strongest(answer: _Answer, values: Doubles, typical: Doubles) -> NDArray[np.int64]:
    """Genes that move the prediction most when each alone becomes a typical one's."""
    without = np.tile(values, (len(values), 1))
    np.fill_diagonal(without, typical)
    moved = np.abs(answer(without) - answer(values[None])[0])
    return np.sort(np.argsort(-moved, kind="stable")[:GENES])
