"""An object store that speaks S3, which keeps what lasts where PMED_ARTEFACTS says so.

An object is there whole or not at all. Its name is the path of a file within PMED_HOME; what is in
it is what is in the file, encrypted where that is. The keys of the store come from the environment
(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, AWS_REGION), or the machine's role.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pmed_core.errors import Busy, Unreachable, UserError
from pmed_core.files import written_whole
from pmed_core.settings import PROJECTS, settings

PART = 2**23
WHERE = "PMED_ARTEFACTS"
DELETED = "deleted"
"""The folder of an object of each project that was deleted."""
CONNECT, REQUEST, RETRY = "3s", "60s", timedelta(seconds=6)
REFUSED = ("PermissionDeniedError", "UnauthenticatedError")


@dataclass(frozen=True)
class Kept:
    """An object: how it is known as it is now, and how many bytes it has."""

    tag: str
    size: int


@dataclass(frozen=True, eq=False)
class Bucket:
    """A part of an object store; each call may raise ``UserError``, which names no key."""

    store: Any

    def put(self, name: str, file: Path) -> Kept:
        """Keep a file under a name."""
        with _in_words():
            return Kept(_of().put(self.store, name, file)["e_tag"] or "", file.stat().st_size)

    def create(self, name: str, data: bytes) -> bool:
        """Keep bytes under a name that nobody has taken -> whether nobody had."""
        with _in_words():
            try:
                _of().put(self.store, name, data, mode="create")
            except _of().exceptions.AlreadyExistsError:
                return False
        return True

    def read(self, name: str) -> bytes | None:
        """What is kept under a name; None where nothing is."""
        try:
            with _in_words():
                return bytes(_of().get(self.store, name).bytes())
        except FileNotFoundError:
            return None

    def fetch(self, name: str, to: Path) -> None:
        """Write what is kept under a name to a file, which is whole or as it was before."""
        try:
            with written_whole(to) as beside, _in_words(), beside.open("wb") as file:
                beside.chmod(0o600)
                for part in _of().get(self.store, name).stream(min_chunk_size=PART):
                    file.write(part)
        except FileNotFoundError as error:
            raise Busy("This is being changed by others", "", "Try again in a moment.") from error

    def below(self, begin: str) -> dict[str, Kept]:
        """All whose name begins so, which ends with a slash."""
        with _in_words():
            return {
                one["path"]: Kept(one["e_tag"] or "", one["size"])
                for part in _of().list(self.store, begin)
                for one in part
            }

    def folders(self, begin: str) -> tuple[str, ...]:
        """The names of folders just below."""
        with _in_words():
            found = _of().list_with_delimiter(self.store, begin)["common_prefixes"]
        return tuple(sorted(one.rstrip("/").rpartition("/")[2] for one in found))

    def delete(self, names: list[str]) -> None:
        """Forget objects; those that are not there are forgotten already."""
        with _in_words():
            _of().delete(self.store, names)


def bucket() -> Bucket | None:
    """That of this installation; None where it keeps everything in its folder."""
    return _opened(settings().artefacts) if settings().artefacts else None


def within(home: Path, *names: str) -> str:
    """The name under which a file of a home is kept."""
    begin = (PROJECTS, home.name) if home.absolute().parent.name == PROJECTS else ()
    return "/".join((*begin, *names))


def alike(home: Path, name: str) -> bool:
    """Make a file of a home what it is on all machines -> whether it is there; raises
    ``UserError``."""
    there = bucket()
    data = there.read(within(home, name)) if there else None
    path = home / name
    if data is not None and not (path.exists() and path.read_bytes() == data):
        with written_whole(path) as beside:
            beside.touch(mode=0o600)
            beside.write_bytes(data)
    return path.exists() if there is None else data is not None


def first(home: Path, name: str, file: Path) -> bool:
    """Whether a file, as one of a home, is the first of that name on all machines."""
    there = bucket()
    return there is None or there.create(within(home, name), file.read_bytes())


def again(home: Path, name: str) -> None:
    """A file of a home is another now, on all machines; or it is gone. Raises ``UserError``."""
    there, path = bucket(), home / name
    if there is not None and path.exists():
        there.put(within(home, name), path)
    elif there is not None:
        there.delete([within(home, name)])


def forget_home(home: Path) -> None:
    """All that is kept of a home that is deleted; raises ``UserError``."""
    if there := bucket():
        there.delete(sorted(there.below(f"{within(home)}/")))


def say_deleted(home: Path) -> None:
    """Have all machines delete what they hold of a project; raises ``UserError``."""
    if there := bucket():
        there.create(f"{DELETED}/{home.name}", b"deleted")


def was_deleted(home: Path) -> bool:
    """Whether it is said of a project: that nothing of it is there may have other reasons."""
    there = bucket() if home.absolute().parent.name == PROJECTS else None
    return there is not None and there.read(f"{DELETED}/{home.name}") is not None


def projects() -> tuple[str, ...]:
    """Ids of those that any machine has."""
    there = bucket()
    return there.folders(f"{PROJECTS}/") if there else ()


@cache
def _opened(url: str) -> Bucket:
    try:
        from obstore.store import from_url

        plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http:")
        options: Any = {"connect_timeout": CONNECT, "timeout": REQUEST, "allow_http": plain}
        retry: Any = {"max_retries": 4, "retry_timeout": RETRY}
        return Bucket(from_url(url, client_options=options, retry_config=retry))
    except ImportError as error:
        raise UserError(
            "An object store needs a library that is not installed (obstore)", WHERE,
            "pip install 'pmed[hosted]'.",
        ) from error  # fmt: skip
    except (_of().exceptions.BaseError, ValueError) as error:
        raise UserError(
            "This is no address of an object store", WHERE, "Expected: s3://BUCKET/FOLDER."
        ) from error


def _of() -> Any:
    import obstore

    return obstore


@contextmanager
def _in_words() -> Iterator[None]:
    """Say what the store has against it; what it says itself may name an account."""
    errors = _of().exceptions
    try:
        yield
    except errors.AlreadyExistsError:
        raise
    except (errors.BaseError, FileNotFoundError) as error:
        said = str(error)
        if type(error).__name__ in REFUSED or " 403 Forbidden" in said:
            raise UserError(
                "The object store lets nobody in", WHERE,
                "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what they may do.",
            ) from None  # fmt: skip
        if "NoSuchBucket" in said:
            raise UserError(
                "There is no such bucket in the object store", WHERE, "Make it, and try again."
            ) from None
        if isinstance(error, FileNotFoundError):
            raise
        raise Unreachable(
            "The object store does not answer", WHERE,
            "Nothing is lost, and work goes on once it does; check that it runs, and that this "
            "machine may reach it.",
        ) from None  # fmt: skip
