"""Who was in training: the rows of a table, told by what stands in their inputs."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.contracts import NOBODY
from pmed_core.modalities.tabular.options import FitOptions
from pmed_core.modalities.tabular.preprocessing import NUMERIC, numeric_cells
from pmed_core.outcomes import Target
from pmed_core.predictions import Predictions
from pmed_core.training.folds import outer_folds
from pmed_core.variable import Variable

if TYPE_CHECKING:
    from pmed_core.modalities.tabular.ensemble import TableEnsemble
    from pmed_core.predictor import Predictor

AGREEMENT = 1e-4
"""How near a probability must be to that which was kept, to be said by the same networks."""
Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]


def row_hashes(table: pd.DataFrame, variables: Sequence[Variable]) -> Hashes:
    """(n,) one number for each row's inputs; the same cells give the same number in any file."""
    columns: dict[str, NDArray[np.float64] | NDArray[np.object_]] = {}
    for position, variable in enumerate(variables):
        if variable.kind in NUMERIC:
            # Adding zero makes one of the two zeros.
            columns[str(position)] = numeric_cells(table, [variable.name])[:, 0] + 0.0
        else:
            told = ("=" + table[variable.name].astype("str")).fillna("")
            columns[str(position)] = told.to_numpy(dtype=object)
    found = pd.util.hash_pandas_object(pd.DataFrame(columns, index=table.index), index=False)
    return np.asarray(found.to_numpy(dtype=np.uint64))


def rows_digest(hashes: Hashes, variables: Sequence[Variable]) -> str:
    """sha256 of the rows in whatever order; tells nothing of any one of them."""
    digest = hashlib.sha256("\n".join(v.name for v in variables).encode())
    digest.update(np.sort(hashes).tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Found:
    """What is known of one patient.

    Attributes:
        fold: the outer fold that held the patient out; None for whoever was not in training, and
            for whoever no fold held out.
        patient: the id of the training patient this is; empty for none, or for several.
        alike: how many training patients have exactly these values, where no one was named.
    """

    fold: int | None = None
    patient: str = ""
    alike: int = 0


@dataclass(frozen=True)
class Members:
    """The n rows that a model was trained on.

    Attributes:
        patients: (n,) ids.
        folds: (n,) the outer fold that held each out; all rows of a patient are in one.
        hashes: (n,) of their inputs.
    """

    patients: NDArray[np.str_]
    folds: NDArray[np.int64]
    hashes: Hashes

    def find(self, patient: str, row: Hashes) -> Found:
        """Somebody by id, or by a row's values (1,) where nobody is named."""
        mine = self.patients == patient if patient else self.hashes == row[0]
        if not mine.any():
            return Found()
        folds, ids = np.unique(self.folds[mine]), np.unique(self.patients[mine])
        fold = int(folds[0]) if len(folds) == 1 else None
        return Found(fold, str(ids[0]) if len(ids) == 1 else "", len(ids))

    def find_own(self, patient: str, row: Hashes) -> Found:
        """By a row's values, and by the id where these tell no fold: of several rows of one id, and
        of an edited row, the values themselves decide."""
        found = self.find("", row)
        named = self.find(patient, row) if patient else found
        return named if named.fold is not None and found.fold is None else found


def positions(known: Sequence[tuple[str, int]], asked: Sequence[tuple[str, int]]) -> list[int]:
    """Where each of the keys that are asked for is among the known ones, -1 for nowhere; keys that
    are there several times are given out in turn."""
    where: dict[tuple[str, int], list[int]] = defaultdict(list)
    for position, key in enumerate(known):
        where[key].append(position)
    turn: Counter[tuple[str, int]] = Counter()
    found = []
    for key in asked:
        there = where.get(key)
        found.append(there[turn[key] % len(there)] if there else -1)
        turn[key] += 1
    return found


class Trained(Protocol):
    """What is asked of a predictor here."""

    name: str
    variables: tuple[Variable, ...]
    patient: str | None
    card: dict[str, Any]
    out_of_fold: Predictions | None
    learnt: Hashes | None


def not_kept(name: str) -> UserError:
    """Nobody is known to be held out."""
    return UserError(
        "The held-out predictions of these patients are not kept with this model", name,
        "Train it again, or give patients that were not in training.",
    )  # fmt: skip


def training_part(model: Trained, cohort: Cohort) -> Positions | None:
    """The rows of the cohort that are all rows the model was trained on, in the order in which
    their held-out predictions are kept beside a package; None where they are not these."""
    hashes = row_hashes(cohort.table, model.variables)
    known = set(cohort.chosen_outcome().columns) <= set(cohort.table.columns)
    target = cohort.target() if known else Target(np.zeros(len(cohort), int))
    for part in (np.flatnonzero(target.observed >= 0), np.arange(len(cohort))):
        if model.card.get("rows_digest") == rows_digest(hashes[part], model.variables):
            return part[in_order(hashes[part], target.select(part))]
    return None


def knows(model: Trained, cohort: Cohort) -> bool:
    """Whether these are the very rows it was trained on, in whatever order."""
    return training_part(model, cohort) is not None


def known(cohort: Cohort) -> UserError:
    """These are the patients of training."""
    return UserError(
        "These are the patients the model was trained on", cohort.name,
        "Evaluate on others. What the model says of these while they were held out is evaluated "
        "already (in the shell with --held-out).",
    )  # fmt: skip


def recognise(model: Trained, cohort: Cohort) -> bool:
    """Whether these are the very rows it was trained on; where their held-out predictions are kept
    beside the package, it knows each of them from now on."""
    part = training_part(model, cohort)
    if part is not None and model.learnt is None and model.out_of_fold is not None:
        model.learnt = row_hashes(cohort.table.iloc[part], model.variables)
        ids = tuple(cohort.patients()[part].tolist())
        model.out_of_fold = replace(model.out_of_fold, patients=ids)
    return part is not None


def nameless(model: Trained) -> Predictions | None:
    """The held-out predictions in an order that only the table gives again, without ids; None where
    they are not fresh."""
    found = model.out_of_fold
    if found is None or model.learnt is None:
        return None
    ordered = found.take(in_order(model.learnt, found.target))
    return replace(ordered, patients=("",) * len(ordered))


def in_order(hashes: Hashes, target: Target) -> Positions:
    """(n,) rows in an order that any file of the same rows gives again."""
    return np.lexsort((*np.nan_to_num(target.actual.T), target.observed, hashes))


def held_out_folds(model: Trained, cohort: Cohort) -> tuple[int, ...]:
    """(n,) the fold that held out each row of a cohort of the model's inputs, ``NOBODY`` where it
    was not in training; empty where that is not known."""
    kept = model.out_of_fold
    if kept is None or not kept.folds:
        return ()
    folds = np.array([*kept.folds, NOBODY])
    if model.learnt is not None:
        return tuple(folds[_positions(model, kept, cohort)].tolist())
    part = training_part(model, cohort)
    if part is None:
        return ()
    found = np.full(len(cohort), NOBODY)
    found[part] = folds[:-1]
    return tuple(found.tolist())


def _positions(model: Trained, kept: Predictions, cohort: Cohort) -> list[int]:
    """Of each row among those of training, -1 for none: the same values, and the same id where both
    have ids."""
    assert model.learnt is not None  # noqa: S101 - the caller looked
    asked = row_hashes(cohort.table, model.variables).tolist()
    known = model.learnt.tolist()
    named = model.patient is not None and cohort.patient is not None
    ids = kept.patients if named else ("",) * len(known)
    mine = cohort.patients().tolist() if named else [""] * len(asked)
    return positions(list(zip(ids, known, strict=True)), list(zip(mine, asked, strict=True)))


def known_rows(members: Members, cohort: Cohort, variables: Sequence[Variable]) -> tuple[str, ...]:
    """What is to be said of rows that have exactly the values of somebody in training."""
    count = int(np.isin(row_hashes(cohort.table, variables), members.hashes).sum())
    if not count:
        return ()
    have = "rows has" if count == 1 else "rows have"
    return (
        f"{count:,} of {len(cohort):,} {have} exactly the values of a patient of training. Where "
        "these are the same patients, the scores are too good.",
    )


def folds_where(model: Trained, cohort: Cohort, there: NDArray[np.bool_]) -> tuple[int, ...]:
    """The same of a model that reads the rows ``there`` (n,) alone; ``NOBODY`` also of others."""
    found = held_out_folds(model, cohort.select(there))
    if not found:
        return ()
    folds = np.full(len(cohort), NOBODY)
    folds[there] = found
    return tuple(folds.tolist())


def said_where(
    model: Trained, cohort: Cohort, folds: tuple[int, ...], there: NDArray[np.bool_]
) -> tuple[str, ...]:
    """As ``said_of_training``, of a model that reads the rows ``there`` (n,) alone."""
    of_known = tuple(np.array(folds)[there].tolist()) if folds else ()
    return said_of_training(model, cohort.select(there), of_known)


def said_of_training(model: Trained, cohort: Cohort, folds: tuple[int, ...]) -> tuple[str, ...]:
    """What is to be said of the ensemble's numbers where some of the rows were in training."""
    count = sum(fold != NOBODY for fold in folds)
    if not folds and training_part(model, cohort) is not None:
        count = len(cohort)
    if not count:
        return ()
    were = "rows was" if count == 1 else "rows were"
    return (
        f"{count:,} of {len(cohort):,} {were} in training: these numbers are too good. Ask for "
        "held-out predictions instead.",
    )


def folds_again(
    predictor: Predictor[TableEnsemble], cohort: Cohort, kept: Predictions
) -> tuple[int, ...]:
    """The folds of a model that was kept without them: split anew, and believed only where the
    networks say of every row of the fold what is kept; else empty."""
    options = predictor.options
    if not isinstance(options, FitOptions):
        return ()
    try:
        outer = outer_folds(cohort, options.folds, options.seed)
    except UserError:
        return ()
    if len(outer) != len(set(predictor.ensemble.networks.folds)):
        return ()
    found = np.full(len(cohort), NOBODY)
    for fold, (_, rows) in enumerate(outer):
        again = predictor.of_fold(fold).ensemble.risks(cohort.table.iloc[rows])[0]
        if not np.allclose(again, kept.value[rows], rtol=0, atol=AGREEMENT):
            return ()
        found[rows] = fold
    return tuple(found.tolist())
