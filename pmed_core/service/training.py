"""What a user may do with trainings."""

from __future__ import annotations

import os

from pmed_core.options import FitOptions
from pmed_core.service.entries import Estimate
from pmed_core.service.hub import hub
from pmed_core.variable import Role
from pmed_core.work import Fit, Job

# Measured on two cores (benchmarks/tabular.py): seconds = start + rows x columns x folds x cost.
START_SECONDS = 8.0
TABM_COST, MLP_COST, BASELINES_COST = 1.6e-5, 0.4e-5, 0.9e-5
READ_AT_MOST = 256


def estimate(cohort_id: str, options: FitOptions) -> Estimate:
    """Seconds and memory of a training, roughly, from the size of the table."""
    entry = hub().store.cohorts.entry(cohort_id)
    inputs = sum(variable.role is Role.INPUT for variable in entry.variables)
    columns = min(inputs, READ_AT_MOST) * 1.5 + 20
    networks = options.folds * (7 if entry.rows < 400 else 4 if entry.rows < 1000 else 2)
    cost = TABM_COST if options.network.name == "tabm" else MLP_COST
    cost += BASELINES_COST * options.baselines
    cores = 2 / max(min(os.cpu_count() or 2, 4), 1)
    seconds = START_SECONDS + entry.rows * columns * options.folds * cost * cores
    seconds = min(seconds, START_SECONDS + 60 * options.time_limit_minutes * 1.5)
    memory = 900 + entry.rows * (inputs * 16 + columns * networks * 12) / 2**20
    return Estimate(seconds, memory, _sentence(seconds, memory))


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


def train(cohort_id: str, name: str, options: FitOptions) -> str:
    """Queue a training -> job id; the same training is not queued twice."""
    return hub().engine.submit(Fit(cohort_id, name, options))


def job(identity: str) -> Job:
    """One job with its curves; raises ``UserError`` where there is none."""
    return hub().store.jobs.get(identity)


def jobs() -> tuple[Job, ...]:
    """Newest first, without curves."""
    return hub().store.jobs.list()


def cancel(job_id: str, keep: bool = False) -> None:
    """Stop a job; ``keep`` keeps the best epoch so far."""
    hub().engine.cancel(job_id, keep)


def remove(job_id: str) -> None:
    """Forget a job that has ended; a model it made stays."""
    hub().store.jobs.remove(job_id)
