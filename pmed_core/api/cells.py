"""Cells as another system sends them: each is what the model reads, or refused by its name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pmed_core.errors import UserError
from pmed_core.service.entries import ModelEntry
from pmed_core.variable import WRITTEN_OUT, Kind, Role, Variable
from pmed_core.work import Cell

SHOWN = 8
LETTERS = 200_000


def inputs_of(entry: ModelEntry) -> tuple[Variable, ...]:
    """What a model reads."""
    return tuple(one for one in entry.variables if one.role is Role.INPUT)


def cells_of(entry: ModelEntry, given: Mapping[str, Any]) -> dict[str, Cell]:
    """The cells of one patient by input; null stands for what was not measured.

    Raises ``UserError`` where an input is absent, unknown, or holds what the model cannot read.
    """
    inputs = {one.name: one for one in inputs_of(entry)}
    if unknown := [name for name in given if name not in inputs]:
        raise UserError(
            "The model has no such input", _listed(unknown), f"It reads: {_listed(list(inputs))}."
        )
    if absent := [name for name in inputs if name not in given]:
        raise UserError(
            "An input of the model is missing", _listed(absent),
            "Send null for what was not measured.",
        )  # fmt: skip
    return {name: cell(inputs[name], value) for name, value in given.items()}


def cell(variable: Variable, value: Any) -> Cell:
    """One cell; raises ``UserError``."""
    if value is None:
        return None
    if variable.kind is Kind.NUMBER:
        return _number(variable, value)
    if variable.kind in (Kind.CATEGORY, Kind.YES_NO):
        if isinstance(value, str) and value in variable.categories:
            return value
        raise UserError(
            "The model does not know this value", variable.name,
            f"Send one of: {_listed(variable.categories)}.",
        )  # fmt: skip
    if variable.kind in WRITTEN_OUT and isinstance(value, str) and 0 < len(value) <= LETTERS:
        return value
    raise UserError(f"The service does not take this {variable.kind}", variable.name, "")


def _number(variable: Variable, value: Any) -> float:
    unit = f" in {variable.unit}" if variable.unit else ""
    refused = UserError("This is no number", variable.name, f"Send a number{unit}, or null.")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refused
    try:
        found = float(value)
    except OverflowError as error:
        raise refused from error
    if not math.isfinite(found):
        raise refused
    return found


def _listed(names: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(f"'{name}'" for name in names[:SHOWN]) + more
