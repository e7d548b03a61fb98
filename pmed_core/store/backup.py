"""A copy of everything that lasts in one file, and the way back."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path, PurePosixPath

from pmed_core import bucket
from pmed_core.errors import UserError
from pmed_core.files import in_words, written_whole
from pmed_core.sealing import keys
from pmed_core.settings import Settings
from pmed_core.store import copying
from pmed_core.store.artefacts import Folder, artefacts, entries
from pmed_core.store.checkpoints import ROOM as CHECKPOINTS
from pmed_core.store.dialects import shared
from pmed_core.store.health import DATABASE, PART
from pmed_core.store.keys import PSEUDONYMS
from pmed_core.store.rewriting import rewritten
from pmed_core.store.rooms import LASTING

SECRETS = (PSEUDONYMS, keys.NAME)
"""The latter is wrapped: a backup of an encrypted home is encrypted."""
MANIFEST = "manifest.json"
FORMAT = 1
NO_BACKUP = (
    zipfile.BadZipFile, zlib.error, ValueError, LookupError, TypeError, RuntimeError, EOFError,
)  # fmt: skip
"""What reading another file as a backup raises."""


def backup(settings: Settings, to: Path) -> Path:
    """Write everything to a ZIP file -> its path; a folder gets a file named after the time.

    The app may run meanwhile: what is copied is as it was at one moment. Raises ``UserError``.
    """
    _one_that_can_be_copied(settings)
    if to.is_dir():
        to = to / f"pmed-backup-{time.strftime('%Y%m%d-%H%M%S')}.zip"
    with in_words(to), _as_of_now(settings) as frozen, written_whole(to) as beside:
        beside.touch(mode=0o600)  # it holds patients
        pack(frozen, beside)
    return to


def _one_that_can_be_copied(settings: Settings) -> None:
    if settings.database and not shared(settings.database):
        raise UserError(
            "The list of this installation is in a database of its own", "PMED_DATABASE",
            "Back up that database with its own tools, and copy the folder of PMED_HOME.",
        )  # fmt: skip


@contextmanager
def _as_of_now(settings: Settings) -> Iterator[Path]:
    """Links to all files, and a copy of the database, taken while nobody changes the store.

    What was written is never changed in place, so the links stay as they are.
    """
    home = settings.home
    frozen = home / f".backup.{uuid.uuid4().hex}"
    try:
        with copying.still(settings):
            frozen.mkdir()
            copying.take(settings, frozen / DATABASE)
            kept = artefacts(home)
            for room, identity in entries(kept, LASTING):
                _link(kept.at_hand(room, identity, whole=True), frozen / room / identity)
            for name in SECRETS:
                if bucket.alike(home, name) or (home / name).exists():
                    shutil.copyfile(home / name, frozen / name)
        yield frozen
    finally:
        shutil.rmtree(frozen, ignore_errors=True)


def _link(source: Path, target: Path) -> None:
    for folder, folders, files in os.walk(source):
        folders[:] = [name for name in folders if not name.startswith(".")]
        here = target / Path(folder).relative_to(source)
        here.mkdir(parents=True)
        for name in (name for name in files if not name.startswith(".")):
            try:
                os.link(Path(folder, name), here / name)
            except OSError:
                shutil.copyfile(Path(folder, name), here / name)


def pack(frozen: Path, target: Path, packing: int = zipfile.ZIP_DEFLATED) -> None:
    """Write all files of a folder to a ZIP file, with the sum of each."""
    sums = {}
    with zipfile.ZipFile(target, "w", packing, compresslevel=1) as archive:
        for path in sorted(path for path in frozen.rglob("*") if path.is_file()):
            name = path.relative_to(frozen).as_posix()
            digest = hashlib.sha256()
            with path.open("rb") as file, archive.open(name, "w", force_zip64=True) as packed:
                while part := file.read(PART):
                    digest.update(part)
                    packed.write(part)
            sums[name] = digest.hexdigest()
        manifest = {"format": FORMAT, "made": time.time(), "sha256": sums}
        archive.writestr(MANIFEST, json.dumps(manifest))


def restore(settings: Settings, file: Path, *, replace: bool = False) -> int:
    """Bring back what a backup holds -> how many files.

    Everything is unpacked and compared with its sums first; only then it takes its place. Raises
    ``UserError``: where the home is filled and ``replace`` is not said, or the file is no backup.
    """
    _one_that_can_be_copied(settings)
    home = settings.home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    filled = [name for name in (DATABASE, *LASTING) if _holds(home / name)]
    filled += ["PMED_DATABASE"] if copying.filled(settings) else []
    kept = artefacts(home)
    filled += ["PMED_ARTEFACTS"] if settings.artefacts and any(entries(kept, LASTING)) else []
    if filled and not replace:
        raise UserError(
            "This installation holds something already", ", ".join(filled),
            "Set PMED_HOME to an empty folder, or add --replace to delete what is there.",
        )  # fmt: skip
    unpacked, fresh = (home / f".{name}.{uuid.uuid4().hex}" for name in ("restore", "sealed"))
    before = replaced(home)
    try:
        with in_words(home):
            count = unpack(file, unpacked, _ours)
        keys.of_folder(unpacked)  # one that cannot be opened here replaces nothing
        ready = _as_kept_here(settings, unpacked, fresh)
        before.mkdir()
        with copying.still(settings), exchanged(home, ready, before):
            copying.put(settings, home / DATABASE)
            kept.replace_all(LASTING, SECRETS)
        copying.drop_file(settings)
    finally:
        keys.forget()
        drop_empty(before)
        for folder in (unpacked, fresh):
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(before, ignore_errors=True)
    return count


def _as_kept_here(settings: Settings, unpacked: Path, fresh: Path) -> Path:
    """What was unpacked; where that is not encrypted and this installation is, an encrypted one."""
    if settings.key_file is None or (unpacked / keys.NAME).exists():
        return unpacked
    with in_words(fresh):
        take = partial(copying.copy_database, unpacked / DATABASE)
        rewritten(unpacked, fresh, take, Folder(unpacked))
    return fresh


def _holds(path: Path) -> bool:
    return path.is_file() or (path.is_dir() and any(path.iterdir()))


def unpack(file: Path, target: Path, ours: Callable[[str], bool]) -> int:
    """What ``pack`` has written, compared with its sums -> how many files; raises ``UserError``.

    ``ours``: whether such a file may hold one of that name; nothing else becomes a path.
    """
    refused = UserError(
        "This is not a whole backup of pmed", str(file), "Choose a file that 'store backup' wrote."
    )
    try:
        with zipfile.ZipFile(file) as archive:
            sums = json.loads(archive.read(MANIFEST))["sha256"]
            if {*sums, MANIFEST} != set(archive.namelist()) or not all(map(ours, sums)):
                raise refused
            for name, wanted in sums.items():
                if _extract(archive, name, target) != wanted:
                    raise refused
    except FileNotFoundError as error:
        raise UserError("There is no such file", str(file), "Check its name.") from error
    except NO_BACKUP as error:
        raise refused from error
    return len(sums)


def _ours(name: str) -> bool:
    """Whether the backup of a home holds a file of that name."""
    steps = PurePosixPath(name).parts
    inside = len(steps) > 1 and steps[0] in LASTING and ".." not in steps and "\\" not in name
    return name in (DATABASE, *SECRETS) or (inside and "/".join(steps) == name)


def _extract(archive: zipfile.ZipFile, name: str, target: Path) -> str:
    """-> the sum of what was written."""
    path, digest = target / name, hashlib.sha256()
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as packed, path.open("wb") as file:
        while part := packed.read(PART):
            digest.update(part)
            file.write(part)
    return digest.hexdigest()


@contextmanager
def exchanged(home: Path, unpacked: Path, before: Path) -> Iterator[None]:
    """What is in one folder is in the place of what a home holds; where what is done then fails,
    everything is put back.

    The database last: whatever is there before it can be listed again from the folders."""
    moved: list[tuple[Path, Path]] = []
    try:
        # What interrupted jobs have kept belongs to what leaves.
        for name in (
            *SECRETS,
            *LASTING,
            CHECKPOINTS,
            DATABASE + "-wal",
            DATABASE + "-shm",
            DATABASE,
        ):
            for one, other in ((home, before), (unpacked, home)):
                if (one / name).exists():
                    (one / name).rename(other / name)
                    moved.append((one / name, other / name))
        yield
    except BaseException:
        for first, last in reversed(moved):
            last.rename(first)
        raise


def replaced(home: Path) -> Path:
    """A folder for what leaves its place; only who made it removes it, whatever is killed."""
    return home / f".replaced-{uuid.uuid4().hex}"


def drop_empty(before: Path) -> None:
    """Remove it where nothing is in it: what is left in it is nowhere else."""
    with suppress(OSError):
        before.rmdir()
