"""The same verbs from the shell.

Results go to stdout or ``--to``, messages to stderr. Exit codes: 0 success, 2 something the user
can put right, 1 a bug, 130 cancelled. Nothing heavy is imported before it is needed.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from pmed_core.errors import Cancelled, UserError
from pmed_core.shell.flags import parser

MISUSED, CANCELLED = 2, 130
ELSEWHERE = {
    "store": "stores", "audit": "stores", "keys": "keys", "project": "projects",
    "serve": "serving", "key": "serving", "genome": "genomes", "airgap": "airgap",
    "ready": "readiness", "export": "exports", "supervise": "supervise",
}  # fmt: skip
"""Command -> the module that has a function of its name."""


def main(arguments: list[str], started: float) -> int:
    """Do what the command line says -> exit code; ``started`` is when the program began."""
    given = parser().parse_args(arguments)
    try:
        _do(given, started)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return MISUSED
    except (Cancelled, KeyboardInterrupt):
        sys.stderr.write("Cancelled. Nothing was written.\n")
        return CANCELLED
    except BrokenPipeError:
        # Whoever read the result has seen enough (``| head``); nothing more can be written there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _do(given: argparse.Namespace, started: float) -> None:
    from pmed_core.sealing.files import keep_off_the_disk
    from pmed_core.shell import verbs

    keep_off_the_disk()
    match given.command:
        case "fit":
            verbs.fit(given, started)
        case "predict":
            verbs.predict(given)
        case "evaluate":
            verbs.evaluate(given)
        case "explain":
            verbs.explain(given)
        case "app":
            verbs.app(given.port, given.processes)
        case command:
            found = import_module(f"pmed_core.shell.{ELSEWHERE[command]}")
            getattr(found, command)(given)
