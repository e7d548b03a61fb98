"""What ``pmed supervise`` does: jobs are run by a service of its own."""

from __future__ import annotations

import signal
import sys
import time
from argparse import Namespace

from sqlalchemy.exc import SQLAlchemyError

from pmed_core.engine.supervisor import supervise as look_after
from pmed_core.errors import UserError
from pmed_core.sealing.keys import check
from pmed_core.service.hub import take_up_jobs
from pmed_core.settings import settings
from pmed_core.shell import terminal

LOOK_SECONDS = 2.0


def supervise(given: Namespace) -> None:
    """Look after queued jobs, of a hosted installation those of all projects, until it is ended.

    Raises ``UserError`` where no job may run here, or a key is missing.
    """
    del given
    chosen = settings()
    check(chosen)
    if not chosen.jobs_at_once:
        raise UserError(
            "No jobs may run here", "PMED_JOBS_AT_ONCE", "Set it to 1 or more for this process."
        )
    # The first process of a container is not ended by it otherwise.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if not chosen.hosted:
        look_after(float("inf"))
        return
    while True:
        try:
            take_up_jobs()
        except (SQLAlchemyError, UserError, OSError) as error:
            # The database is away or the disk is full for now. The log names no patient.
            terminal.say(f"Jobs could not be looked after: {type(error).__name__}")
        time.sleep(LOOK_SECONDS)
