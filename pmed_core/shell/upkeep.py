"""What may be typed about an installation: to run it, to keep what it holds, to look after it."""

from __future__ import annotations

from typing import Any

from pmed_core.shell.commands import command, to


def flags(commands: Any) -> None:
    """The commands that concern no single model."""
    _app(commands)
    _store(commands)
    _keys(commands)
    _projects(commands)
    _serve(commands)
    _airgap(commands)
    _audit(commands)
    commands.add_parser("ready", help="whether this installation can work now: a health check")
    commands.add_parser(
        "supervise", help="look after queued jobs until it is ended, as a service of its own; the "
        "app does so itself unless PMED_JOBS_AT_ONCE is 0 for it",
    )  # fmt: skip


def _app(commands: Any) -> None:
    app = command(commands, "app", "start the app and say where it is")
    app.add_argument("--port", type=int, help="port to listen on (default: 8501)")
    app.add_argument(
        "--processes", type=int, choices=range(1, 65), default=1, metavar="N",
        help="how many processes show pages, for many people at once (default: 1; one or two fewer "
        "than there are cores is plenty). Each takes about 0.3 GB, and 0.8 GB for the models.",
    )  # fmt: skip


def _audit(commands: Any) -> None:
    audit = command(commands, "audit", "verify what a hosted installation has on record")
    verbs = audit.add_subparsers(dest="verb", required=True, metavar="VERB")
    verify = verbs.add_parser("verify", help="say what was changed, removed or moved")
    verify.add_argument("--head", metavar="N:SEAL", help="what 'audit head' said some time ago")
    verbs.add_parser("head", help="the last entry, to be noted elsewhere")


def _store(commands: Any) -> None:
    store = command(commands, "store", "check, back up and restore what the app keeps")
    verbs = store.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", help="say what is damaged or missing")
    check.add_argument(
        "--mend", action="store_true", help="list again what lies in the folders, and drop what "
        "leads nowhere; a damaged database is set aside first",
    )  # fmt: skip
    until = verbs.add_parser("until", help="set the last day on which a cohort is kept")
    until.add_argument("id", metavar="ID", help="of the cohort, as 'store list' names it")
    until.add_argument(
        "day", metavar="YYYY-MM-DD", nargs="?", help="default: it has no last day any more"
    )
    verbs.add_parser(
        "expire", help="delete the cohorts whose last day is over, and the models trained on them; "
        "the app does so once an hour",
    )  # fmt: skip
    verbs.add_parser("list", help="cohorts, models and jobs, with those that are damaged")
    remove = verbs.add_parser("remove", help="delete a damaged entry")
    remove.add_argument("id", metavar="ID", help="as 'store list' names it")
    backup = verbs.add_parser("backup", help="copy everything into one file; the app may run")
    to(backup, "file or folder to write it to (default: this folder)")
    backup.add_argument(
        "--all-projects", action="store_true", help="of a hosted installation: all projects, users "
        "and the audit",
    )  # fmt: skip
    restore = verbs.add_parser("restore", help="bring back what a backup holds")
    restore.add_argument("file", metavar="FILE", help="the file that 'store backup' wrote")
    restore.add_argument(
        "--all-projects", action="store_true", help="what 'store backup --all-projects' wrote, "
        "into an empty installation",
    )  # fmt: skip
    restore.add_argument(
        "--replace", action="store_true", help="delete what this installation holds now"
    )


def _serve(commands: Any) -> None:
    serve = command(commands, "serve", "answer other systems over HTTP")
    serve.add_argument("--port", type=int, default=8600, help="port to listen on (default: 8600)")
    serve.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine alone, "
        "for a proxy that encrypts)",
    )  # fmt: skip
    key = command(commands, "key", "make, list and revoke keys of other systems")
    verbs = key.add_subparsers(dest="verb", required=True, metavar="VERB")
    make = verbs.add_parser("make", help="a new key, which is told once")
    make.add_argument("name", metavar="NAME", help="of the system that will hold it")
    revoke = verbs.add_parser("revoke", help="from now on it opens nothing")
    revoke.add_argument("id", metavar="ID", help="as 'key list' names it")
    for one in (make, verbs.add_parser("list", help="id, system and state of each")):
        one.add_argument("--project", metavar="ID", help="as 'project list' names it, where hosted")


def _airgap(commands: Any) -> None:
    apart = command(commands, "airgap", "install on a machine without a network")
    verbs = apart.add_subparsers(dest="verb", required=True, metavar="VERB")
    bundle = verbs.add_parser("bundle", help="gather pmed and all it needs in a folder")
    bundle.add_argument("--hosted", action="store_true", help="with what a hosted one needs")
    verify = verbs.add_parser("verify", help="say what is missing, changed or was added")
    for one in (bundle, verify):
        one.add_argument("folder", metavar="FOLDER")


def _projects(commands: Any) -> None:
    held = command(commands, "project", "list and delete projects of a hosted installation")
    verbs = held.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="id and name of each")
    delete = verbs.add_parser("delete", help="delete a project for good; its name must be typed")
    delete.add_argument("id", metavar="ID", help="as 'project list' names it")


def _keys(commands: Any) -> None:
    held = command(commands, "keys", "keep the keys that everything is encrypted with")
    verbs = held.add_subparsers(dest="verb", required=True, metavar="VERB")
    make = verbs.add_parser("make", help="write a new master key to a file")
    make.add_argument("file", metavar="FILE", help="to name in PMED_KEY_FILE; not in PMED_HOME")
    verbs.add_parser("check", help="say whether everything is encrypted and can be opened")
    verbs.add_parser(
        "seal", help="encrypt what is kept as it is; stop the app and take a backup before"
    )
    rotate = verbs.add_parser("rotate", help="replace the master key; the app may run")
    rotate.add_argument(
        "--data", action="store_true", help="replace the keys of projects too, and encrypt "
        "everything anew: where a key may have been seen; stop the app before",
    )  # fmt: skip
