"""What kinds of outcome share: the words for an event, and how many of them are advised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pmed_core.errors import UserError
from pmed_core.variable import Kind, Role, Variable

Names = tuple[tuple[str, str], ...]
"""(value, name) of values that stand for something."""
ADVISED = 100
"""Events, and patients without, for evaluating a model (Collins et al., Stat Med 2016)."""
VALUES_AT_MOST = 20
"""Different values that can be events or classes; more can be a number alone."""


def as_outcome(variable: Variable) -> Variable:
    """A variable whose values say what happened."""
    kind = variable.kind if variable.categories else Kind.CATEGORY
    return replace(variable, role=Role.OUTCOME, kind=kind, range=None, reason="", unit="")


def no_time(where: str) -> UserError:
    """Horizons were asked of a model that knows of none."""
    return UserError(
        "This model does not predict when something happens", where,
        "Leave --horizon out, or train with --time.",
    )  # fmt: skip


def of_column(column: str, values: Sequence[str], shown: str, names: Names) -> str:
    """Values of a column as an event, with their name where one has any."""
    if not set(values) & set(dict(names)):
        return f"{column} is {shown}"
    return f"{shown[:1].upper()}{shown[1:]} ({column} = {spans(values)})"


def spans(values: Sequence[str]) -> str:
    """ "1", "2", "3", "4", "7" -> "1–4, 7"; other values as they are."""
    if not all(value.isdecimal() and value == str(int(value)) for value in values):
        return ", ".join(values)
    runs: list[list[int]] = []
    for number in sorted(map(int, values)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs
    )
