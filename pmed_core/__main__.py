"""``python -m pmed_core``: the same verbs from the shell."""

from __future__ import annotations

import time

STARTED = time.monotonic()

if __name__ == "__main__":
    import sys

    from pmed_core.shell.main import main

    sys.exit(main(sys.argv[1:], STARTED))
