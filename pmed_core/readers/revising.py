"""What was corrected by hand, kept while a file is read once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pmed_core.reading import REPEATED_ROWS
from pmed_core.variable import Role, Variable


def is_masked(variable: Variable) -> bool:
    """Whether it says directly who somebody is, so that its cells are not kept."""
    return variable.role is Role.IGNORE and "direct identifier" in variable.reason


def merged(
    given: Sequence[Variable], inferred: Sequence[Variable], changed: Sequence[str]
) -> tuple[Variable, ...]:
    """What is inferred after a decision was overruled, with the corrections that still hold.

    A decision about one column leaves the others as they were given.
    """
    columns = {key.partition(":")[2] for key in changed if ":" in key}
    whole = any(":" not in key and key != REPEATED_ROWS for key in changed)
    earlier = {v.column: v for v in given}
    merged = []
    for fresh in inferred:
        before = earlier.get(fresh.column)
        if before is None or is_masked(fresh):
            merged.append(fresh)
        elif whole or fresh.column in columns or before.name in columns:
            merged.append(
                replace(
                    fresh, name=before.name, role=before.role, changeable=before.changeable,
                    reason=before.reason, source=before.source,
                    labels=before.labels or fresh.labels, unit=fresh.unit or before.unit,
                )
            )  # fmt: skip
        else:
            merged.append(before)
    return tuple(merged)
