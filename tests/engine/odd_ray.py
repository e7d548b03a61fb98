"""The engine of Ray with a worker whose work does what its name says."""

from __future__ import annotations

import sys

from pmed_core.engine.on_ray import held, placing
from tests.engine import odd_worker

if __name__ == "__main__":
    placing.WORKER = odd_worker.__name__
    placing.AGAIN_SECONDS = 0.5
    held.CONTENT = 8.0
    raise SystemExit(placing.place(sys.argv[2], int(sys.argv[3])))
