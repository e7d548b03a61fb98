"""What ``pmed supervise`` does: jobs are run by a service of its own."""

from __future__ import annotations

import signal
import sys
from argparse import Namespace

from pmed_core.engine.supervisor import supervise as look_after
from pmed_core.errors import UserError
from pmed_core.sealing.keys import check
from pmed_core.service.hub import keep_taking_up_jobs
from pmed_core.settings import settings

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
    if chosen.engine == "inline":
        raise UserError(
            "No jobs wait here, as each runs where it is asked for", "PMED_ENGINE",
            "Set it to 'local' or 'ray' for this process and for the app.",
        )  # fmt: skip
    # The first process of a container is not ended by it otherwise.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if chosen.hosted:
        keep_taking_up_jobs(LOOK_SECONDS)
    look_after(float("inf"))
