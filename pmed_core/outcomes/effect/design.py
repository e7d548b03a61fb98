"""What contradicts how patients are said to have come by their option, and whom a comparison has
lost: of trials whatever differs between options more than chance has it, of all whose outcome is
unknown, and who was given several options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, kruskal

from pmed_core.cohort import Cohort
from pmed_core.outcomes.effect import Effect, effect_of
from pmed_core.quality import Finding, Severity
from pmed_core.quantity import percent
from pmed_core.variable import Kind

Codes = NDArray[np.int64]
CHANCE = 0.001
"""How often chance alone may raise a finding, over all inputs together."""
GAP = 0.05
"""Between the shares of two options whose outcome is unknown, from which on it is serious."""
RARE, NAMED = 5, 5


def findings(cohort: Cohort, decided: Sequence[str]) -> list[Finding]:
    """What speaks against the design, of all who were given an option; of inputs that alone say
    which it was, ``decided``, enough is told."""
    effect = effect_of(cohort.chosen_outcome())
    given = effect.given(cohort.table)
    if len(np.unique(given[given >= 0])) < 2:
        return []
    found = [*_unknown(cohort, given), *_several(cohort, given)]
    if effect.arms.randomised:
        found += [*_shares(effect, given), *_unlike(cohort, given, decided)]
    return found


def _shares(effect: Effect, given: Codes) -> list[Finding]:
    """Whether as many were given each option as its probability says."""
    known, arms, found = given[given >= 0], effect.arms, []
    for k, expected in enumerate(arms.probability):
        share = float((known == k).mean())
        if abs(share - expected) > 4 * np.sqrt(expected * (1 - expected) / len(known)):
            found.append(
                Finding(
                    "treatment", Severity.SERIOUS,
                    f"'{arms.options[k]}' was given to {100 * share:.1f} %, though its "
                    f"probability is said to be {100 * expected:.1f} %.",
                    "Give the probabilities with which patients were truly randomised, or choose "
                    "'observed'.", (arms.column,),
                )
            )  # fmt: skip
    return found


def _unlike(cohort: Cohort, given: Codes, decided: Sequence[str]) -> list[Finding]:
    """Inputs in which randomised arms differ: recorded later, or the reason for an option."""
    each = pd.DataFrame({"patient": cohort.patients(), "option": given})
    first = ~each.duplicated().to_numpy() & (given >= 0)
    inputs = [v for v in cohort.inputs if v.name not in decided]
    told = [
        v.name for v in inputs
        if len(inputs) * _p(cohort.table.loc[first, v.name], v.kind, given[first]) < CHANCE
    ]  # fmt: skip
    if not told:
        return []
    named = ", ".join(f"'{name}'" for name in told[:NAMED]) + " …" * (len(told) > NAMED)
    differs = "differs" if len(told) == 1 else "differ"
    return [
        Finding(
            "randomisation", Severity.SERIOUS,
            f"{named} {differs} between the options by more than chance, as nothing does that was "
            "recorded before patients were randomised with the same probabilities.",
            "Ignore what was recorded after treatment. Where the probabilities hung on it, as on "
            "the site, choose 'observed'.", tuple(told),
        )
    ]  # fmt: skip


def _p(cells: pd.Series[Any], kind: Kind, arm: Codes) -> float:
    """Of no difference between options, in what was measured or in whether it was."""
    known = cells.notna().to_numpy()
    each = [_of_counts(known.astype(str), arm)]
    cells, arm = cells[known], arm[known]
    if kind is Kind.NUMBER and cells.nunique() > 1 and len(np.unique(arm)) > 1:
        numbers = cells.to_numpy(dtype=np.float64)
        each.append(float(kruskal(*(numbers[arm == k] for k in np.unique(arm))).pvalue))
    elif kind in (Kind.CATEGORY, Kind.YES_NO):
        words = cells.astype("str")
        rare = words.map(words.value_counts()) < RARE * len(np.unique(arm))
        each.append(_of_counts(words.mask(rare, "").to_numpy(dtype=np.str_), arm))
    return len(each) * min(each)


def _of_counts(values: NDArray[np.str_], arm: Codes) -> float:
    counts = pd.crosstab(values, arm).to_numpy()
    return float(chi2_contingency(counts).pvalue) if min(counts.shape, default=0) > 1 else 1.0


def _unknown(cohort: Cohort, given: Codes) -> list[Finding]:
    """An outcome that is unknown more often under one option."""
    effect, there = effect_of(cohort.chosen_outcome()), given >= 0
    lost = cohort.observed() < 0
    shares = [float(lost[given == k].mean()) for k in np.unique(given[there])]
    unlike = _of_counts(lost[there].astype(str), given[there]) < CHANCE
    if not unlike or max(shares) - min(shares) < GAP:
        return []
    each = ", ".join(
        f"of {percent(share)} of those given '{effect.options[k]}'"
        for k, share in zip(np.unique(given[there]), shares, strict=True)
    )  # fmt: skip
    return [
        Finding(
            "unknown outcomes", Severity.SERIOUS,
            f"The outcome is unknown {each}: who is left may not be alike, and the effect is of "
            "these alone.",
            "Find out what became of the others, or say what stands for it; of an event choose the "
            "time to it, which reads patients until they were last seen.", effect.of.columns,
        )
    ]  # fmt: skip


def _several(cohort: Cohort, given: Codes) -> list[Finding]:
    """Patients who were given one option after another."""
    there = given >= 0
    options = pd.Series(given[there]).groupby(cohort.patients()[there]).nunique()
    if not (many := int((options > 1).sum())):
        return []
    return [
        Finding(
            "several options", Severity.WARNING,
            f"{many:,} of {len(options):,} patients were given several options, one after another: "
            "the earlier may still act, and inputs such as period and sequence may tell together "
            "which it was.",
            "Keep each patient's first option; or, where nothing is carried over, ignore period "
            "and sequence.", (effect_of(cohort.chosen_outcome()).arms.column,),
        )
    ]  # fmt: skip
