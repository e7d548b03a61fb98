"""Drug response: cell lines nobody has seen, beside tuned forests, ridge regression and means.

    python -m benchmarks.drug_response FOLDER [--seed N] [--share 0.2] [--of lines|drugs] [--joined]

FOLDER holds GDSC as ``drug_response_gdsc_pairs.csv.gz``, ``..._expression.csv.gz`` and
``..._drugs.csv``. A share of the cell lines, with all their pairs, is held out and predicted once.
The forest and the ridge regression learn each drug by itself from the expression of the same
training lines; the forest's leaves and variables are chosen out of bag on every tenth drug. Of
each: the mean over drugs of the correlation within a drug, and RMSE; differences are paired, by
resampled test lines. Then drugs nobody measured, out of fold: R² beyond the means. ``--joined``:
all of them read ``..._mutation.csv.gz`` and ``..._copynumber.csv.gz`` as well.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor

from pmed_core import fit
from pmed_core.cohort import Cohort
from pmed_core.evaluations.resampling import percentiles
from pmed_core.modalities.response.baselines import means
from pmed_core.modalities.response.baselines import ridge_per_drug as ridge
from pmed_core.modalities.response.evaluation import BEYOND, Tables, drawn
from pmed_core.modalities.response.learner import Measured, measured
from pmed_core.options import ResponseOptions
from pmed_core.outcomes import Number
from pmed_core.readers.tables import read_cohort
from pmed_core.shell.joins import packed

Doubles = NDArray[np.float64]
NAME = "drug_response_gdsc"
TREES, TRIED = 150, 60
GRID = tuple(itertools.product((0.1, 0.3), (2, 5)))
"""Share of variables at a split, and rows in a leaf."""


def read(folder: Path, joined: bool) -> Cohort:
    """Pairs with expression, or all that is known of lines, and structures."""
    kinds = ("expression", "mutation", "copynumber")[: 3 if joined else 1]
    joins = [("cell_line", folder / f"{NAME}_{kind}.csv.gz") for kind in kinds]
    joins += [("drug", folder / f"{NAME}_drugs.csv")]
    with packed(folder / f"{NAME}_pairs.csv.gz", joins) as (path, choices):
        return read_cohort(path, outcome="ln_ic50", choices=choices)


def forests(values: Doubles, responses: Doubles, seed: int) -> tuple[Doubles, tuple[float, int]]:
    """(m, d) of a forest a drug, and what was chosen."""
    known = np.isfinite(responses)
    columns = values.astype(np.float32)

    def grown(drug: int, chosen: tuple[float, int], trees: int) -> RandomForestRegressor:
        share, leaf = chosen
        mine = known[:, drug]
        return RandomForestRegressor(
            trees, max_features=share, min_samples_leaf=leaf, oob_score=True, n_jobs=2,
            random_state=seed,
        ).fit(columns[mine], responses[mine, drug])  # fmt: skip

    tried = range(0, responses.shape[1], 10)
    best = max(GRID, key=lambda one: sum(grown(drug, one, TRIED).oob_score_ for drug in tried))
    each = [grown(drug, best, TREES).predict(columns) for drug in range(responses.shape[1])]
    return np.stack(each, axis=1), best


def on_new_lines(cohort: Cohort, share: float, seed: int) -> None:
    """The table of all contenders, and the differences."""
    lines = np.unique(cohort.patients())
    held = np.random.default_rng(seed).permutation(lines)[: round(share * len(lines))]
    testing = np.isin(cohort.patients(), held)
    started = time.monotonic()
    model = fit(cohort.select(~testing), ResponseOptions(seed=seed, baselines=False))
    seconds = {"pmed": time.monotonic() - started}
    of, _ = measured(cohort, Number("ln_ic50"), seed)
    responses = of.responses(np.flatnonzero(~testing))
    print(*(note for note in model.evaluation.notes if note.startswith("Profiles hold")))
    said = {"pmed": model.predict(cohort.select(testing)).value[:, 0]}
    where = (of.pairs.line[testing], of.pairs.drug[testing])
    for name, way in (("means", means), ("ridge", lambda y: ridge(of.values, y))):
        started = time.monotonic()
        said[name] = way(responses)[where]
        seconds[name] = time.monotonic() - started
    started = time.monotonic()
    table, chosen = forests(of.values, responses, seed)
    said["forest"], seconds["forest"] = table[where], time.monotonic() - started
    print(f"{len(held)} of {len(lines)} cell lines held out (seed {seed}), {testing.sum():,} pairs;"
          f" forest: {chosen[0]:g} of the variables, leaves of {chosen[1]}")  # fmt: skip
    _report(of, testing, said, seconds)


def _report(
    of: Measured, testing: NDArray[np.bool_], said: dict[str, Doubles], seconds: dict[str, float]
) -> None:
    every, counts = {}, drawn(len(of.values))
    errors = {}
    for name, values in said.items():
        whole = np.full(len(of.actual), np.nan)
        whole[testing] = values
        tables = Tables.of(whole, of.actual, of.pairs, testing)
        every[name] = np.nanmean(tables.correlations(counts), axis=1)
        squares = np.nansum((tables.said - tables.actual) ** 2, axis=1)
        many = np.isfinite(tables.actual).sum(axis=1)
        errors[name] = np.sqrt(counts @ squares / (counts @ many))
    for name in said:
        r, rmse = percentiles(every[name]), percentiles(errors[name])
        line = f"{name:8} r {r.value:.3f} ({r.low:.3f} to {r.high:.3f})"
        line += f"  RMSE {rmse.value:.3f} ({rmse.low:.3f} to {rmse.high:.3f})"
        if name != "pmed":
            gap = percentiles(every["pmed"] - every[name])
            line += f"  pmed − {name}: r {gap.value:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})"
        print(f"{line}  {seconds[name]:.0f} s", flush=True)


def on_new_drugs(cohort: Cohort, seed: int) -> None:
    """What structures tell of drugs nobody measured, beyond the means of cell lines."""
    model = fit(cohort, ResponseOptions(seed=seed, split="drug", baselines=False))
    found = model.evaluation.measures
    print(f"new drugs, out of fold: R² beyond the means {found[BEYOND].value:.3f} "
          f"({found[BEYOND].low:.3f} to {found[BEYOND].high:.3f}), "
          f"RMSE {found['rmse'].value:.3f}")  # fmt: skip


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--of", choices=("both", "lines", "drugs"), default="both")
    parser.add_argument("--joined", action="store_true")
    given = parser.parse_args()
    cohort = read(given.folder, given.joined)
    if given.of != "drugs":
        on_new_lines(cohort, given.share, given.seed)
    if given.of != "lines":
        on_new_drugs(cohort, given.seed)


if __name__ == "__main__":
    main()
