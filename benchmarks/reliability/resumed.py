"""kill -9 in the middle of trainings: do they go on, how much is done again, is the model the same?

    python -m benchmarks.reliability.resumed --rounds 10 --kills 3

One training is left alone. Each round trains the same again and kills its worker, its supervisor or
both, at random instants, several times; then the weights must be those of the first, bit by bit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.reliability.kills import ours
from benchmarks.reliability.made import installation, table_of
from pmed_core.job import Job
from pmed_core.options import FitOptions
from pmed_core.service import cohorts, training
from pmed_core.service.hub import hub
from tests.service.made import as_bytes, chosen, patients

OPTIONS = FitOptions(folds=4, baselines=False)
VICTIMS = (("worker",), ("worker",), ("supervisor",), ("worker", "supervisor"))
LONGEST = 600.0
PATIENCE = 0.2
WITHIN = 4.0
"""Seconds after an epoch within which most kills come."""


@dataclass
class Round:
    """What was struck, and what it cost.

    Attributes:
        unkept: of each worker that was killed, seconds since it had last kept where it was.
        again: epochs that were told twice.
    """

    struck: list[str] = field(default_factory=list)
    unkept: list[float] = field(default_factory=list)
    again: int = 0
    notes: tuple[str, ...] = ()


def waited(job: str, until: float) -> Job:
    """Look after it, as a page does, until then or its end."""
    while True:
        hub().snapshot.forget()
        found = training.job(job)
        if not found.alive or time.monotonic() > until:
            return found
        time.sleep(PATIENCE)


def strike(victims: tuple[str, ...], job: str, home: Path) -> tuple[str, float | None]:
    """Kill them -> who was there to be killed, and the age of what the worker had kept."""
    kept = [path.stat().st_mtime for path in (home / "checkpoints" / job).glob("*.kept")]
    hit = []
    for victim in victims:
        for process in ours(victim, home)[-1:]:
            os.kill(process, signal.SIGKILL)
            hit.append(victim)
    age = time.time() - max(kept) if kept and "worker" in hit else None
    return " and ".join(hit), age


def one_round(cohort: str, name: str, kills: int, draw: random.Random, usual: float) -> Round:
    home, found = hub().store.home, Round()
    job = training.train(cohort, name, OPTIONS)
    for kill in range(kills):
        if kill % 4:  # every fourth at any time, starts and trees included; others among epochs
            learning(job, told(home, job))
        within = WITHIN if kill % 4 else usual
        if not waited(job, time.monotonic() + draw.uniform(0.0, within)).alive:
            break
        who, age = strike(draw.choice(VICTIMS), job, home)
        found.struck += [who] if who else []
        found.unkept += [] if age is None else [age]
    ended = waited(job, time.monotonic() + LONGEST)
    found.notes = ended.notes
    found.again = repeated(home, job)
    return found


def learning(job: str, before: list[int]) -> None:
    """Wait until an attempt tells an epoch, or is over."""
    until = time.monotonic() + LONGEST
    while len(told(hub().store.home, job)) == len(before) and time.monotonic() < until:
        if not waited(job, 0.0).alive:
            return
        time.sleep(PATIENCE)


def told(home: Path, job: str) -> list[int]:
    """The epochs of all attempts, as they were told."""
    query = "select body from events where job = ? and kind = 'epoch' order by number"
    with closing(sqlite3.connect(home / "pmed.sqlite")) as database:
        return [json.loads(body)["epoch"] for (body,) in database.execute(query, (job,))]


def repeated(home: Path, job: str) -> int:
    """The most epochs that any attempt told again."""
    every = told(home, job)
    steps = zip(every, every[1:], strict=False)
    return max((before - after + 1 for before, after in steps if after <= before), default=0)


def weights(model: str) -> str:
    """Their digest."""
    package = hub().store.models.package(model)
    return hashlib.sha256((package / "weights.safetensors").read_bytes()).hexdigest()


def evaluated(job: str, alike: str) -> list[str]:
    """What is wrong after a round; nothing where it survived."""
    found = training.job(job)
    if found.state != "done":
        return [f"{found.state}: {found.error}"]
    wrong = ["other weights"] * (weights(found.result) != alike)
    room, until = hub().store.home / "checkpoints", time.monotonic() + 10
    while any(room.glob("*")) and time.monotonic() < until:
        time.sleep(PATIENCE)
    return wrong + ["something is still kept"] * any(room.glob("*"))


def main() -> None:
    """Print the table, and what was wrong."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=10)
    asked.add_argument("--kills", type=int, default=3)
    asked.add_argument("--patients", type=int, default=600)
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args()
    draw, rounds, counts = random.Random(given.seed), list[Round](), dict[str, dict[str, int]]()
    with tempfile.TemporaryDirectory() as folder:
        installation(Path(folder) / "home", "local")
        cohort = brought_in(given.patients)
        began = time.monotonic()
        whole = waited(training.train(cohort, "Undisturbed", OPTIONS), began + LONGEST)
        usual, alike = time.monotonic() - began, weights(whole.result)
        print(f"Undisturbed: {len(whole.epochs)} epochs, {usual:.0f} s", flush=True)
        for number in range(given.rounds):
            one = one_round(cohort, f"Run {number}", given.kills, draw, 0.6 * usual)
            hub().snapshot.forget()
            wrong = evaluated(training.jobs()[0].id, alike)
            rounds.append(one)
            row = counts.setdefault(f"{len(one.struck)} kills", {"rounds": 0, "same weights": 0})
            row["rounds"] += 1
            row["same weights"] += not wrong
            print(f"{number}: {one.struck}: {'; '.join(wrong) or 'same weights'}; "
                  f"{one.again} epochs again; {[round(age, 2) for age in one.unkept]} s unkept; "
                  f"{one.notes}", flush=True)  # fmt: skip
        hub().engine.stop()  # type: ignore[union-attr]
    print(table_of(counts, "training with"))
    ages = [age for one in rounds for age in one.unkept]
    print(
        f"{sum(len(one.struck) for one in rounds)} kills in {len(rounds)} trainings; at most "
        f"{max(one.again for one in rounds)} epochs done again, and {max(ages, default=0):.1f} s "
        f"of work that was not kept; {sum(r['same weights'] for r in counts.values())} ended with "
        "the very weights of the one that was left alone"
    )


def brought_in(rows: int) -> str:
    """A cohort of so many, with its outcome."""
    return chosen(cohorts.bring_in("many.csv", as_bytes(patients(rows, seed=1))))


if __name__ == "__main__":
    main()
