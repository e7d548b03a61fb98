"""Keys: each made once for a home, and never leaving it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def pseudonym_key(home: Path) -> bytes:
    """That of pseudonyms; the same for as long as the home exists."""
    return secret_key(home / "pseudonyms.key")


def secret_key(path: Path) -> bytes:
    """The 32 bytes of that file, which is made where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
    return path.read_bytes()
