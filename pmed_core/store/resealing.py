"""A home written anew under a fresh key: one that was not encrypted, or all keys of which may have
been seen."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

from pmed_core import bucket
from pmed_core.files import in_words
from pmed_core.sealing import keys
from pmed_core.settings import settings
from pmed_core.store import copying
from pmed_core.store.artefacts import artefacts
from pmed_core.store.backup import SECRETS, drop_empty, exchanged, replaced
from pmed_core.store.health import DATABASE
from pmed_core.store.passing import Passing
from pmed_core.store.rewriting import rewritten
from pmed_core.store.rooms import LASTING


def reseal(home: Path) -> int:
    """Encrypt all that a home holds with a new key of its own -> how many files.

    The app must not run meanwhile. What was there takes its leave only once all is written; a disk
    may keep what was deleted. Raises ``UserError``.
    """
    chosen, kept = settings().model_copy(update={"home": home}), artefacts(home)
    fresh, before = home / f".sealed.{uuid.uuid4().hex}", replaced(home)
    try:
        with in_words(home), copying.still(chosen):
            Passing(home).sweep()
            for name in SECRETS:
                bucket.alike(home, name)  # another machine may have made it
            count = rewritten(home, fresh, lambda rows: copying.take(chosen, rows), kept)
            before.mkdir()
            with exchanged(home, fresh, before):
                copying.put(chosen, home / DATABASE)
                kept.replace_all(LASTING, SECRETS)
            copying.drop_file(chosen)
    finally:
        keys.forget()
        drop_empty(before)
        shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(before, ignore_errors=True)
    return count


def left_behind(home: Path) -> tuple[Path, ...]:
    """What lies beside a sealed home, and may be in the clear: of one that was being encrypted or
    brought back when that was killed, and databases that were set aside."""
    names = (".replaced*", ".sealed*", ".restore*", f"{DATABASE}.damaged-*")
    return tuple(sorted(path for name in names for path in home.glob(name)))
