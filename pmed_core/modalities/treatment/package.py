"""What a package of a model of a treatment holds: its networks, as those of tables, and of each
fold how far effects are believed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
from annotated_types import Len
from numpy.typing import NDArray

from pmed_core.arrays import from_plain, to_plain
from pmed_core.modalities.contracts import Packed
from pmed_core.modalities.tabular import package as tables
from pmed_core.modalities.tabular.ensemble import TableEnsemble
from pmed_core.modalities.treatment.ensemble import TreatmentEnsemble
from pmed_core.modalities.treatment.positivity import Seldom
from pmed_core.modalities.treatment.process import Process
from pmed_core.modalities.treatment.shrinkage import Shrunk
from pmed_core.outcomes import Effect, Outcome
from pmed_core.outcomes.effect.censoring import Followed
from pmed_core.variable import Kind, Role, Variable

OUTCOMES, CHOICE = "outcomes", "choice"
CASES = 12
PROCESS = "process/{}/{}"
"""Name of a tensor, by fold and field."""


@dataclass(frozen=True)
class Learnt:
    """What was learnt beside the networks.

    Attributes:
        of: the outcome as the networks learnt it.
        given: the same of the option that was given; None where it was randomised.
        followed, seldom: as of ``TreatmentEnsemble``.
    """

    of: Outcome
    given: Outcome | None
    processes: Annotated[tuple[Process, ...], Len(1)]
    effects: Annotated[tuple[tuple[Shrunk, ...], ...], Len(1)]
    shares: tuple[float, ...]
    followed: tuple[tuple[Followed, ...], ...] = ()
    seldom: tuple[Seldom, ...] = ()


def packed(ensemble: TreatmentEnsemble) -> Packed:
    """The parts of an ensemble, to be kept."""
    parts = {OUTCOMES: tables.packed(ensemble.outcomes)}
    given = None
    if ensemble.choice is not None:
        parts[CHOICE] = tables.packed(ensemble.choice)
        given = ensemble.choice.outcome
    processes, tensors = _taken_apart(ensemble.processes)
    learnt = Learnt(
        ensemble.outcomes.outcome, given, processes, ensemble.effects, ensemble.shares,
        ensemble.followed, ensemble.seldom,
    )  # fmt: skip
    return Packed(
        {name: one.spec for name, one in parts.items()},
        {name: one.fitted for name, one in parts.items()} | {"learnt": to_plain(Learnt, learnt)},
        tensors | {f"{name}/{k}": v for name, one in parts.items() for k, v in one.tensors.items()},
        {name: one.background for name, one in parts.items()},
    )  # fmt: skip


def _taken_apart(
    processes: tuple[Process, ...],
) -> tuple[tuple[Process, ...], dict[str, NDArray[Any]]]:
    """Without the covariance of their weights, which is large, and these as tensors."""
    tensors, found = {}, []
    for fold, one in enumerate(processes):
        for k, field in enumerate(one.fields):
            tensors[PROCESS.format(fold, k)] = field.covariance.astype(np.float32)
        light = tuple(replace(field, covariance=np.empty(0)) for field in one.fields)
        found.append(replace(one, fields=light))
    return tuple(found), tensors


def _put_together(
    processes: tuple[Process, ...], tensors: dict[str, NDArray[Any]], options: int
) -> tuple[Process, ...]:
    """What ``_taken_apart`` took apart; raises ``ValueError``."""
    found = []
    for fold, one in enumerate(processes):
        fields = tuple(
            replace(field, covariance=tensors[PROCESS.format(fold, k)].astype(np.float64))
            for k, field in enumerate(one.fields)
        )
        found.append(replace(one, fields=fields))
        found[-1].check(options)
    return tuple(found)


def unpacked(parts: Packed, outcome: Outcome, variables: tuple[Variable, ...]) -> TreatmentEnsemble:
    """The ensemble that ``packed`` took apart; raises ``ValueError``."""
    learnt: Learnt = from_plain(Learnt, parts.fitted["learnt"])
    if not isinstance(outcome, Effect) or not any(v.role is Role.TREATMENT for v in variables):
        raise ValueError("Expected an effect, and the treatment among the variables")
    if type(learnt.of) is not type(outcome.learnt):
        raise ValueError("Expected networks of the outcome that is compared")
    read = tuple(v for v in variables if v.role is Role.INPUT)
    as_input = tuple(
        replace(v, role=Role.INPUT, kind=Kind.CATEGORY) for v in variables
        if v.role is Role.TREATMENT
    )  # fmt: skip
    order = list(parts.background[OUTCOMES])
    with_treatment = tuple(sorted((*read, *as_input), key=lambda v: order.index(v.name)))
    outcomes = _table(parts, OUTCOMES, learnt.of, with_treatment)
    choice = None if learnt.given is None else _table(parts, CHOICE, learnt.given, read)
    folds, many = len(outcomes.networks.calibration), len(outcome.options)
    alike = len(learnt.effects) == folds and len(learnt.shares) == many
    if not alike or any(len(one) != many - 1 for one in learnt.effects):
        raise ValueError("Expected effects of each fold and option")
    known = [len(learnt.followed), *(len(one) for one in learnt.followed)]
    if learnt.of.in_time and known != [folds, *(many,) * folds]:
        raise ValueError("Expected follow-up of each fold and option")
    if choice is not None and len(choice.networks.folds) != len(outcomes.networks.folds):
        raise ValueError("Expected as many networks of the treatment as of the outcome")
    if len(learnt.processes) != folds:
        raise ValueError("Expected a process of each fold")
    names = {v.name for v in read}
    if any(one.variable not in names or not 0 <= one.effect < many - 1 for one in learnt.seldom):
        raise ValueError("Expected subgroups by inputs, of the options")
    processes = _put_together(learnt.processes, parts.tensors, many)
    return TreatmentEnsemble(
        outcome, variables, outcomes, choice, processes, learnt.effects, learnt.shares,
        tuple(range(folds)), learnt.followed, learnt.seldom,
    )  # fmt: skip


def _table(
    parts: Packed, name: str, outcome: Outcome, variables: tuple[Variable, ...]
) -> TableEnsemble:
    tensors = {
        key.removeprefix(f"{name}/"): tensor
        for key, tensor in parts.tensors.items() if key.startswith(f"{name}/")
    }  # fmt: skip
    own = Packed(parts.spec[name], parts.fitted[name], tensors, parts.background[name])
    return tables.unpacked(own, outcome, variables)


def cases(ensemble: TreatmentEnsemble) -> dict[str, Any]:
    """The first synthetic rows, and what is said of them."""
    rows = ensemble.outcomes.background[[v.name for v in ensemble.inputs]].head(CASES)
    value, error = ensemble.answers(ensemble.told(rows))
    return {"rows": tables.as_rows(rows), "value": value.tolist(), "error": error.tolist()}
