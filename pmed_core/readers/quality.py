"""What is worth knowing about a cohort before anyone trains on it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.evaluation import Curve
from pmed_core.modalities import modality_of
from pmed_core.modalities.kinds import reading
from pmed_core.modalities.tabular.preprocessing import numeric_cells
from pmed_core.outcomes.kinds import checking
from pmed_core.outcomes.kinds import findings as findings_of
from pmed_core.quality import Quality, Summary
from pmed_core.variable import PAYLOADS, Kind, Variable

HISTOGRAM_BINS = 20
VALUES_SHOWN = 12
OFTEN_MISSING = 0.5


def check(cohort: Cohort) -> Quality:
    """Look at every variable and at the cohort as a whole; clean findings are said too."""
    summaries = tuple(_summary(v, cohort.table[v.name]) for v in cohort.variables)
    findings = reading(modality_of(cohort.variables)).findings(cohort, summaries)
    balance: tuple[tuple[str, int], ...] = ()
    incidences: dict[str, Curve] = {}
    if cohort.outcome is not None:
        kind = checking(cohort.outcome)
        balance, incidences = kind.totals(cohort), kind.incidences(cohort)
        findings += [kind.balance(cohort), *findings_of(cohort)]
    return Quality(len(cohort), summaries, tuple(findings), balance, incidences)


def _summary(variable: Variable, cells: pd.Series[float]) -> Summary:
    missing, known = int(cells.isna().sum()), cells.dropna()
    distinct = int(known.nunique())
    if variable.kind not in (Kind.NUMBER, Kind.DATE) or not len(known):
        if variable.kind in (Kind.IDENTIFIER, *PAYLOADS):
            return Summary(variable.name, missing, distinct)
        counts = known.value_counts().head(VALUES_SHOWN)
        values, sizes = tuple(map(str, counts.index)), tuple(int(c) for c in counts)
        return Summary(variable.name, missing, distinct, values=values, counts=sizes)
    numbers = known.to_numpy()
    if variable.kind is Kind.DATE:
        numbers = numeric_cells(known.to_frame(), [str(known.name)])[:, 0]
    values_at = np.quantile(numbers, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
    width = 3 * (values_at[4] - values_at[2])
    outliers = ((numbers < values_at[2] - width) | (numbers > values_at[4] + width)).sum()
    counts_in, edges = _histogram(np.asarray(numbers, dtype=np.float64))
    return Summary(
        variable.name, missing, distinct, int(outliers) if width > 0 else 0,
        edges=tuple(float(e) for e in edges), counts=tuple(int(c) for c in counts_in),
        quantiles=tuple(float(q) for q in values_at),
    )  # fmt: skip


def _histogram(numbers: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Counts and edges; fewer bins where the numbers lie closer than floating point can tell."""
    for bins in (HISTOGRAM_BINS, 2, 1):
        edges = np.linspace(numbers.min(), numbers.max(), bins + 1)
        if (np.diff(edges) > 0).all():
            return np.histogram(numbers, bins=edges)
    middle = float(numbers.min())
    width = max(abs(middle) * 1e-6, 0.5)
    return np.array([len(numbers)]), np.array([middle - width, middle + width])
