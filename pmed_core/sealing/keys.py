"""The keys of homes, wrapped by a master key that lies elsewhere.

``PMED_KEY_FILE`` names a file with master keys, a line of 64 hexadecimal digits each; the first is
the one that wraps, further ones are only there while they are being replaced.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from pmed_core import bucket
from pmed_core.errors import UserError
from pmed_core.files import written_whole
from pmed_core.sealing.streams import ID, Key, new_key
from pmed_core.settings import PROJECTS, Settings, settings

NAME = "data.key"
COPIES = ".kept"
"""The folder of a home that says of what in an object store it holds copies."""
HELD = ("pmed.sqlite", "pseudonyms.key", "cohorts", "histories", "models", "sources")
"""What a home holds that was used before."""
MEMORY = Path("/dev/shm")
"""A folder of the system that is no disk."""
NONCE, LENGTH = 12, 32
OTHERS = 0o007
PURPOSE = b"pmed key of a home"


def master_keys(file: Path) -> tuple[bytes, ...]:
    """The keys of a file, newest first; raises ``UserError``."""
    try:
        readable_by_all = os.name == "posix" and file.stat().st_mode & OTHERS
        keys = tuple(bytes.fromhex(line) for line in file.read_text("ascii").split())
    except OSError as error:
        raise UserError(
            "The file with the key of this installation cannot be read", str(file),
            "Set PMED_KEY_FILE to the file that 'pmed keys make' wrote, and check who may read it.",
        ) from error  # fmt: skip
    except ValueError:
        keys, readable_by_all = (), 0
    if not keys or any(len(one) != LENGTH for one in keys):
        raise UserError(
            "This is no file of keys", str(file), "Make one with 'pmed keys make FILE'."
        )
    if readable_by_all:
        raise UserError(
            "Everybody on this machine can read the key of this installation", str(file),
            "Let only the server's user read it (chmod 600).",
        )  # fmt: skip
    return keys


def make(file: Path) -> None:
    """Write a new master key to a file that is not there yet; raises ``UserError``."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UserError("There is a file of this name", str(file), "Choose another.") from error
    except OSError as error:
        raise UserError("The key cannot be written there", str(file), "Choose another.") from error
    with os.fdopen(descriptor, "w") as opened:
        opened.write(secrets.token_hex(LENGTH) + "\n")


def _name(master: bytes) -> str:
    """By which a master key is known, and which tells nothing of it."""
    return sha256(b"pmed master\0" + master).hexdigest()[:16]


def of_folder(home: Path) -> Key | None:
    """The key of a home; None of one that is not sealed. Raises ``UserError``."""
    try:
        kept = (home / NAME).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return _unwrapped(home / NAME, kept.st_mtime_ns, settings().key_file)


@lru_cache(maxsize=64)
def _unwrapped(path: Path, written: int, file: Path | None) -> Key:
    if file is None:
        raise UserError(
            "This installation is encrypted, and the file with its key is not named", "",
            "Set PMED_KEY_FILE to it.",
        )  # fmt: skip
    return _opened(path, master_keys(file))


def forget() -> None:
    """What this process holds of keys."""
    _unwrapped.cache_clear()
    _as_elsewhere.cache_clear()


def _opened(path: Path, masters: tuple[bytes, ...]) -> Key:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        told = json.loads(path.read_bytes())
        name, wrapped = str(told["master"]), bytes.fromhex(told["wrapped"])
        wrapping = next((one for one in masters if _name(one) == name), None)
        if wrapping is None:
            raise UserError(
                "This is encrypted with another key than that of PMED_KEY_FILE", "",
                f"Set it to the file that holds the key {name}.",
            )  # fmt: skip
        plain = AESGCM(wrapping).decrypt(wrapped[:NONCE], wrapped[NONCE:], PURPOSE)
    except OSError as error:
        raise UserError(
            f"The key of this installation cannot be read ({NAME})", "",
            "Let the server's user read it.",
        ) from error  # fmt: skip
    except (ValueError, LookupError, TypeError, InvalidTag) as error:
        raise UserError(
            f"The key of this installation is damaged ({NAME})", "", "Bring it back from a backup."
        ) from error
    return Key(plain[:ID], plain[ID:])


def keep(home: Path, key: Key, master: bytes) -> None:
    """Wrap the key of a home, and write it there, for all machines."""
    wrap(home, key, master)
    bucket.again(home, NAME)


def wrap(home: Path, key: Key, master: bytes) -> None:
    """Write the wrapped key of a folder into it, on this machine alone."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(NONCE)
    wrapped = nonce + AESGCM(master).encrypt(nonce, key.id + key.secret, PURPOSE)
    _put(home / NAME, json.dumps({"master": _name(master), "wrapped": wrapped.hex()}))


def _put(path: Path, text: str) -> None:
    """Whole, and readable by whoever could read what was there: root may replace the server's."""
    owner = (path if path.exists() else path.parent).stat()
    with written_whole(path) as beside:
        beside.touch(mode=0o600)
        beside.write_text(text)
        with suppress(PermissionError):
            os.chown(beside, owner.st_uid, owner.st_gid)


def prepare(home: Path) -> Key | None:
    """The key of a home before anything is read there or written; a new home gets one where
    ``PMED_KEY_FILE`` is set. Raises ``UserError``: nothing is there then that was not before."""
    file = settings().key_file
    if file is not None:
        _as_elsewhere(home)
    if file is None or (home / NAME).exists():
        return of_folder(home)
    must_be_apart(file)
    with _changing():
        if not (home / NAME).exists():
            if any(_filled(home / name) for name in HELD):
                raise UserError(
                    "What is kept here was written before encryption was turned on", str(home),
                    "Stop the app, and encrypt it with 'pmed keys seal'.",
                )  # fmt: skip
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            wrap(home, new_key(), master_keys(file)[0])
            if not bucket.first(home, NAME, home / NAME):
                bucket.alike(home, NAME)  # another machine came first
    return of_folder(home)


def encrypted(home: Path) -> bool:
    """Whether a home is, with the key at hand that other machines have of it."""
    return bucket.alike(home, NAME) or (home / NAME).exists()


@lru_cache(maxsize=64)
def _as_elsewhere(home: Path) -> None:
    """Have the key of a home that other machines have; where they have deleted it, so is the copy
    here. Raises ``UserError``."""
    if bucket.alike(home, NAME) or not settings().artefacts:
        return
    if bucket.was_deleted(home):
        if (home / NAME).exists():
            _overwrite(home / NAME)
        shutil.rmtree(home, ignore_errors=True)
        raise UserError("This project was deleted", "", "Choose another.")
    if not (home / NAME).exists():
        return
    if not any(_filled(home / name) for name in HELD):
        bucket.again(home, NAME)  # it was just made
        return
    # A wrong address, or a bucket that is lost: what is here may be all that is left.
    remedy = "Check PMED_ARTEFACTS, or bring a backup back. Nothing was changed here."
    if not (home / COPIES).is_dir():
        remedy = (
            "Take a backup without PMED_ARTEFACTS, and bring it back with it into an empty home."
        )
    raise UserError("What is kept here is not in the object store", str(home), remedy)


def _filled(path: Path) -> bool:
    return path.is_file() or (path.is_dir() and any(path.iterdir()))


def _changing() -> FileLock:
    """Held while keys are made and wrapped anew."""
    home = settings().home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return FileLock(home / "keys.lock")


def must_be_apart(file: Path) -> None:
    """A key beside what it opens protects nothing; raises ``UserError``."""
    if file.absolute().resolve().is_relative_to(settings().home.absolute().resolve()):
        raise UserError(
            "The key of this installation lies beside what it opens", str(file),
            "Keep it in another place than PMED_HOME, best on another disk.",
        )  # fmt: skip
    if not (hasattr(os, "memfd_create") and MEMORY.is_dir()):
        raise UserError(
            "Encryption needs Linux, where files are opened in memory alone", sys.platform,
            "Leave PMED_KEY_FILE empty, and keep PMED_HOME on an encrypted disk.",
        )  # fmt: skip


def several(chosen: Settings) -> bool:
    """Whether projects lie in a home, also where the shell was not told that it is hosted."""
    return chosen.hosted or (chosen.home / PROJECTS).is_dir()


def homes(chosen: Settings) -> Iterator[Path]:
    """Of all projects, or that of a laptop."""
    elsewhere = bucket.projects()
    if several(chosen) or elsewhere:
        held = {path.name for path in (chosen.home / PROJECTS).glob("[!.]*") if path.is_dir()}
        yield from (chosen.home / PROJECTS / name for name in sorted({*held, *elsewhere}))
    else:
        yield chosen.home


def check(chosen: Settings) -> None:
    """Raise ``UserError`` where a home is sealed with a key that is not here, or not sealed though
    it should be."""
    for home in homes(chosen):
        prepare(home)
    if chosen.key_file is not None:
        must_be_apart(chosen.key_file)
        master_keys(chosen.key_file)


def rotate() -> tuple[int, Path]:
    """Replace the master key, in its file and round the key of each home -> of how many homes, and
    the file in which the keys of before are: backups need them.

    Killed at any line, all can be opened, and doing it again ends it. Raises ``UserError``.
    """
    file = settings().key_file
    if file is None:
        raise UserError("No key is set", "", "Set PMED_KEY_FILE.")
    with _changing():
        masters = master_keys(file)
        fresh = secrets.token_bytes(LENGTH)
        sealed = [home for home in homes(settings()) if encrypted(home)]
        if not sealed:
            raise UserError(
                "Nothing is encrypted here", str(settings().home),
                "Set PMED_HOME to the installation that this key is of.",
            )  # fmt: skip
        held = [_opened(home / NAME, masters) for home in sealed]
        # Two in one second must not share it: backups need both.
        when = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        before = file.with_name(f"{file.name}.before-{when}")
        _write(before, masters)
        _write(file, (fresh, *masters))
        for home, key in zip(sealed, held, strict=True):
            keep(home, key, fresh)
        _write(file, (fresh,))
    forget()
    return len(sealed), before


def _write(file: Path, masters: tuple[bytes, ...]) -> None:
    _put(file, "".join(f"{one.hex()}\n" for one in masters))


def destroy(home: Path) -> None:
    """Make a sealed home unreadable for good: its key is written over and removed."""
    path = home / NAME
    with _changing():  # a rotation would write it again
        bucket.say_deleted(home)
        if path.exists():
            _overwrite(path)
        bucket.again(home, NAME)
    forget()


def _overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(secrets.token_bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
