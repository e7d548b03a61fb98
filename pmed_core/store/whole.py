"""A copy of a hosted installation in one file: users, audit and all projects; and the way back.

It holds a backup of each project (``backup``), as of one moment each, one after another.
"""

from __future__ import annotations

import re
import shutil
import time
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from pmed_core import bucket
from pmed_core.errors import UserError
from pmed_core.files import in_words, written_whole
from pmed_core.sealing import files
from pmed_core.settings import PROJECTS, Settings
from pmed_core.store import accounts, apikeys, audit, copying
from pmed_core.store.backup import backup, pack, restore, unpack
from pmed_core.store.keys import secret_key
from pmed_core.store.store import open_store

TABLES = (accounts.USERS, accounts.PROJECTS, apikeys.API_KEYS, audit.AUDIT)
"""What an empty installation has nothing in."""
PROJECT = re.compile(rf"{PROJECTS}/([0-9a-f]{{32}})\.zip")


def backup_all(chosen: Settings, to: Path) -> Path:
    """Write an installation to a ZIP file -> its path; a folder gets a file named after the time.

    The app may run meanwhile. Raises ``UserError``.
    """
    if not accounts.known(chosen.home):
        raise UserError(
            "There are no projects here", str(chosen.home),
            "Set PMED_HOME to a hosted installation, or leave out --all-projects.",
        )  # fmt: skip
    if to.is_dir():
        to = to / f"pmed-installation-{time.strftime('%Y%m%d-%H%M%S')}.zip"
    kept = accounts.Accounts.open(chosen.home)
    with in_words(to), _beside(to) as room, written_whole(to) as beside:
        # Users first: each project that they know of is among the copies then.
        copying.copy_out(kept.engine, room / accounts.FILE, accounts.METADATA)
        files.write(room / audit.KEY, secret_key(chosen.home / audit.KEY))
        (room / PROJECTS).mkdir()
        for one in kept.projects():
            if one not in kept.projects():
                continue  # deleted meanwhile: whoever opened it would make it anew
            own = chosen.of_project(one.id)
            open_store(own)  # one that nobody has opened yet has neither tables nor a key
            backup(own, room / PROJECTS / f"{one.id}.zip")
        beside.touch(mode=0o600)
        pack(room, beside, zipfile.ZIP_STORED)
    return to


def restore_all(chosen: Settings, file: Path) -> int:
    """Bring an installation back where there is none yet -> how many projects.

    Users and roles come last: before that nobody can come in. Raises ``UserError``.
    """
    _must_be_empty(chosen)
    with in_words(chosen.home), _beside(chosen.home / "any") as room:
        unpack(file, room, _ours)
        if not all((room / name).exists() for name in (accounts.FILE, audit.KEY)):
            raise UserError(
                "This is not a whole backup of an installation", str(file),
                "Choose a file that 'store backup --all-projects' wrote.",
            )  # fmt: skip
        held = sorted((room / PROJECTS).glob("*.zip"))
        for one in held:
            restore(chosen.of_project(one.stem), one)
        key = chosen.home / audit.KEY
        with written_whole(key) as beside:
            beside.touch(mode=0o600)
            files.write(beside, files.read(room / audit.KEY))
        bucket.again(chosen.home, audit.KEY)
        target = accounts.opened(chosen.home)
        copying.copy_in(room / accounts.FILE, target, accounts.METADATA)
    return len(held)


def _must_be_empty(chosen: Settings) -> None:
    rows = [audit.KEY] if (chosen.home / audit.KEY).exists() else []
    if accounts.known(chosen.home):
        with accounts.opened(chosen.home).connect() as connection:
            rows += [one.name for one in TABLES if connection.execute(select(one).limit(1)).first()]
    folders = [*(chosen.home / PROJECTS).glob("[!.]*"), *bucket.projects()]
    if rows or folders:
        raise UserError(
            "This installation holds something already", str(chosen.home),
            "Bring the backup back into an empty PMED_HOME, database and object store.",
        )  # fmt: skip


def _ours(name: str) -> bool:
    return name in (accounts.FILE, audit.KEY) or PROJECT.fullmatch(name) is not None


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A folder for a while, which only its owner may look into."""
    room = path.with_name(f".installation.{uuid.uuid4().hex}")
    room.mkdir(parents=True, mode=0o700)
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)
