"""What a model reads: the nouns of each kind of input.

A kind is a folder: its noun in ``__init__``, its ``options``, and what computes with it. Which
modules belong to which noun is said in ``modalities.kinds`` and nowhere else; everything else asks
the noun or one of these modules.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel

from pmed_core.baselines import Advice
from pmed_core.modalities.expression import Expression as Expression
from pmed_core.modalities.molecule import Molecule as Molecule
from pmed_core.modalities.options import kept_as
from pmed_core.modalities.response import Response as Response
from pmed_core.modalities.scan import Scan as Scan
from pmed_core.modalities.sequence import Sequence as Sequence
from pmed_core.modalities.tabular import Tabular as Tabular
from pmed_core.modalities.treatment import Treatment as Treatment
from pmed_core.modalities.variants import Variants as Variants
from pmed_core.variable import Kind, Role, Variable

if TYPE_CHECKING:
    from pmed_core.outcomes import Outcome

Modality = Treatment | Scan | Response | Molecule | Sequence | Expression | Variants | Tabular
ALL: tuple[Modality, ...] = tuple(one() for one in get_args(Modality))
"""Those with a payload of their own first: numbers and categories are what is left."""


def modality_of(variables: Iterable[Variable]) -> Modality:
    """Of a cohort's or a model's variables, of those that a model may read."""
    marks: set[Kind | Role] = set()
    for variable in variables:
        marks |= {variable.role, variable.kind} if variable.role is Role.INPUT else {variable.role}
    return next(one for one in ALL if not one.kinds or marks & one.kinds)


def advice(modality: Modality, outcome: Outcome, baseline: str) -> Advice:
    """What to do where a baseline of that name is better than a model."""
    if found := kept_as(modality.networks, outcome, baseline):
        return Advice(found.title)
    return Advice(instead=modality.compared.get(baseline, ""))


def trained_with(options: BaseModel) -> Modality:
    """The modality whose training has these options."""
    return next(one for one in ALL if isinstance(options, one.Options))


def modality_of_file(path: Path) -> Modality:
    """Of a file or folder that nobody has read."""
    return next(one for one in ALL if one.claims(path))
