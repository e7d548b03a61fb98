"""Files as the browser hands them over, and what stands in them before they are taken."""

from __future__ import annotations

import io
from typing import BinaryIO

from pmed_core.arrays import from_json
from pmed_core.errors import UserError
from pmed_core.inspection import Inspection
from pmed_core.reading import Choices
from pmed_core.service.hub import hub
from pmed_core.settings import settings
from pmed_core.work import Inspect

ABANDONED_SECONDS = 3600
"""After that, a file that somebody looked at and did not take is dropped."""


def stream(data: bytes | BinaryIO) -> BinaryIO:
    """The file from its first byte, also where somebody has read it before."""
    if isinstance(data, bytes):
        return io.BytesIO(data)
    data.seek(0)
    return data


def inspect(file_name: str, data: bytes | BinaryIO) -> tuple[str, Inspection | None]:
    """Look at a file before it is taken -> its source, and the table in it; None where it is no
    table but scans.

    It is then taken or forgotten. Raises ``UserError``; then it is not kept.
    """
    store = hub().store.cohorts
    store.forget_abandoned(ABANDONED_SECONDS)
    source = store.add_source(file_name, stream(data))
    try:
        return source, inspect_again(source, file_name, {})
    except UserError:
        store.forget_source(source)
        raise


def inspect_again(source: str, file_name: str, choices: Choices) -> Inspection | None:
    """The same file, read with other decisions; raises ``UserError``."""
    work = Inspect(source, file_name, tuple(sorted(choices.items())))
    answer = hub().engine.ask(work, settings().read_seconds)
    return from_json(Inspection, answer) if answer else None


def forget(source: str) -> None:
    """Drop a file that was looked at and is not taken."""
    hub().store.cohorts.forget_source(source)
