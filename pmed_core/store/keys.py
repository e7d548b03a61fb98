"""Keys: each made once for a home, and never leaving it."""

from __future__ import annotations

import os
import secrets
import uuid
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pmed_core import bucket
from pmed_core.errors import DamagedEntry
from pmed_core.sealing import files
from pmed_core.sealing.keys import prepare

PSEUDONYMS = "pseudonyms.key"


def pseudonym_key(home: Path) -> bytes:
    """That of pseudonyms; the same for as long as the home exists."""
    prepare(home)
    return secret_key(home / PSEUDONYMS)


@lru_cache(maxsize=64)
def _as_elsewhere(path: Path) -> None:
    """Have the key that other machines have: a backup that was brought back there replaced it."""
    bucket.alike(path.parent, path.name)


def secret_key(path: Path) -> bytes:
    """The 32 bytes of that file, which is made where there is none; raises ``UserError``."""
    _as_elsewhere(path)
    if not path.exists() and not bucket.alike(path.parent, path.name):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            beside.touch(mode=0o600)
            files.write(beside, secrets.token_bytes(32))
            if not bucket.first(path.parent, path.name, beside):
                bucket.alike(path.parent, path.name)
            with suppress(FileExistsError):  # whoever came first has made it
                os.link(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    try:
        return files.read(path)
    except ValueError as error:
        raise DamagedEntry(
            f"A key of this installation is damaged ({path.name})", "",
            "Bring it back from a backup.",
        ) from error  # fmt: skip
