"""What every training costs, whatever it reads."""

from __future__ import annotations

import os

START_SECONDS, START_MB = 5.0, 880.0
"""Of loading TensorFlow."""
MB = 2**20


def on_this_machine(seconds: float) -> float:
    """Seconds that were measured on two cores."""
    return seconds * 2 / min(max(os.cpu_count() or 2, 1), 4)
