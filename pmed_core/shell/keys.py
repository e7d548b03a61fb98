"""What the shell does with the keys of an installation."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from pmed_core.errors import UserError
from pmed_core.sealing import keys as kept
from pmed_core.settings import settings
from pmed_core.shell import terminal
from pmed_core.shell.stores import nobody_works
from pmed_core.store.resealing import left_behind, reseal

ELSEWHERE = "Keep a copy of it where no backup of the data lies: without it nothing can be read."


def keys(given: Namespace) -> None:
    """Make, check or replace keys, or encrypt what is not yet; raises ``UserError``."""
    match given.verb:
        case "make":
            kept.make(Path(given.file))
            terminal.say(f"Set PMED_KEY_FILE={Path(given.file).absolute()}. {ELSEWHERE}")
        case "check":
            _check()
        case "seal":
            _seal([home for home in kept.homes(settings()) if not kept.encrypted(home)])
        case _:
            count, before = kept.rotate()
            terminal.say(
                f"The master key is replaced, for {count:,} homes. {ELSEWHERE} The key of before "
                f"is in {before}: backups of before need it. Destroy it once there are none."
            )
            if given.data:
                _seal(list(kept.homes(settings())))


def _check() -> None:
    if settings().key_file is None:
        raise UserError("Nothing is encrypted: no key is set", "", "Set PMED_KEY_FILE.")
    kept.check(settings())
    for home in kept.homes(settings()):
        if left := left_behind(home):
            raise UserError(
                "This was left beside what is encrypted, perhaps in the clear",
                ", ".join(map(str, left)), "See that nothing is missing, then remove it.",
            )  # fmt: skip
    sys.stdout.write("Everything is encrypted and can be opened.\n")


def _seal(homes: list[Path]) -> None:
    for home in homes:
        nobody_works(home)
    for home in homes:
        terminal.say(f"{reseal(home):,} files of {home} are encrypted.")
