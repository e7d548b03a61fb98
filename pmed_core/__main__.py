"""``pmed``, or ``python -m pmed_core``: the same verbs from the shell."""

from __future__ import annotations

import sys
import time

STARTED = time.monotonic()


def run() -> int:
    """Do what the command line says -> exit code."""
    from pmed_core.shell.main import main

    return main(sys.argv[1:], STARTED)


if __name__ == "__main__":
    sys.exit(run())
