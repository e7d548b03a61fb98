"""What the shell does with the store as a whole."""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import date
from pathlib import Path

from pmed_core.audit import Head
from pmed_core.engine.readiness import worked_on
from pmed_core.errors import UserError
from pmed_core.settings import settings
from pmed_core.shell import terminal
from pmed_core.store import backup, health, retention, whole
from pmed_core.store.accounts import known
from pmed_core.store.audit import Audit
from pmed_core.store.dialects import shared
from pmed_core.store.rebuild import unlisted
from pmed_core.store.store import Store, open_store


def store(given: Namespace) -> None:
    """Check, list, remove, back up or restore; raises ``UserError``."""
    match given.verb:
        case "check":
            _check(mend=given.mend)
        case "list":
            _list(open_store(settings()))
        case "remove":
            _remove(open_store(settings()), given.id)
        case "backup":
            copy = whole.backup_all if given.all_projects else backup.backup
            written = copy(settings(), Path(given.to or "."))
            sys.stdout.write(f"{written}\n")
            terminal.say("It holds patients' data: keep it as carefully as the installation.")
        case "until":
            _until(given)
        case "expire":
            _expire()
        case _:
            _restore(given)


def _until(given: Namespace) -> None:
    try:
        last = date.fromisoformat(given.day) if given.day else None
    except ValueError as error:
        raise UserError("This is no day", given.day, "Type it as 2027-01-31.") from error
    kept = open_store(settings())
    retention.keep_until(kept, kept.cohorts.address_of(given.id), last)
    terminal.say(f"It is kept until {last}." if last else "It is kept until it is deleted.")


def _expire() -> None:
    for one in retention.sweep(settings(), date.today()):
        many = f"{len(one.models):,} models trained on it"
        sys.stdout.write(f"The cohort {one.address} and {many} are deleted.\n")


def audit(given: Namespace) -> None:
    """Verify the audit of a hosted installation, or print its last entry; raises ``UserError``."""
    if not known(settings().home):
        raise UserError("There is no audit here", str(settings().home), "Set PMED_HOME.")
    kept = Audit.open(settings().home)
    if given.verb == "head":
        sys.stdout.write(f"{kept.head() or 'No entry yet.'}\n")
        return
    if found := kept.faults(_head(given.head) if given.head else None):
        sys.stdout.write("\n".join(found) + "\n")
        raise UserError(
            "The audit is not as it was written", str(settings().home),
            "Keep the folder as it is, and find out who may write to it.",
        )  # fmt: skip
    many = kept.count()
    entries = "1 entry" if many == 1 else f"{many:,} entries"
    sys.stdout.write(f"The audit is whole: {entries}.\n")


def _head(typed: str) -> Head:
    number, _, seal = typed.partition(":")
    if not number.isdecimal() or not seal:
        raise UserError("This is no head of an audit", typed, "Copy what 'audit head' printed.")
    return Head(int(number), seal)


def _check(*, mend: bool) -> None:
    faults = health.database_faults(settings())
    if faults and mend:
        nobody_works(settings().home)
        aside = health.set_aside(settings())
        terminal.say(f"The damaged database is now {aside.name}; its jobs are lost.")
    elif faults:
        _told(faults)
    kept = open_store(settings())
    for sentence in health.mend(kept) if mend else ():
        terminal.say(sentence)
    _told(health.check(kept))
    sys.stdout.write("Nothing is wrong with the store.\n")


def _told(faults: tuple[str, ...]) -> None:
    if faults:
        sys.stdout.write("\n".join(faults) + "\n")
        one = "1 thing is" if len(faults) == 1 else f"{len(faults):,} things are"
        raise UserError(
            f"{one} wrong with the store", str(settings().home),
            "'store check --mend' lists entries again and drops what leads nowhere; damaged "
            "entries are deleted with 'store remove ID', or come back with 'store restore FILE'.",
        )  # fmt: skip


def _list(kept: Store) -> None:
    for entry in kept.cohorts.list():
        _line("cohort", entry.id, entry.name)
    for model in kept.models.list():
        _line("model", model.id, model.name)
    for job in kept.jobs.list():
        _line("job", job.id, job.state)
    for what, room in (("cohort", kept.cohorts), ("model", kept.models), ("job", kept.jobs)):
        for one in room.damaged():
            _line(what, one.id, one.name, one.why)
    if missing := unlisted(kept):
        many = len(missing.cohorts) + len(missing.models)
        terminal.say(f"{many:,} more lie in the folders: 'store check --mend' lists them again.")


def _line(*cells: str) -> None:
    sys.stdout.write("\t".join(" ".join(cell.split()) for cell in cells) + "\n")


def _remove(kept: Store, identity: str) -> None:
    """A damaged entry, whatever it is; others are deleted in the app, where it is asked twice."""
    for room in (kept.cohorts, kept.models):
        if identity in {one.id for one in room.damaged()}:
            room.remove(identity)
            return
    if identity in {one.id for one in kept.jobs.damaged()}:
        kept.jobs.remove(identity, damaged=True)
        return
    raise UserError("There is no damaged entry with this id", identity, "See 'store list'.")


def _restore(given: Namespace) -> None:
    if given.all_projects:
        many = whole.restore_all(settings(), Path(given.file))
        terminal.say(f"{'1 project is' if many == 1 else f'{many:,} projects are'} back.")
        return
    nobody_works(settings().home)
    count = backup.restore(settings(), Path(given.file), replace=given.replace)
    terminal.say(f"{count:,} files are back.")
    _check(mend=True)


def nobody_works(home: Path) -> None:
    """Raise ``UserError`` where a supervisor or a worker is at the jobs of a home, on any of the
    machines that share its database."""
    chosen = settings()
    there = home.is_dir() or shared(chosen.database)
    working = worked_on(chosen, home) if there else ()
    if working:
        raise UserError(
            "Jobs of this installation are being worked on", f"{home} ({', '.join(working)})",
            "Stop the app there and wait until its jobs are done, and try again.",
        )  # fmt: skip
