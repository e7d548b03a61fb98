"""Keys: each made once for a home, and never leaving it."""

from __future__ import annotations

import os
import secrets
import uuid
from contextlib import suppress
from pathlib import Path

from pmed_core.sealing import files


def pseudonym_key(home: Path) -> bytes:
    """That of pseudonyms; the same for as long as the home exists."""
    return secret_key(home / "pseudonyms.key")


def secret_key(path: Path) -> bytes:
    """The 32 bytes of that file, which is made where there is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        beside.touch(mode=0o600)
        files.write(beside, secrets.token_bytes(32))
        with suppress(FileExistsError):  # whoever came first has made it
            os.link(beside, path)
        beside.unlink()
    return files.read(path)
