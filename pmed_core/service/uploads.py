"""Files as the browser hands them over, and what stands in them before they are taken."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO

from pmed_core.accounts import Right
from pmed_core.arrays import from_json
from pmed_core.errors import UserError
from pmed_core.inspection import Inspection, Sketch
from pmed_core.reports.overlay import sketch_png
from pmed_core.service.access import may, need
from pmed_core.service.hub import hub
from pmed_core.settings import settings
from pmed_core.suffixes import is_table_name, without_gzip
from pmed_core.work import Inspect

ABANDONED_SECONDS = 3600
"""After that, a file that somebody looked at and did not take is dropped."""
NAMED = 3


def stream(data: bytes | BinaryIO) -> BinaryIO:
    """The file from its first byte, also where somebody has read it before."""
    if isinstance(data, bytes):
        return io.BytesIO(data)
    data.seek(0)
    return data


@may(Right.PREPARE)
def inspect(
    file_name: str,
    data: bytes | BinaryIO,
    looked_at: bool = False,
    choices: tuple[tuple[str, str], ...] = (),
) -> tuple[Inspect, Inspection]:
    """Keep a file for a look before it is taken -> how it was read, and what stands in it.

    ``looked_at``: a person made sure that no scan shows a name. It is then taken or forgotten.
    Raises ``UserError``; then it is not kept.
    """
    passing = hub().store.passing
    passing.drop_older(ABANDONED_SECONDS)
    token = passing.add(file_name, stream(data))
    work = Inspect(token, file_name, choices, looked_at=looked_at)
    try:
        return work, inspect_again(work)
    except UserError:
        passing.drop(work.source)
        raise


@may(Right.PREPARE)
def inspect_together(
    files: Sequence[tuple[str, BinaryIO]],
    looked_at: bool = False,
    choices: tuple[tuple[str, str], ...] = (),
) -> tuple[Inspect, Inspection]:
    """The same of several files of scans, which become one collection, or of tables that are
    joined; raises ``UserError``."""
    with together(files) as (name, packed):
        return inspect(name, packed, looked_at, choices)


@may(Right.FOLDERS)
def inspect_folder(name: str, looked_at: bool = False) -> tuple[Inspect, Inspection]:
    """The same of a folder on the server, of which nothing is kept; raises ``UserError``."""
    work = Inspect("", name, folder=name, looked_at=looked_at)
    return work, inspect_again(work)


@may(Right.PREPARE)
def inspect_again(work: Inspect) -> Inspection:
    """What stands in a kept file, or folder, with those choices; raises ``UserError``."""
    if work.folder:
        need(Right.FOLDERS)
    answer = hub().engine.ask(work, settings().read_seconds)
    return from_json(Inspection, answer)  # type: ignore[no-any-return]


@contextmanager
def together(files: Sequence[tuple[str, BinaryIO]]) -> Iterator[tuple[str, BinaryIO]]:
    """Several files as one ZIP, with a name; raises ``UserError``."""
    if among := next((name for name, _ in files if name.lower().endswith(".zip")), ""):
        raise UserError(
            "A ZIP is brought in alone", among,
            "Put the table and all scans inside one ZIP, or choose the pictures themselves "
            "together with the table.",
        )  # fmt: skip
    _names_lead_nowhere_else([name for name, _ in files])
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w") as archive:
            for name, data in files:
                archive.writestr(name, data.read())
        packed.seek(0)
        yield f"{_called([name for name, _ in files])}.zip", packed


def _called(names: Sequence[str]) -> str:
    """What several files are called together: few tables by their names, so that one cohort of
    "2 files" is told from the next; scans, whose names may be those of people, by their number."""
    if len(names) > NAMED or not all(map(is_table_name, names)):
        return f"{len(names)} files"
    return " + ".join(PurePosixPath(without_gzip(name)).stem for name in names)


def _names_lead_nowhere_else(names: Sequence[str]) -> None:
    """Nothing is renamed in silence, and no file takes the place of another."""
    often = Counter(names)
    if twice := next((name for name in names if often[name] > 1), ""):
        raise UserError(
            f"{often[twice]} files are called '{twice}'", "",
            "Give each a name of its own, or put them into folders of one ZIP.",
        )  # fmt: skip
    if astray := next((n for n in names if ".." in PurePosixPath(n.replace("\\", "/")).parts), ""):
        raise UserError(
            "The name of a file leads out of its folder", astray, "Choose the file again."
        )


def sketch(one: Sketch) -> bytes:
    """A small scan with what was outlined on it, as PNG."""
    return sketch_png(one)


@may(Right.PREPARE)
def forget(token: str) -> None:
    """Drop a file that was looked at and is not taken."""
    hub().store.passing.drop(token)
