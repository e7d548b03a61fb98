"""What the shell does with the projects of a hosted installation."""

from __future__ import annotations

import sys
import time
from argparse import Namespace

from pmed_core.audit import Deed
from pmed_core.errors import UserError
from pmed_core.settings import settings
from pmed_core.shell import terminal
from pmed_core.store.accounts import Accounts, known
from pmed_core.store.audit import Audit
from pmed_core.store.shredding import delete_project


def project(given: Namespace) -> None:
    """List them, or delete one for good, which goes on record; raises ``UserError``."""
    home = settings().home
    if not known(home):
        raise UserError("There are no projects here", str(home), "Set PMED_HOME.")
    accounts = Accounts.open(home)
    if given.verb == "list":
        for one in accounts.projects():
            sys.stdout.write(f"{one.id}\t{' '.join(one.name.split())}\n")
        return
    terminal.say("Type the name of the project, to delete it with all it holds for good:")
    typed = sys.stdin.readline().strip()
    detail = f"from the shell; project: {given.id}; name: {typed}"[:200]
    deed = Deed(time.time(), "", "shell", "", "", "users.delete_project", detail=detail)
    Audit.open(home).add(deed)
    delete_project(settings(), accounts, given.id, typed)
    terminal.say("The project is deleted.")
