"""A job on a Ray cluster: stands where its worker would, and ends as that does.

python -m pmed_core.engine.on_ray job ID TOKEN
"""

from __future__ import annotations

import sys

from pmed_core.engine.on_ray.placing import place

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["job", job, token]:
            raise SystemExit(place(job, int(token)))
        case arguments:
            raise SystemExit(f"Expected 'job ID TOKEN'. Received: {arguments}")
