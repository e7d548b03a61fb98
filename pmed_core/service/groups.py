"""Groups of a model's patients, and how good it is in each."""

from __future__ import annotations

import re

from pmed_core.accounts import Right
from pmed_core.arrays import from_json
from pmed_core.errors import Busy, UserError
from pmed_core.service import cohorts
from pmed_core.service.access import may
from pmed_core.service.hub import hub
from pmed_core.service.models import SECONDS, model
from pmed_core.subgroups import Subgroups
from pmed_core.variable import Kind, Role, Variable
from pmed_core.work import Divide

GROUPING = (Kind.CATEGORY, Kind.YES_NO, Kind.NUMBER)
USUAL = re.compile(
    r"(^|[^a-z])(sex|gender|age|race|ethnic\w*|site|hospital|cent(er|re)|clinic)([^a-z]|$)", re.I
)
"""By what a reader of an evaluation asks first (TRIPOD+AI, Collins et al., BMJ 2024;385:e078378,
items 7 and 14)."""
REPORTED = 3


@may(Right.LOOK)
def divisible(identity: str) -> tuple[Variable, ...]:
    """By which variables the patients of a model can be put in groups, its inputs first; none of an
    imported model."""
    entry = model(identity)
    if not entry.cohort or not hub().store.cohorts.exists(entry.cohort):
        return ()
    inputs = {v.name for v in entry.variables}
    found = [
        v
        for v in cohorts.cohort(entry.cohort).variables
        if v.kind in GROUPING and v.role in (Role.INPUT, Role.IGNORE)
    ]
    return tuple(sorted(found, key=lambda v: v.name not in inputs))


@may(Right.LOOK)
def divide(identity: str, variable: str) -> Subgroups:
    """How good a model is in each part of its own patients; raises ``UserError``."""
    answer = hub().engine.ask(Divide(identity, variable), SECONDS)
    return from_json(Subgroups, answer)  # type: ignore[no-any-return]


@may(Right.LOOK)
def usual(identity: str) -> tuple[tuple[Subgroups, ...], tuple[str, ...]]:
    """By sex, age, origin and site, as far as columns are called so; and a sentence for each that
    has none. Raises ``Busy``: a report must not lack a group because others are at work."""
    names = [v.name for v in divisible(identity) if USUAL.search(v.name)]
    found: list[Subgroups] = []
    without: list[str] = []
    for name in names:
        if len(found) == REPORTED:
            without.append(f"Not by {name}: a report holds {REPORTED} variables.")
            continue
        try:
            found.append(divide(identity, name))
        except Busy:
            raise
        except UserError as error:
            without.append(f"Not by {name}: {error.what.rstrip('.')}.")
    return tuple(found), tuple(without)
