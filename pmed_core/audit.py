"""What was done in a hosted installation, by whom: an entry a deed, sealed with the one before.

An entry holds no patient's id, no cell and no name of a file: a patient is a keyed name, an input
a keyed digest (HMAC-SHA-256, RFC 2104), both of the project's own key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

BEGIN = "0" * 64
"""What the first entry follows."""


@dataclass(frozen=True)
class Deed:
    """What somebody did, or was refused.

    Attributes:
        user, name, session: who, as known then, and in which sign-in.
        project: id; empty for what concerns none.
        action: the verb, such as ``patients.consult``.
        cohort, model: ids; that of a model stands for one version of it.
        patient: keyed name; empty where no single one is concerned.
        input: keyed digest of the cells or the file that a model was asked about.
        detail: what else there is to say, in words.
        refused: why it was not done; empty where it was.
    """

    time: float
    user: str
    name: str
    session: str
    project: str
    action: str
    cohort: str = ""
    model: str = ""
    patient: str = ""
    input: str = ""
    detail: str = ""
    refused: str = ""


@dataclass(frozen=True)
class Entry:
    """A deed in its place.

    Attributes:
        number: from 1, without a gap.
        previous: seal of the entry before.
        seal: of this one: its deed, its number and ``previous``, keyed.
    """

    number: int
    deed: Deed
    previous: str
    seal: str


@dataclass(frozen=True)
class Wanted:
    """Which entries are looked for; what is empty does not count.

    Attributes:
        user, project: ids.
        action: a verb.
        patient: keyed name.
        since, until: seconds since 1970; ``until`` itself is left out.
    """

    user: str = ""
    project: str = ""
    action: str = ""
    patient: str = ""
    since: float = 0.0
    until: float = float("inf")


@dataclass(frozen=True)
class Head:
    """The last entry at some moment, noted elsewhere: what is cut off after it is missed."""

    number: int
    seal: str

    def __str__(self) -> str:
        return f"{self.number}:{self.seal}"


def sealed(key: bytes, number: int, deed: Deed, previous: str) -> Entry:
    """The entry of a deed."""
    text = json.dumps([number, asdict(deed), previous], sort_keys=True, ensure_ascii=True)
    return Entry(number, deed, previous, hmac.new(key, text.encode(), hashlib.sha256).hexdigest())


def faults(key: bytes, entries: Iterable[Entry], heads: Iterable[Head] = ()) -> Iterator[str]:
    """What was changed, removed or moved, in words; nothing where the chain is whole.

    ``heads``: what was noted elsewhere. Entries that were cut off after the last of them are not
    missed, and whoever has the key and all notes can seal everything anew.
    """
    noted, last, previous = tuple(heads), 0, BEGIN
    for entry in entries:
        if entry.number != last + 1:
            yield f"Entries {last + 1:,} to {entry.number - 1:,} are missing or were moved."
        elif entry.previous != previous:
            yield f"Entry {entry.number:,} does not follow the one before."
        if entry != sealed(key, entry.number, entry.deed, entry.previous):
            yield f"Entry {entry.number:,} was changed."
        if any(one.number == entry.number and one.seal != entry.seal for one in noted):
            yield f"Entry {entry.number:,} is not the one that was noted."
        last, previous = entry.number, entry.seal
    most = max((one.number for one in noted), default=0)
    if most > last:
        yield f"There were {most:,} entries, and {last:,} are left: the end is missing."
