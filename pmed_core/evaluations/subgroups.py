"""A model's held-out predictions, evaluated in each part of its patients by itself.

Whether a measure differs between parts is told by Cochran's Q (Biometrics 1954): squared distances
from the mean, each weighed by the precision that the part's own interval shows. Intervals of parts
are those of any evaluation; TRIPOD+AI (Collins et al., BMJ 2024) asks for both.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evaluation import MEAN_LITTLE, Evaluation
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.evaluations.words import TITLES
from pmed_core.outcomes import Outcome
from pmed_core.predictions import Predictions
from pmed_core.subgroups import WHOLE, Group, Subgroups
from pmed_core.variable import Kind, Variable

LEVELS, BANDS = 12, 3
"""More values than LEVELS are put together as others; numbers are cut into BANDS alike in size."""
OTHERS, UNKNOWN = "all others", "not known"
CHANCE = 0.05
Z = 1.959964


def by_variable(
    held_out: Predictions, cohort: Cohort, variable: Variable, asked: tuple[Outcome, float]
) -> Subgroups:
    """Evaluate each part; ``asked``: outcome and threshold of the model.

    Raises ``UserError`` where rows cannot be told apart, or the variable makes no parts.
    """
    cells = cohort.table[variable.name].iloc[rows_of(held_out, cohort)].reset_index(drop=True)
    names = parts_of(cells, variable)
    if names.nunique() < 2:
        raise UserError(
            f"'{variable.name}' makes no groups of these patients", cohort.name,
            "Choose a variable of which they have several values.",
        )  # fmt: skip
    found = {
        str(name): evaluate(held_out.select((names == name).to_numpy()), *asked, str(name))
        for name in names.cat.categories
        if (names == name).any()
    }
    whole = evaluate(held_out, *asked, WHOLE)
    return Subgroups(
        variable.name, whole.discrimination, _group(WHOLE, whole),
        tuple(_group(name, one) for name, one in found.items()), _verdict(found, whole),
    )  # fmt: skip


def rows_of(held_out: Predictions, cohort: Cohort) -> NDArray[np.int64]:
    """(n,) which row of the cohort each prediction is of; raises ``UserError`` where it cannot be
    told, as when patients have several rows and some were not learnt from."""
    rows = np.flatnonzero(cohort.observed() >= 0)
    if held_out.rows or held_out.patients != tuple(cohort.select(rows).patients()):
        rows = _by_ids(held_out, cohort)
    # Of rows that were numbered anew the ids alone would not tell.
    if len(rows) != len(held_out) or (cohort.observed()[rows] != held_out.observed).any():
        raise UserError(
            "Held-out predictions and rows of the cohort cannot be matched", cohort.name,
            "Train the model again on a cohort with an id for each row.",
        )  # fmt: skip
    return rows


def _by_ids(held_out: Predictions, cohort: Cohort) -> NDArray[np.int64]:
    """(n,) or, where an id is absent or stands in several rows, (0,)."""
    mine, wanted = _ids(cohort, held_out), held_out.rows or held_out.patients
    place = {one: row for row, one in enumerate(mine)}
    if len(place) < len(mine) or len(set(wanted)) < len(wanted) or not set(wanted) <= set(place):
        return np.empty(0, dtype=np.int64)
    return np.array([place[one] for one in wanted], dtype=np.int64)


def _ids(cohort: Cohort, held_out: Predictions) -> list[str]:
    """Of each row, of the kind by which predictions name theirs."""
    if not held_out.rows:
        return [str(one) for one in cohort.patients()]
    for variable in cohort.variables:
        names = cohort.table[variable.name].astype("str")
        if set(held_out.rows) <= set(names):
            return list(names)
    return []


def parts_of(cells: pd.Series, variable: Variable) -> pd.Series:
    """(n,) the name of each row's part, as an ordered category."""
    if variable.kind is Kind.NUMBER and cells.nunique() > LEVELS // 2:
        named, order = _bands(cells, variable)
    else:
        named = cells.map(variable.shown, na_action="ignore").astype("object")
        order = [str(one) for one in named.value_counts().index]
        if variable.kind is Kind.NUMBER:
            order = [variable.shown(one) for one in sorted(cells.dropna().unique())]
        if len(order) > LEVELS:
            named = named.where(named.isna() | named.isin(order[: LEVELS - 1]), OTHERS)
            order = [*order[: LEVELS - 1], OTHERS]
    named = named.where(named.notna(), UNKNOWN)
    order = [*order, *([UNKNOWN] if UNKNOWN not in order else [])]
    return pd.Series(pd.Categorical(named, order, ordered=True), index=cells.index)


def _bands(cells: pd.Series, variable: Variable) -> tuple[pd.Series, list[str]]:
    """Thirds of the known numbers."""
    cuts = np.unique(cells.quantile(np.arange(1, BANDS) / BANDS, interpolation="lower"))
    low, high = (variable.shown(end) for end in (cuts[0], cuts[-1]))
    names = [f"up to {low}", f"more than {high}"]
    if len(cuts) > 1:
        names.insert(1, f"more than {low}, up to {high}")
    band = pd.Series(np.searchsorted(cuts, cells, side="left"), index=cells.index)
    return band.map(dict(enumerate(names))).where(cells.notna()).astype("object"), names


def _group(name: str, found: Evaluation) -> Group:
    outcome = found.outcome
    counted = outcome.counted(found.events)
    told = ", ".join(f"{count:,} {one}" for one, count in counted)
    shown = (*found.compared, outcome.main("calibration_intercept"))
    return Group(name, found.n, told, {m: found.measures[m] for m in shown if m in found.measures})


def _tells(found: Evaluation) -> bool:
    """Whether a part is large enough to be compared."""
    little = any(MEAN_LITTLE in note for note in found.notes)
    return found.measures[found.discrimination].bounded and not little


def _verdict(found: dict[str, Evaluation], whole: Evaluation) -> str:
    measure = whole.discrimination
    title = TITLES.get(measure, measure)
    told = {name: one.measures[measure] for name, one in found.items() if _tells(one)}
    without = [name for name in found if name not in told]
    rest = f" Too few patients to tell: {', '.join(without)}." * bool(without)
    if len(told) < 2:
        return f"There are too few patients in the groups to compare them.{rest * bool(told)}"
    values = np.array([one.value for one in told.values()])
    weight = np.array([(2 * Z / (one.high - one.low)) ** 2 for one in told.values()])
    mean = (weight @ values) / weight.sum()
    p = float(chi2.sf(weight @ (values - mean) ** 2, len(values) - 1))
    shown = f"p {'below 0.001' if p < 0.001 else f'= {p:.3f}'}"
    if p >= CHANCE:
        return f"The {title} of the groups differs by no more than chance explains ({shown}).{rest}"
    worst = min(told, key=lambda name: told[name].value)
    return (
        f"The {title} differs between groups by more than chance explains ({shown}); it is lowest "
        f"for '{worst}' ({told[worst].value:.2f}).{rest}"
    )
