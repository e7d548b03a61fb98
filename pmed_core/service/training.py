"""What a user may do with trainings."""

from __future__ import annotations

from pmed_core.accounts import Right
from pmed_core.errors import UserError
from pmed_core.job import Job
from pmed_core.modalities import trained_with
from pmed_core.modalities.kinds import costing
from pmed_core.options import AnyOptions
from pmed_core.service.access import may
from pmed_core.service.entries import Estimate
from pmed_core.service.hub import hub, must_fit, quota
from pmed_core.settings import settings
from pmed_core.store.machines import Machines
from pmed_core.work import Fit, identify


@may(Right.BUILD, recorded=False)
def estimate(cohort_id: str, options: AnyOptions) -> Estimate:
    """Seconds and memory of a training, roughly, from the size of the cohort; and what is left to
    whoever asks, where that is limited."""
    seconds, memory = _cost(cohort_id, options)
    limit, refusal = quota(), ""
    try:
        must_fit(seconds)
    except UserError as error:
        refusal = str(error)
    left = f"{limit.sentence().capitalize()}." if limit else ""
    return Estimate(seconds, memory, _sentence(seconds, memory), left, refusal)


def _cost(cohort_id: str, options: AnyOptions) -> tuple[float, float]:
    """Seconds, and MB."""
    return costing(trained_with(options)).cost(hub().store.cohorts, cohort_id, options)


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


@may(Right.BUILD, recorded=False)
def trained_before(work: Fit) -> Job | None:
    """The run that has trained exactly this, where it and its model are still here."""
    identity = identify(work)
    found = next((job for job in jobs() if job.id == identity and job.state == "done"), None)
    return found if found and hub().store.models.exists(identity) else None


@may(Right.BUILD)
def train(
    cohort_id: str,
    name: str,
    options: AnyOptions,
    start: str = "",
    *,
    again: bool = False,
) -> str:
    """Queue a training -> job id; the same training is not queued twice.

    ``start`` is the id of a model of scans to continue.
    One whose model was removed since is done again, as is any with ``again``. Raises ``UserError``
    where whoever asks has too little machine time left.
    """
    work = Fit(cohort_id, name, options, start)
    gone = not hub().store.models.exists(identify(work))
    limited = settings().hosted or settings().job_hours
    seconds = _cost(cohort_id, options)[0] if limited else 0.0
    return hub().submit(work, again=again or gone, seconds=seconds)


@may(Right.LOOK)
def job(identity: str) -> Job:
    """One job with its curves, as of a second ago; raises ``UserError`` where there is none."""
    found = hub().snapshot.get(f"job {identity}", lambda: _attended((_job(identity),)))
    return found[0]


def _job(identity: str) -> Job:
    return hub().store.jobs.get(identity)


@may(Right.LOOK)
def jobs() -> tuple[Job, ...]:
    """Newest first, without curves, as of a second ago."""
    return hub().snapshot.get("jobs", lambda: _attended(hub().store.jobs.list()))


@may(Right.LOOK)
def gpus() -> int | None:
    """How many the machines at work have for jobs; None where none is at work, or nobody counts
    them."""
    return hub().snapshot.get("gpus", Machines(hub().store.jobs.engine).gpus)


def _attended(jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    """Whoever looks at jobs that are not over sees that somebody looks after them."""
    if any(job.alive for job in jobs):
        hub().engine.attend()
    return jobs


@may(Right.BUILD)
def cancel(job_id: str, keep: bool = False) -> None:
    """Stop a job; ``keep`` keeps the best epoch so far."""
    hub().engine.cancel(job_id, keep)
    hub().snapshot.forget()


@may(Right.BUILD)
def remove(job_id: str) -> None:
    """Forget a job that has ended; a model it made stays."""
    hub().store.jobs.remove(job_id)
    hub().snapshot.forget()


@may(Right.PREPARE, recorded=False)
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
