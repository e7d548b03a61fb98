"""Reading and writing the files of a home, which is sealed or not."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from pmed_core.errors import DamagedEntry, UserError
from pmed_core.sealing import keys
from pmed_core.sealing.streams import Bytes, Key, Reader, Sealed, Writer
from pmed_core.settings import PROJECTS, settings

PART = 2**20
NONCE = 12
NAME_BYTES = 160
"""Of a file's name, so that sealed it is still one."""


def key_of(path: Path) -> Key | None:
    """The key of the home that a path lies in; None where none is sealed.

    Raises ``UserError`` where it should be: what is to be encrypted is never written as it is.
    """
    for folder in path.absolute().parents:
        if key := keys.of_folder(folder):
            return key
    if settings().key_file is not None and path.absolute().is_relative_to(_patients()):
        raise UserError(
            f"The key of this installation is missing ({keys.NAME})", "",
            "Bring it back from a backup; nothing was written.",
        )  # fmt: skip
    return None


def _patients() -> Path:
    """Where what concerns patients lies: beside the projects are only users and the audit."""
    home = settings().home.absolute()
    of_one = home.parent.name == PROJECTS or not keys.several(settings())
    return home if of_one else home / PROJECTS


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """The file, to write to; its content is whole only once this is left without an error."""
    key = key_of(path)
    with path.open("wb") as file:
        if key is None:
            yield file
            return
        sealing = Writer(file, key)
        yield cast("IO[bytes]", sealing)
        sealing.finish()


def write(path: Path, data: bytes | memoryview) -> None:
    """All at once."""
    with writing(path) as file:
        file.write(data)


def write_text(path: Path, text: str) -> None:
    """All at once, as UTF-8."""
    write(path, text.encode())


def reading(path: Path) -> IO[bytes]:
    """The file, to read from and to seek in; raises ``ValueError`` where it is not what was
    written."""
    key = key_of(path)
    if key is None:
        return path.open("rb")
    return cast("IO[bytes]", io.BufferedReader(Reader(Sealed(path, key)), PART))


def read(path: Path) -> bytes:
    """All of it; raises as ``reading``."""
    key = key_of(path)
    if key is None:
        return path.read_bytes()
    sealed = Sealed(path, key)
    return sealed.part(0, sealed.size)


def size(path: Path) -> int:
    """Of what was written; raises as ``reading``."""
    key = key_of(path)
    return path.stat().st_size if key is None else Sealed(path, key).size


def mapped(path: Path) -> NDArray[np.uint8]:
    """As bytes of which only what is asked for is read; raises as ``reading``."""
    key = key_of(path)
    if key is None:
        return np.memmap(path, dtype=np.uint8, mode="r")
    return cast("NDArray[np.uint8]", Bytes(Sealed(path, key)))


def digest(path: Path, after: bytes = b"") -> str:
    """SHA-256 of what was written, read in parts, and of what comes after it."""
    with reading(path) as file:
        found = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]  # it reads
    found.update(after)
    return found.hexdigest()


def sealed_text(key: Key, purpose: str, text: str) -> str:
    """A short text under the key of a home, as letters, digits, - and _."""
    nonce = secrets.token_bytes(NONCE)
    held = nonce + _texts(key).encrypt(nonce, text.encode(), purpose.encode())
    return base64.urlsafe_b64encode(held).decode("ascii").rstrip("=")


def opened_text(key: Key, purpose: str, sealed: str) -> str:
    """The text; raises ``ValueError`` where it is not what was sealed for that purpose."""
    from cryptography.exceptions import InvalidTag

    held = base64.b64decode(sealed + "=" * (-len(sealed) % 4), b"-_", validate=True)
    try:
        plain: bytes = _texts(key).decrypt(held[:NONCE], held[NONCE:], purpose.encode())
    except InvalidTag as error:
        raise ValueError("A text is not as it was written") from error
    return plain.decode()


@lru_cache(maxsize=64)
def _texts(key: Key) -> Any:
    return key.derived(b"text")


def short(folder: Path, name: str) -> str:
    """A file's name as it can be kept in that folder: its end, with the ending."""
    if key_of(folder / name) is None:
        return name
    return name.encode()[-NAME_BYTES:].decode(errors="ignore")


def named(folder: Path, name: str) -> Path:
    """Where a file of that name is kept: the name of an upload may tell a patient's."""
    key = key_of(folder / name)
    return folder / (name if key is None else sealed_text(key, "name", name))


def name_of(path: Path) -> str:
    """The name that it was kept under; raises ``ValueError`` where it is not one of ours."""
    key = key_of(path)
    return path.name if key is None else opened_text(key, "name", path.name)


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """A kept file under its own name, for what reads from a path only.

    A sealed one is there in memory, which the system takes back when this process ends. Folders,
    and files of others, are themselves. Raises ``DamagedEntry``.
    """
    if path.is_dir() or key_of(path) is None:
        yield path
        return
    descriptor = os.memfd_create("pmed")
    with os.fdopen(descriptor, "wb") as held:
        name = _copied(path, held)
        with tempfile.TemporaryDirectory(prefix="pmed-", dir=keys.MEMORY) as folder:
            link = Path(folder) / name
            link.symlink_to(f"/proc/{os.getpid()}/fd/{descriptor}")
            yield link


def _copied(path: Path, to: IO[bytes]) -> str:
    """Write what is kept in a sealed file -> its name; raises ``DamagedEntry``."""
    try:
        with reading(path) as file:
            shutil.copyfileobj(file, to, PART)
        to.flush()
        return name_of(path)
    except ValueError as error:
        raise DamagedEntry(
            "The uploaded file is not as it was written", "", "Upload it again."
        ) from error


def keep_off_the_disk() -> None:
    """From now on, temporary files of this process and its children are in memory, none of them
    leaves a core dump, and no library warns of what it read into a log, where this installation is
    sealed."""
    if settings().key_file is None:
        return
    import resource

    warnings.simplefilter("ignore")
    os.environ["PYTHONWARNINGS"] = "ignore"
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    folder = keys.MEMORY / f"pmed-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise UserError(
            "The folder for temporary files belongs to another user", str(folder), "Remove it."
        )
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = str(folder)
