"""Inputs that only those have who lived long enough: immortal time.

A treatment that was given on the way, a second measurement, a count that grows with every visit:
whoever has them could not have had the event before (Suissa, Am J Epidemiol 2008). A model would
take that for protection, and a new patient at time zero has none of it yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import fisher_exact, rankdata

from pmed_core.cohort import Cohort
from pmed_core.quality import Finding, Severity
from pmed_core.variable import Kind, Variable

Doubles = NDArray[np.float64]
Rows = NDArray[np.bool_]
FOLLOWS = 0.9
"""Rank correlation with the time of follow-up that no risk factor has."""
AT_LEAST, CATEGORIES_AT_MOST = 20, 10
ON_THE_WAY = re.compile(
    r"transplant|treat|therap|surg|operat|chemo|radio|respon|remission|complet|adjuvant|progress"
    r"|metasta|cycle|visit|dose|received|given|second|switch|(^|[ _.-])(tx|rx)([ _.-]|$)",
    re.IGNORECASE,
)
"""Names of what may happen after time zero."""
BEYOND = 0.1
"""Share of pairs of different patients in which a number lies beyond the other one's time."""
ROUNDED = 0.05
"""Share of these that rounding may leave beyond the patient's own."""
APART = 0.97
"""Of pairs of one with and one without, in how many the one with was followed longer."""
WINDOW = 0.15
"""Of all patients, in each of two neighbouring stretches of time."""
SPARED, SAME_LATER, CHANCE = 0.4, 0.6, 1e-4
"""Simulated: 3 of 160 steady protections (hazard ratios 2 to 30) are suspected, and 23 of 30
treatments that were given after a mean of 8 months."""


def findings(cohort: Cohort, time: Doubles) -> list[Finding]:
    """Of all inputs; ``time`` (n,) of follow-up, NaN for patients who are not used."""
    known, found = np.isfinite(time), []
    for variable in cohort.inputs:
        cells = cohort.table[variable.name][known]
        if why := _of_number(variable, cells, time[known]):
            found.append(_found(variable.name, why, Severity.SERIOUS))
        elif of_group := _of_groups(variable, cells, time[known]):
            found.append(_found(variable.name, *of_group))
    return found


def _found(name: str, why: str, severity: Severity) -> Finding:
    return Finding(
        "immortal time", severity, f"'{name}' {why}.",
        "Ignore it unless it is known at time zero: whoever has it had to live long enough to get "
        "it (immortal time).", (name,),
    )  # fmt: skip


def _of_number(variable: Variable, cells: pd.Series[float], time: Doubles) -> str:
    """Why a number looks like follow-up; empty where it does not."""
    if variable.kind is not Kind.NUMBER:
        return ""
    numbers: Doubles = np.asarray(cells, dtype=np.float64)
    here = np.isfinite(numbers)
    if here.sum() < AT_LEAST or not np.ptp(numbers[here]) or not np.ptp(time[here]):
        return ""
    if abs(rank := _correlation(numbers[here], time[here])) > FOLLOWS:
        return f"follows the time of follow-up itself (rank correlation {rank:.2f})"
    if _never_later(numbers[here], time[here]):
        return "is never later than the patient's own time of follow-up"
    return ""


def _of_groups(
    variable: Variable, cells: pd.Series[float], time: Doubles
) -> tuple[str, Severity] | None:
    """What the patients with a value have in common, and how much it matters."""
    for group, said, suspect in _groups(variable, cells):
        if min(group.sum(), (~group).sum()) < AT_LEAST:
            continue
        if _longer(group, time) > APART:
            return f"{said} those who were followed longest", Severity.SERIOUS
        if suspect and _spared_at_first(group, time):
            return f"{said} few who were followed for a short time only", Severity.WARNING
    return None


def _correlation(numbers: Doubles, time: Doubles) -> float:
    return float(np.corrcoef(rankdata(numbers), rankdata(time))[0, 1])


def _never_later(numbers: Doubles, time: Doubles) -> bool:
    """A time on the way, though as many of other patients would lie beyond."""
    beyond = 1 - np.searchsorted(np.sort(numbers), time, side="right") / len(numbers)
    return bool(
        (numbers >= 0).all()
        and beyond.mean() > BEYOND
        and (numbers > time).mean() < ROUNDED * beyond.mean()
    )


def _groups(variable: Variable, cells: pd.Series[float]) -> Iterator[tuple[Rows, str, bool]]:
    """Patients with a value, or with any, the beginning of a sentence about them, and whether it
    may come with time: what protects at first only can be a risk factor whose effect fades."""
    told = cells.notna().to_numpy(dtype=bool)
    if not told.all():
        yield told, "is known of", True
    if variable.kind in (Kind.YES_NO, Kind.CATEGORY) and cells.nunique() <= CATEGORIES_AT_MOST:
        comes = bool(ON_THE_WAY.search(variable.name))
        for value in cells.dropna().unique():
            yield (cells == value).to_numpy(dtype=bool), f"is '{value}' of", comes


def _longer(group: Rows, time: Doubles) -> float:
    """Share of pairs in which the one of the group was followed longer (Mann-Whitney)."""
    size = group.sum()
    return float((rankdata(time)[group].mean() - (size + 1) / 2) / (~group).sum())


def _spared_at_first(group: Rows, time: Doubles) -> bool:
    """Whether a group hardly ever leaves at first, with the event or without, and as others do
    afterwards: what protects does so later too."""
    for share in np.arange(WINDOW / 2, 1 - WINDOW, WINDOW / 2):
        first, second = np.quantile(time, [share, share + WINDOW])
        early, there = time < first, time >= first
        if min((group & there).sum(), (~group & there).sum()) < AT_LEAST:
            continue
        mine, others = early[group].mean(), early[~group].mean()
        later = [(time[side & there] < second).mean() for side in (group, ~group)]
        if mine < SPARED * others and later[0] > SAME_LATER * later[1] > 0:
            table = [[early[side].sum(), (~early[side]).sum()] for side in (group, ~group)]
            if fisher_exact(table, "less").pvalue < CHANCE:
                return True
    return False
