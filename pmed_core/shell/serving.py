"""The prediction service, and the keys with which other systems ask it."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from datetime import datetime

from pmed_core.accounts import ApiKey
from pmed_core.audit import Deed
from pmed_core.errors import UserError
from pmed_core.sealing.files import keep_off_the_disk
from pmed_core.sealing.keys import check
from pmed_core.service import access, hub
from pmed_core.settings import RESEARCH_ONLY, settings
from pmed_core.shell import terminal
from pmed_core.store.apikeys import ApiKeys
from pmed_core.store.audit import Audit
from pmed_core.store.rooms import keep_private

KEEP_ALIVE = 5


def serve(given: Namespace) -> None:
    """Answer other systems until this process is ended; raises ``UserError``."""
    try:
        import uvicorn

        from pmed_core.api import fhir
        from pmed_core.api.app import AT_ONCE, made
    except ModuleNotFoundError as error:
        raise UserError(
            f"The service needs {error.name}", "", "Install it: pip install 'pmed[hosted]'."
        ) from error
    if settings().hosted and settings().key_file is None:
        raise UserError(
            "A hosted installation must be encrypted", "PMED_KEY_FILE",
            "Make a key with 'pmed keys make', and set it.",
        )  # fmt: skip
    check(settings())
    fhir.mapped()
    keep_private()
    keep_off_the_disk()
    hub.tell_by(access.caller)
    hub.make_ready()
    terminal.say(f"The service answers on http://{given.host}:{given.port}/v1. {RESEARCH_ONLY}")
    # Behind a proxy that encrypts; what it logs are addresses, and no query holds a patient.
    uvicorn.run(
        made(), host=given.host, port=given.port, log_level="critical", access_log=False,
        server_header=False, timeout_keep_alive=KEEP_ALIVE, limit_concurrency=AT_ONCE,
    )  # fmt: skip


def key(given: Namespace) -> None:
    """Make, list or revoke a key, which goes on record; raises ``UserError``."""
    kept = ApiKeys.open(settings().home)
    match given.verb:
        case "make":
            project = given.project or ""
            if settings().hosted and not project:
                raise UserError("A key is of one project", "--project", "See 'project list'.")
            _on_record("apikeys.make", project, f"name: {given.name}")
            sys.stdout.write(f"{kept.make(project, given.name)}\n")
            terminal.say("It is told once and kept as a digest alone.")
        case "revoke":
            _on_record("apikeys.revoke", "", f"key: {given.id}")
            kept.revoke(given.id)
            terminal.say("The key opens nothing any more.")
        case _:
            for one in kept.of(given.project or ""):
                sys.stdout.write(f"{one.id}\t{one.name}\t{_state(one)}\n")


def _state(one: ApiKey) -> str:
    when = one.revoked or one.made
    return f"{'revoked' if one.revoked else 'made'} {datetime.fromtimestamp(when):%Y-%m-%d %H:%M}"


def _on_record(action: str, project: str, detail: str) -> None:
    if settings().hosted:
        told = f"from the shell; {detail}"[:200]
        deed = Deed(time.time(), "", "shell", "", project, action, detail=told)
        Audit.open(settings().home).add(deed)
