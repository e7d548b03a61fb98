"""What goes on record of a verb: who asked what about whom, and nothing that tells a patient."""

from __future__ import annotations

import hashlib
import hmac
import inspect
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pmed_core.accounts import Access, Right
from pmed_core.audit import Deed
from pmed_core.store.audit import Audit
from pmed_core.store.keys import pseudonym_key

ONCE_SECONDS = 300.0
KEPT = 4096
PART = 2**20
PATIENT = ("patient", "scan", "name")
"""Arguments that name a patient or a scan, of verbs that ask about one."""
INPUT = ("cells", "data", "files")
TEXT_LENGTH = 200


class Verb:
    """A verb of the service as the record sees it."""

    def __init__(self, function: Callable[..., Any], right: Right) -> None:
        self.action = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        self.signature = inspect.signature(function)
        self.right = right

    def asked(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Asked:
        """With those arguments."""
        given = self.signature.bind(*args, **kwargs).arguments
        return Asked(self.action, self.right, given)


@dataclass(frozen=True)
class Asked:
    """A verb with what it was asked."""

    action: str
    right: Right
    given: Mapping[str, Any]

    def deed(self, access: Access, home: Path | None, refused: str = "") -> Deed:
        """What is written down of it; ``home``: of the project, whose key names patients."""
        key = pseudonym_key(home) if home and not refused else b""
        return Deed(
            time.time(), access.user.id, access.user.name, access.session,
            access.project.id if access.project else "", self.action,
            cohort=self._id("cohort", "cohorts"), model=self._id("model", "models"),
            patient=named(key, self._patient()) if key else "",
            input=self._input(key) if key else "", detail=self._detail(), refused=refused,
        )  # fmt: skip

    def _id(self, what: str, module: str) -> str:
        """The id of a cohort or model, however the verb calls it."""
        own = ("identity", "address") if self.action.startswith(f"{module}.") else ()
        for name in (f"{what}_id", *own):
            if isinstance(found := self.given.get(name), str):
                return found[:TEXT_LENGTH]
        return ""

    def _patient(self) -> str:
        of_one = self.right in (Right.ASK, Right.CORRECT)
        found = (self.given.get(name) for name in PATIENT if of_one)
        return next((one for one in found if isinstance(one, str)), "")

    def _input(self, key: bytes) -> str:
        given = [self.given[name] for name in INPUT if self.given.get(name) is not None]
        return digest(key, given[0]) if given else ""

    def _detail(self) -> str:
        """Of administrators' verbs all that was asked: it concerns users, not patients."""
        if self.right is not Right.ADMINISTER and self.action != "downloads.hand_out":
            return ""
        told = {
            name: value for name, value in self.given.items()
            if isinstance(value, str | int | float | None) and name != "patient"
        }  # fmt: skip
        return "; ".join(f"{name}: {value}"[:TEXT_LENGTH] for name, value in told.items())


def of_session(access: Access, what: str) -> Deed:
    """That somebody came or went."""
    project = access.project.id if access.project else ""
    return Deed(
        time.time(), access.user.id, access.user.name, access.session, project, what,
        detail=f"subject: {access.user.subject}",
    )  # fmt: skip


def named(key: bytes, patient: str) -> str:
    """A patient's name on record: the same throughout a project, and another in each."""
    return _keyed(key, b"patient\0", [patient.encode()])[:32] if patient else ""


def digest(key: bytes, given: Any) -> str:
    """Of cells, of a file, or of several, whose names do not count."""
    return _keyed(key, b"input\0", _parts(given))


def _keyed(key: bytes, begins: bytes, parts: Any) -> str:
    held = hmac.new(key, begins, hashlib.sha256)
    for part in parts:
        held.update(part)
    return held.hexdigest()


def _parts(given: Any) -> Iterator[bytes]:
    if isinstance(given, bytes):
        yield given
    elif isinstance(given, Mapping):
        yield json.dumps(sorted(given.items()), default=str).encode()
    elif hasattr(given, "read"):
        given.seek(0)
        while part := given.read(PART):
            yield part
        given.seek(0)
    else:
        for _, one in given:
            yield from _parts(one)


@dataclass
class Journal:
    """Writes deeds down; the same look of the same sign-in within five minutes is one entry."""

    kept: Audit
    seen: dict[Deed, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, deed: Deed, *, once: bool = False) -> None:
        """Add one; raises ``UserError`` where it cannot be kept: then nothing is done either."""
        if once and not self._first(replace(deed, time=0.0), deed.time):
            return
        self.kept.add(deed)

    def _first(self, deed: Deed, now: float) -> bool:
        with self.lock:
            if now - self.seen.get(deed, -ONCE_SECONDS) < ONCE_SECONDS:
                return False
            if len(self.seen) >= KEPT:
                self.seen.clear()
            self.seen[deed] = now
            return True
