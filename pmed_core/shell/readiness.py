"""A health check for whoever runs the service: systemd, compose, a monitor."""

from __future__ import annotations

import sys
from argparse import Namespace

from pmed_core.engine.engines import idle
from pmed_core.engine.readiness import faults
from pmed_core.errors import UserError
from pmed_core.settings import settings


def ready(_: Namespace) -> None:
    """Whether this installation can work now; raises ``UserError`` where it cannot."""
    # A cluster that is away stops jobs, and no question: a proxy that asks a service is not told.
    if found := (*map(str, idle(settings())), *faults(settings())):
        sys.stdout.write("\n".join(found) + "\n")
        raise UserError(
            "This installation cannot work now", str(settings().home),
            "Mend what is named above; 'store check' tells more.",
        )  # fmt: skip
    sys.stdout.write("Ready.\n")
