"""What a user may do with trainings."""

from __future__ import annotations

import os

from pmed_core.errors import UserError
from pmed_core.options import FitOptions, ScanOptions
from pmed_core.scans import typical_side
from pmed_core.service.entries import Estimate
from pmed_core.service.hub import hub
from pmed_core.variable import Role
from pmed_core.work import Fit, Job, identify

START_SECONDS, START_MB = 5.0, 880.0
"""Of loading TensorFlow."""

SECONDS = {"tabm": (0.5, 7e-6), "mlp": (0.06, 3e-7)}
"""For each network, and for each of its cells (rows x (columns + 20)): fitted to runs on two cores,
from 304 x 13 (8 s) over 1,000 x 1,000 (42 s) to 4,000 x 114 (38 s), met within a factor of two."""

BASELINE_SECONDS = (0.35, 6.5e-6)
"""For each fold, and for each of its cells."""

READ_AT_MOST = 256
"""Numeric inputs that a network reads; more are screened."""

MB = 2**20


SCAN_SECONDS = {"evidence": 2.6e-6, "cnn32": 6e-7, "cnn64": 2e-6, "cnn28": 3e-7}
"""For each scan, epoch and pixel: fitted to runs on two cores."""
OUTLINE_SECONDS = 120


def estimate(cohort_id: str, options: FitOptions | ScanOptions) -> Estimate:
    """Seconds and memory of a training, roughly, from the size of the cohort."""
    if isinstance(options, ScanOptions):
        return _of_scans(cohort_id, options)
    entry = hub().store.cohorts.entry(cohort_id)
    inputs = sum(variable.role is Role.INPUT for variable in entry.variables)
    cells = entry.rows * (min(inputs, READ_AT_MOST) + 20)
    networks = options.folds * _repeats(entry.rows)
    each, cell = SECONDS[options.network.name]
    training = networks * (each + cell * cells) * 2 / min(max(os.cpu_count() or 2, 1), 4)
    seconds = START_SECONDS + min(training, 60 * options.time_limit_minutes)
    if options.baselines:
        seconds += options.folds * (BASELINE_SECONDS[0] + BASELINE_SECONDS[1] * cells)
    memory = START_MB + networks * min(inputs, READ_AT_MOST) * 0.1
    memory += (entry.rows * inputs * 24 + cells * networks * 12) / MB
    return Estimate(seconds, memory, _sentence(seconds, memory))


def _of_scans(cohort_id: str, options: ScanOptions) -> Estimate:
    scans = hub().store.cohorts.scans(cohort_id)
    frames = list(scans.frames.values()) if scans is not None else []
    drawn = options.outlines and scans is not None and bool(scans.masks)
    finds = drawn and options.network.name == "evidence"
    size = options.pixels(typical_side(frames), finds)
    epochs = options.planned_epochs(len(frames), finds)
    cost = SCAN_SECONDS[options.network.name] * len(frames) * size * size
    training = options.members * epochs * cost + OUTLINE_SECONDS * drawn
    training *= 2 / min(max(os.cpu_count() or 2, 1), 4)
    seconds = START_SECONDS + min(training, 60 * options.time_limit_minutes)
    memory = START_MB + 500 + len(frames) * size * size * 8 / MB
    return Estimate(seconds, memory, _sentence(seconds, memory))


def _repeats(rows: int) -> int:
    """Networks a fold (``training.fit.recipe``)."""
    for below, repeats in ((400, 4), (3000, 2)):
        if rows < below:
            return repeats
    return 1


def _sentence(seconds: float, memory: float) -> str:
    if seconds < 90:
        time = f"about {max(5, round(seconds / 5) * 5):.0f} seconds"
    else:
        time = f"about {seconds / 60:.0f} minutes"
    sentence = f"This will take {time} and {memory / 1024:.1f} GB of memory."
    free = _free_mb()
    if free and memory > 0.8 * free:
        sentence += f" Only {free / 1024:.1f} GB are free: choose fewer inputs or folds."
    return sentence


def _free_mb() -> float:
    """Free memory where the system tells it, else 0."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["MemAvailable"].split()[0]) / 1024
    except (OSError, KeyError, ValueError):
        return 0.0


def trained_before(work: Fit) -> Job | None:
    """The run that has trained exactly this, where it and its model are still here."""
    identity = identify(work)
    found = next((job for job in jobs() if job.id == identity and job.state == "done"), None)
    return found if found and hub().store.models.exists(identity) else None


def train(
    cohort_id: str,
    name: str,
    options: FitOptions | ScanOptions,
    start: str = "",
    *,
    again: bool = False,
) -> str:
    """Queue a training -> job id; the same training is not queued twice.

    ``start`` is the id of a model of scans to continue.
    One whose model was removed since is done again, as is any with ``again``.
    """
    work = Fit(cohort_id, name, options, start)
    gone = not hub().store.models.exists(identify(work))
    job_id = hub().engine.submit(work, again=again or gone)
    hub().snapshot.forget()
    return job_id


def job(identity: str) -> Job:
    """One job with its curves, as of a second ago; raises ``UserError`` where there is none."""
    found = hub().snapshot.get(f"job {identity}", lambda: _attended((_job(identity),)))
    return found[0]


def _job(identity: str) -> Job:
    return hub().store.jobs.get(identity)


def jobs() -> tuple[Job, ...]:
    """Newest first, without curves, as of a second ago."""
    return hub().snapshot.get("jobs", lambda: _attended(hub().store.jobs.list()))


def _attended(jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    """Whoever looks at jobs that are not over sees that somebody looks after them."""
    if any(job.alive for job in jobs):
        hub().engine.attend()
    return jobs


def cancel(job_id: str, keep: bool = False) -> None:
    """Stop a job; ``keep`` keeps the best epoch so far."""
    hub().engine.cancel(job_id, keep)
    hub().snapshot.forget()


def remove(job_id: str) -> None:
    """Forget a job that has ended; a model it made stays."""
    hub().store.jobs.remove(job_id)
    hub().snapshot.forget()


def not_trained_on(address: str) -> None:
    """Raise ``UserError`` where a training of the cohort at that address waits or runs."""
    store = hub().store
    works = [job.work for job in store.jobs.list() if job.alive]
    asked = [work for work in works if isinstance(work, Fit) and store.cohorts.exists(work.cohort)]
    busy = [work for work in asked if store.cohorts.newest(work.cohort).address == address]
    if busy:
        raise UserError(
            "A training of this cohort is waiting or running", busy[0].name,
            "Stop it under Jobs, or wait until it is done.",
        )  # fmt: skip
