"""What moves a model over many patients, and which variables do it together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import Cancelled
from pmed_core.explanation import Explanation, Pair
from pmed_core.explanations.shapley import Values
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.modalities.tabular.reasons import Care, Reasons, as_explanation, reasons
from pmed_core.progress import Progress

BETWEEN_WORDS = 20
"""Patients between two reports of progress."""
QUICK = Care(starts=2, rounds=2, pairs=True)
PAIRS_KEPT, VARIABLES_PAIRED = 60, 512
"""Strongest pairs that are kept; with more variables than that no pairs are looked at."""


def importance(
    ensemble: TableEnsemble, cohort: Cohort, label: str, progress: Progress
) -> Explanation:
    """Explain every patient of the cohort, each less carefully than one alone would be.

    Raises ``Cancelled`` where ``progress`` says so.
    """
    quick = QUICK if len(ensemble.variables) <= VARIABLES_PAIRED else replace(QUICK, pairs=False)
    why = reasons(ensemble, label, quick)
    encoded = ensemble.encode(cohort.table)
    found: list[Values] = []
    products = np.zeros((2, len(why.read), len(why.read)))
    for number, row in enumerate(encoded):
        if number % BETWEEN_WORDS == 0:
            if progress.stop():
                raise Cancelled
            said = f"Explaining patient {number + 1:,} of {len(encoded):,}"
            progress.stage(said, number / len(encoded))
        one = why.of(row, seed=number)
        if one.halves is not None:
            # Two estimates of different samples: their product is free of the noise of each.
            product = one.halves[0] * one.halves[1]
            products += np.stack([product, product**2])
        found.append(Values(one.shap, one.standard_error, one.base, None))
    shown = as_explanation(why, cohort, encoded, found)
    return replace(shown, pairs=_strongest(why, products, len(encoded)))


def _strongest(why: Reasons, products: NDArray[np.float64], patients: int) -> tuple[Pair, ...]:
    """Pairs whose products (2, r, r), summed over the patients as they are and squared, are largest
    on average; intervals by the normal approximation."""
    first, second = np.triu_indices(products.shape[1], 1)
    mean, squared = products[:, first, second] / max(1, patients)
    half = 1.96 * np.sqrt(np.maximum(squared - mean**2, 0) / max(1, patients - 1))
    low, high = np.sqrt(np.maximum(mean - half, 0)), np.sqrt(np.maximum(mean + half, 0))
    order = np.argsort(-mean, kind="stable")[:PAIRS_KEPT]
    return tuple(
        Pair(int(why.read[first[k]]), int(why.read[second[k]]), float(np.sqrt(mean[k])),
             float(low[k]), float(high[k]))
        for k in order
        if mean[k] > 0
    )  # fmt: skip
