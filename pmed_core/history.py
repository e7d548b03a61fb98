"""What became of a cohort: its revisions, and in words what each of them changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pmed_core.outcomes import Outcome
from pmed_core.reading import Choices
from pmed_core.variable import Role, Variable
from pmed_core.work import Read

NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Revision:
    """A cohort as it once was.

    Attributes:
        id: of the cohort as it was then; it may not be kept any more.
        when: seconds since 1970.
        said: what was changed, in sentences without a full stop ("kind of age: category → number").
        read: how it was read, so that it can be read again.
    """

    id: str
    when: float
    said: tuple[str, ...]
    read: Read

    @property
    def choices(self) -> Choices:
        """The decisions of the reader that were overruled."""
        return dict(self.read.choices)


def changes(before: Sequence[Variable], after: Sequence[Variable]) -> tuple[str, ...]:
    """What differs between the variables of two revisions; alike changes in one sentence."""
    earlier = {v.column: v for v in before}
    later = {v.column: v for v in after}
    alike: dict[tuple[str, str], list[str]] = {}
    for column, variable in later.items():
        if column in earlier:
            for what, change in _differences(earlier[column], variable):
                alike.setdefault((what, change), []).append(variable.name)
    told = [
        f"{what}: {change}" if what == "name" else f"{what} of {_names(names)}: {change}"
        for (what, change), names in alike.items()
    ]
    if gone := [v.name for column, v in earlier.items() if column not in later]:
        told.append(f"no longer there: {_names(gone)}")
    if new := [v.name for column, v in later.items() if column not in earlier]:
        told.append(f"new: {_names(new)}")
    return tuple(told)


def _differences(before: Variable, after: Variable) -> Iterator[tuple[str, str]]:
    if before.name != after.name:
        yield "name", f"{before.name} → {after.name}"
    if before.kind is not after.kind:
        yield "kind", f"{before.kind.value} → {after.kind.value}"
    # The outcome has a sentence of its own.
    if before.role is not after.role and Role.OUTCOME not in (before.role, after.role):
        yield "role", f"{before.role.value} → {after.role.value}"
    if before.unit != after.unit:
        yield "unit", f"{before.unit or 'none'} → {after.unit or 'none'}"
    if before.changeable != after.changeable:
        yield "changeable", "yes" if after.changeable else "no"
    if before.labels != after.labels:
        named = ", ".join(f"{code} = {name}" for code, name in after.labels[:NAMED_AT_MOST])
        yield "names of values", named or "none"


def _names(names: Sequence[str]) -> str:
    shown, rest = names[:NAMED_AT_MOST], len(names) - NAMED_AT_MOST
    return ", ".join(shown) + (f" and {rest:,} more" if rest > 0 else "")


def outcome_change(before: Outcome | None, after: Outcome | None) -> tuple[str, ...]:
    """The outcome where it differs."""
    if before == after:
        return ()
    return (f"outcome: {'none' if after is None else after.changed()}",)


def choice_changes(before: Choices, after: Choices) -> tuple[str, ...]:
    """Decisions of the reader that a person took, changed or took back."""
    told = [f"decision {key} = {value}" for key, value in after.items() if before.get(key) != value]
    return (*told, *(f"decision {key}: left to the reader" for key in before if key not in after))
