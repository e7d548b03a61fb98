"""What a user may do with the names of values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import BinaryIO

from pmed_core.accounts import Right
from pmed_core.arrays import from_json
from pmed_core.dictionary import Dictionary, labelled, with_dictionary
from pmed_core.errors import UserError
from pmed_core.service import cohorts
from pmed_core.service.access import may
from pmed_core.service.hub import hub
from pmed_core.service.uploads import stream
from pmed_core.settings import settings
from pmed_core.work import Describe


@may(Right.PREPARE)
def name_values(cohort_id: str, column: str, names: Mapping[str, str]) -> str:
    """Give the codes of a column their names -> cohort id; raises ``UserError``."""
    entry = cohorts.cohort(cohort_id)
    variables = tuple(
        labelled(v, names, lambda _: cohorts.values(cohort_id, column)) if v.name == column else v
        for v in entry.variables
    )
    return cohorts.revise(cohort_id, variables, entry.outcome)


@may(Right.PREPARE)
def use_dictionary(
    cohort_id: str, file_name: str, data: bytes | BinaryIO
) -> tuple[str, tuple[str, ...]]:
    """Take names and units of a data dictionary -> cohort id, and what there is to say of it.

    Raises ``UserError``; then nothing has changed.
    """
    entry = cohorts.cohort(cohort_id)
    names = {v.column: v.name for v in entry.variables}

    def values(column: str) -> Collection[str]:
        return cohorts.values(cohort_id, names[column])

    variables, said = with_dictionary(entry.variables, _read(file_name, data), values)
    changed = sum(a != b for a, b in zip(variables, entry.variables, strict=True))
    if not changed:
        raise UserError(
            "The dictionary names nothing that is not known already", file_name,
            " ".join(said) or "Its columns must have the names that they have in the table.",
        )  # fmt: skip
    one = "1 variable has" if changed == 1 else f"{changed:,} variables have"
    identity = cohorts.revise(cohort_id, variables, entry.outcome)
    return identity, (f"{one} names of values or a unit from the dictionary.", *said)


def _read(file_name: str, data: bytes | BinaryIO) -> Dictionary:
    passing = hub().store.passing
    with passing.upload(file_name, stream(data)) as token:
        work = Describe(passing.digest(token), file_name)
        answer = hub().engine.ask(work, settings().read_seconds)
    return from_json(Dictionary, answer)  # type: ignore[no-any-return]
