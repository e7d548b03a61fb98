"""Which genes, components of ancestry and other inputs moved what is predicted of patients.

What is said is a mean over folds, and Shapley values of a mean are the means of theirs: each fold
explains what it reads itself.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.explanation import Explanation
from pmed_core.modalities.tabular.reasons import Care
from pmed_core.modalities.tabular.reasons import explain as explain_table
from pmed_core.modalities.variants.encoder import GENE
from pmed_core.modalities.variants.ensemble import NO_VARIANTS, VariantsEnsemble

START = GENE.format("")


def explain(ensemble: VariantsEnsemble, cohort: Cohort, label: str, care: Care) -> Explanation:
    """SHAP values of rows with variants; raises ``UserError`` where one has none."""
    if not ensemble.there(cohort).all():
        raise UserError(NO_VARIANTS, cohort.name, "Choose a patient of the VCF file.")
    copies = ensemble.copies(cohort)
    each = []
    for fold in ensemble.folds:
        told = ensemble.told(fold, cohort.table, copies)
        rows = Cohort(cohort.name, told, fold.inner.variables, ensemble.outcome)
        each.append(explain_table(fold.inner, rows, label, care))
    names = tuple(dict.fromkeys(name for found in each for name in found.variables))
    values, numbers = _shown(each, names, len(cohort))
    return Explanation(
        tuple(cohort.patients()), label, tuple(name.removeprefix(START) for name in names),
        values, numbers, _mean([f.shap for f in each], each, names),
        np.sqrt(_mean([f.standard_error**2 for f in each], each, names) / len(each)),
        np.mean([f.base for f in each], axis=0), np.mean([f.prediction for f in each], axis=0),
        each[0].method, quantity=each[0].quantity,
    )  # fmt: skip


def _mean(
    parts: list[NDArray[np.float64]], each: list[Explanation], names: tuple[str, ...]
) -> NDArray[np.float64]:
    """(n, players): the mean over folds, 0 where a fold does not read what another does."""
    frames = [pd.DataFrame(p, columns=list(f.variables)) for p, f in zip(parts, each, strict=True)]
    whole = [frame.reindex(columns=list(names), fill_value=0.0).to_numpy() for frame in frames]
    return np.asarray(np.mean(whole, axis=0))


def _shown(
    each: list[Explanation], names: tuple[str, ...], rows: int
) -> tuple[tuple[tuple[str, ...], ...], NDArray[np.float64]]:
    """What stands beside each player, and (n, players) for colouring: burdens are means over folds,
    which may differ in what is rare; all else as the first fold has it."""
    first = {
        name: (found, found.variables.index(name))
        for found in reversed(each) for name in found.variables
    }  # fmt: skip
    numbers = np.stack([_numbers(each, name) for name in names], axis=1)
    values = tuple(
        tuple(
            _burden(numbers[row, j]) if name.startswith(START)
            else first[name][0].values[row][first[name][1]]
            for j, name in enumerate(names)
        )
        for row in range(rows)
    )  # fmt: skip
    return values, numbers


def _numbers(each: list[Explanation], name: str) -> NDArray[np.float64]:
    """(n,) of one player, over the folds that read it."""
    told = [f.numbers[:, f.variables.index(name)] for f in each if name in f.variables]
    return np.asarray(np.mean(told, axis=0) if name.startswith(START) else told[0])


def _burden(number: float) -> str:
    """A burden in words: expected alleles of calls that are missing are not counted."""
    return "no rare allele" if number < 0.05 else f"burden {number:.3g}"
