"""How long a training on scans takes, and how much memory; reckoned from their sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmed_core.modalities.cost import MB, START_MB, START_SECONDS, on_this_machine
from pmed_core.modalities.scan.options import ScanOptions
from pmed_core.scans import typical_side

if TYPE_CHECKING:
    from pmed_core.store.cohorts import Cohorts

OUTLINE_SECONDS = 120


def cost(cohorts: Cohorts, cohort: str, options: ScanOptions) -> tuple[float, float]:
    """Seconds and megabytes: a network costs so much for each scan, epoch and pixel, fitted to runs
    on two cores."""
    scans = cohorts.scans(cohort)
    frames = list(scans.frames.values()) if scans is not None else []
    drawn = options.outlines and scans is not None and bool(scans.masks)
    finds = drawn and options.network.name == "evidence"
    size = options.pixels(typical_side(frames), finds)
    epochs = options.planned_epochs(len(frames), finds)
    each = options.network.cost[1] * len(frames) * size * size
    training = on_this_machine(options.members * epochs * each + OUTLINE_SECONDS * drawn)
    seconds = START_SECONDS + min(training, 60 * options.time_limit_minutes)
    return seconds, START_MB + 500 + len(frames) * size * size * 8 / MB
