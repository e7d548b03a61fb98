"""A sweep of trainings on a Ray cluster of this machine with one and with two workers, beside the
same on the local engine: how long it takes, and whether the models are the same.

    python -m benchmarks.ray_sweep --trials 32

Each worker has room for one job, so that a machine with two cores shows no more than twice the
speed of one. Needs requirements-ray.txt.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pmed_core.engine.engines import worker
from pmed_core.engine.supervisor import LOOK, Supervisor
from pmed_core.modalities.tabular.options import FitOptions, LinearOptions, MLPOptions
from pmed_core.service import cohorts
from pmed_core.settings import settings
from pmed_core.store.store import Store, open_store
from pmed_core.work import Fit, identify
from tests.servers.cluster import served
from tests.service.made import as_bytes, chosen, patients


@dataclass(frozen=True)
class Sweep:
    """Attributes:
    seconds: from the first submission to the last end.
    models: the digest of the weights of each trial.
    """

    name: str
    seconds: float
    models: tuple[str, ...]


NETWORKS: tuple[MLPOptions | LinearOptions, ...] = (MLPOptions(), LinearOptions())
IMBALANCE: tuple[Literal["none", "class_weights"], ...] = ("none", "class_weights")


def trials(number: int) -> Iterator[FitOptions]:
    """So many choices, as a search would try them."""
    grid = itertools.product(range(8), NETWORKS, IMBALANCE)
    for seed, network, imbalance in itertools.islice(grid, number):
        yield FitOptions(
            network=network, imbalance=imbalance, seed=seed, folds=2, baselines=False
        )  # fmt: skip


def set_up(home: Path, engine: str) -> Store:
    """This process, as the one that looks after jobs with that engine."""
    os.environ["PMED_HOME"], os.environ["PMED_ENGINE"] = str(home), engine
    settings.cache_clear()
    return open_store(settings())


def swept(name: str, store: Store, cohort: str, number: int, at_once: int) -> Sweep:
    """All trials, ``at_once`` at the same time."""
    works = [Fit(cohort, f"{name}, {n}", one) for n, one in enumerate(trials(number))]
    began = time.monotonic()
    for work in works:
        store.jobs.add(identify(work), work)
    looking = Supervisor(store.jobs, store.checkpoints, at_once, module=worker(settings()))
    while looking.look():
        time.sleep(LOOK)
    seconds = time.monotonic() - began
    found = [store.jobs.get(identify(work)) for work in works]
    if wrong := [one.error for one in found if one.state != "done"]:
        raise SystemExit(wrong[0])
    files = (store.models.package(one.result) / "weights.safetensors" for one in found)
    return Sweep(
        name, seconds, tuple(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
    )


@contextmanager
def environment(known: dict[str, str]) -> Iterator[None]:
    """These variables for as long."""
    before = dict(os.environ)
    os.environ.update(known)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def all_of(home: Path, cohort: str, number: int) -> Iterator[Sweep]:
    """Each engine in turn; one job more than there is room for waits on the cluster for it."""
    for name, machines in (("Ray, 1 worker", {"one": 0}), ("Ray, 2 workers", {"one": 0, "two": 0})):
        with served({"PMED_HOME": str(home)}, machines) as cluster, environment(cluster.known):
            store = set_up(home, "ray")
            yield swept(name, store, cohort, number, len(machines) + 1)
    store = set_up(home, "local")
    yield swept("local, 1 at once", store, cohort, number, 1)
    yield swept("local, 2 at once", store, cohort, number, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--patients", type=int, default=300)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        set_up(home, "inline")
        cohort = chosen(cohorts.bring_in("a.csv", as_bytes(patients(given.patients))))
        first: Sweep | None = None
        print("| engine | s | trainings a minute | load before | load after | same models |")
        print("|---|---|---|---|---|---|")
        load = os.getloadavg()[0]
        for one in all_of(home, cohort, given.trials):
            first = first or one
            same = sum(a == b for a, b in zip(first.models, one.models, strict=True))
            rate, now = 60 * given.trials / one.seconds, os.getloadavg()[0]
            print(f"| {one.name} | {one.seconds:.0f} | {rate:.1f} | {load:.1f} | {now:.1f} | "
                  f"{same} of {given.trials} |", flush=True)  # fmt: skip
            load = now


if __name__ == "__main__":
    main()
