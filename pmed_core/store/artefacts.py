"""The folders of a home's entries: there alone, or kept in an object store and at hand there.

An entry is a folder ``home/<room>/<id>``. In an object store each of its files is an object of the
same name; the folder is then a copy, and a note says of what. Small files of an entry are fetched
when it is looked at, large ones when they are needed; those that were not needed for longest leave
when there are too many.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Protocol

from pmed_core.bucket import Bucket, Kept, again, bucket, within
from pmed_core.errors import UserError
from pmed_core.files import written_whole
from pmed_core.sealing import files
from pmed_core.sealing.keys import COPIES
from pmed_core.settings import settings
from pmed_core.store.dialects import shared
from pmed_core.store.lock import TAKEN, changing

SMALL = 2**20
"""Bytes; what lists and pages of entries show is smaller."""
LAST = {"cohorts": "cohort.json", "models": "package/manifest.json"}
"""The file without which the others are no entry: it is put there after them."""
FRESH = 1.0
"""Seconds for which a list of what is kept is not asked for again."""


class Artefacts(Protocol):
    """Where what an entry holds beside its row lasts; whoever changes one holds ``changing``."""

    def ids(self, room: str) -> tuple[str, ...]:
        """Of all entries that are kept."""

    def at_hand(self, room: str, identity: str, *, whole: bool = False) -> Path:
        """The folder of an entry, with what it holds of it; ``whole``: large files too."""

    def keep(self, room: str, identity: str) -> None:
        """What is in the folder lasts from now on; raises ``UserError``."""

    def forget(self, room: str, identity: str) -> None:
        """It does not last any more, nor is it in the folder; raises ``UserError``."""

    def drop_unfinished(self) -> int:
        """Forget what a process that was killed has kept of entries, which nobody can see
        -> of how many; raises ``UserError``."""

    def drop_deleted(self) -> None:
        """Remove from this machine what another has forgotten; raises ``UserError``."""

    def replace_all(self, rooms: tuple[str, ...], beside: tuple[str, ...]) -> None:
        """What lasts is what is in these rooms of the home now, and these files beside them, and
        nothing else; raises ``UserError``."""


@dataclass(frozen=True)
class Folder:
    """All that lasts is in the home."""

    home: Path

    def ids(self, room: str) -> tuple[str, ...]:
        return tuple(path.name for path in (self.home / room).glob("[!.]*") if path.is_dir())

    def at_hand(self, room: str, identity: str, *, whole: bool = False) -> Path:
        return self.home / room / identity

    def keep(self, room: str, identity: str) -> None:
        """It is written whole already."""

    def forget(self, room: str, identity: str) -> None:
        shutil.rmtree(self.home / room / identity, ignore_errors=True)

    def drop_unfinished(self) -> int:
        return 0  # each takes its place as a whole

    def drop_deleted(self) -> None:
        """There is no other machine."""

    def replace_all(self, rooms: tuple[str, ...], beside: tuple[str, ...]) -> None:
        """It does."""


@dataclass(frozen=True, eq=False)
class Copies:
    """What lasts is in an object store.

    Attributes:
        seen: what was in the store when it was last asked, by room and id, and when that was.
    """

    home: Path
    bucket: Bucket
    seen: dict[str, tuple[float, dict[str, dict[str, Kept]]]] = field(default_factory=dict)

    def ids(self, room: str) -> tuple[str, ...]:
        needed = LAST.get(room)
        found = self._room(room).items()
        return tuple(sorted(one for one, held in found if needed is None or needed in held))

    def at_hand(self, room: str, identity: str, *, whole: bool = False) -> Path:
        folder = self.home / room / identity
        held, note = self._room(room).get(identity, {}), _noted(folder)
        if note.keys() - held.keys() or any(
            _lacks(folder / name, kept, note.get(name), whole=whole) for name, kept in held.items()
        ):
            with changing(self.home):
                self._fetch(room, identity, whole=whole)
        if whole and _note(folder).exists():
            _note(folder).touch()
        return folder

    def keep(self, room: str, identity: str) -> None:
        folder = self.home / room / identity
        with changing(self.home):
            before = _noted(folder)
            if before and not self.bucket.below(f"{within(self.home, room, identity)}/"):
                self._fetch(room, identity, whole=False)
                raise UserError("This was deleted meanwhile", "", "Choose another from the list.")
            try:
                now = {name: self._kept(room, identity, name, before) for name in _files(folder)}
                gone = [name for name, one in before.items() if name not in now and one.small]
                self.bucket.delete([within(self.home, room, identity, name) for name in gone])
            except UserError:
                # It does not last: what is there now is not shown as if it did.
                _take_back(folder, before)
                raise
            finally:
                self.seen.pop(room, None)
            _write(folder, now)

    def forget(self, room: str, identity: str) -> None:
        folder = self.home / room / identity
        self.bucket.delete(sorted(self.bucket.below(f"{within(self.home, room, identity)}/")))
        self.seen.pop(room, None)
        _note(folder).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)

    def drop_unfinished(self) -> int:
        dropped = 0
        for room in LAST:
            self.seen.pop(room, None)
            for identity in self._room(room).keys() - {*self.ids(room)}:
                self.forget(room, identity)
                dropped += 1
        return dropped

    def drop_deleted(self) -> None:
        for note in sorted((self.home / COPIES).glob("*/*.json")):
            room, identity = note.parent.name, note.stem
            if identity not in self._room(room):
                with changing(self.home):
                    self._fetch(room, identity, whole=False)

    def replace_all(self, rooms: tuple[str, ...], beside: tuple[str, ...]) -> None:
        here = Folder(self.home)
        shutil.rmtree(self.home / COPIES, ignore_errors=True)
        for name in beside:
            again(self.home, name)
        for room in rooms:
            self.bucket.delete(sorted(self.bucket.below(f"{within(self.home, room)}/")))
            for identity in here.ids(room):
                self.keep(room, identity)

    def _kept(self, room: str, identity: str, name: str, before: dict[str, Noted]) -> Noted:
        """Put a file there, where what is there is another."""
        path = self.home / room / identity / name
        if name in before and before[name].is_of(path):
            return before[name]
        kept = self.bucket.put(within(self.home, room, identity, name), path)
        return Noted.of(kept, path)

    def _room(self, room: str) -> dict[str, dict[str, Kept]]:
        """What is kept of each entry, as of a moment ago."""
        asked, found = self.seen.get(room, (-FRESH, {}))
        known_until = time.monotonic() - FRESH
        if asked <= max(known_until, TAKEN.get(self.home, 0.0)):
            asked, found = time.monotonic(), {}
            begin = f"{within(self.home, room)}/"
            for name, kept in self.bucket.below(begin).items():
                identity, _, inside = name.removeprefix(begin).partition("/")
                found.setdefault(identity, {})[inside] = kept
            self.seen[room] = (asked, found)
        return found

    def _fetch(self, room: str, identity: str, *, whole: bool) -> None:
        """Make the copy what is kept now, which nobody changes meanwhile on this machine."""
        folder, begin = self.home / room / identity, f"{within(self.home, room, identity)}/"
        held = {n.removeprefix(begin): kept for n, kept in self.bucket.below(begin).items()}
        note = _noted(folder)
        if not held:
            if _note(folder).exists():  # it was deleted on another machine
                shutil.rmtree(folder, ignore_errors=True)
                _note(folder).unlink(missing_ok=True)
            return
        if not note and _note(folder).exists():
            # All keys were replaced: which of these files there still are cannot be told.
            shutil.rmtree(folder, ignore_errors=True)
        for name in note.keys() - held.keys():
            (folder / name).unlink(missing_ok=True)
            del note[name]
        for name, kept in held.items():
            if _lacks(folder / name, kept, note.get(name), whole=whole):
                self.bucket.fetch(begin + name, folder / name)
                note[name] = Noted.of(kept, folder / name)
        _write(folder, note)
        self.seen.pop(room, None)
        if whole:
            _make_room(self.home, folder)


@dataclass(frozen=True)
class Noted:
    """A file that is a copy: of which object, and when and how long it was then."""

    tag: str
    written: int
    size: int

    @classmethod
    def of(cls, kept: Kept, path: Path) -> Noted:
        """As it is now."""
        found = path.stat()
        return cls(kept.tag, found.st_mtime_ns, found.st_size)

    @property
    def small(self) -> bool:
        """Whether it is always at hand."""
        return self.size <= SMALL

    def is_of(self, path: Path) -> bool:
        """Whether the file is as it was then."""
        try:
            found = path.stat()
        except FileNotFoundError:
            return False
        return (found.st_mtime_ns, found.st_size) == (self.written, self.size)


def _lacks(path: Path, kept: Kept, noted: Noted | None, *, whole: bool) -> bool:
    """Whether the file is not what is kept, though it should be at hand."""
    if noted is not None and noted.tag == kept.tag != "" and noted.is_of(path):
        return False
    return whole or kept.size <= SMALL


def _files(folder: Path) -> list[str]:
    """The names of all in a folder; last those without which the others are not an entry."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return sorted(
        (path.relative_to(folder).as_posix() for path in found),
        key=lambda name: (name in LAST.values(), name),
    )


def _note(folder: Path) -> Path:
    return folder.parents[1] / COPIES / folder.parent.name / f"{folder.name}.json"


def _noted(folder: Path) -> dict[str, Noted]:
    """Of what the folder is a copy; nothing where that is not known."""
    try:
        told = json.loads(files.read(_note(folder)))
        return {str(name): Noted(*one) for name, one in told.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write(folder: Path, note: dict[str, Noted]) -> None:
    with written_whole(_note(folder)) as beside:
        files.write_text(beside, json.dumps({name: astuple(one) for name, one in note.items()}))


def _take_back(folder: Path, before: dict[str, Noted]) -> None:
    """Remove what was changed in a copy; it is fetched again. What is not one yet stays."""
    for name in _files(folder) if before else ():
        if name not in before or not before[name].is_of(folder / name):
            (folder / name).unlink(missing_ok=True)


def _make_room(home: Path, needed: Path) -> None:
    """Let large copies go that were not needed for longest, where there are too many."""
    copies = sorted((home / COPIES).glob("*/*.json"), key=lambda path: -path.stat().st_mtime)
    left = settings().copies_mb * 2**20
    for note in copies:
        folder = home / note.parent.name / note.stem
        for name, one in _noted(folder).items():
            if not one.small and (folder / name).exists():
                left -= one.size
                if left < 0 and folder != needed:
                    (folder / name).unlink(missing_ok=True)


def artefacts(home: Path) -> Artefacts:
    """Those of a home, as the settings say; raises ``UserError``."""
    there = bucket()
    if there is None:
        return Folder(home)
    if not shared(settings().database):
        raise UserError(
            "An object store needs a database that all machines share", "PMED_DATABASE",
            "Set it to a PostgreSQL, or leave PMED_ARTEFACTS empty.",
        )  # fmt: skip
    return Copies(home, there)


def entries(kept: Artefacts, rooms: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Room and id of all that lasts in some rooms."""
    for room in rooms:
        for identity in kept.ids(room):
            yield room, identity
