"""kill -9 in the middle of work: what survives, and what is left behind.

    python -m benchmarks.reliability.kills --rounds 10

Each round starts a process that works with an installation as the app does (without its pages),
kills one of its processes at a random moment of one verb, starts the app's side again, and looks
whether the database is whole, whether each job was done exactly once, and which files are left.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.reliability.made import installation, table_of
from pmed_core.engine.python import environment
from pmed_core.service import cohorts, damaged, models, training, upkeep
from pmed_core.service.hub import hub
from pmed_core.store.passing import Passing

VERBS = ("fit", "read", "import", "evaluate", "answer", "save")
VICTIMS = {
    "fit": ("service", "supervisor", "worker"), "read": ("service", "child"),
    "import": ("service", "child"), "evaluate": ("service", "child"),
    "answer": ("child", "child", "service"), "save": ("service",),
}  # fmt: skip
MARKS = {
    "worker": "pmed_core.worker\0job", "supervisor": "pmed_core.engine.supervisor",
    "child": "pmed_core.worker\0serve",
}  # fmt: skip
LATEST = {
    "fit": 14.0, "read": 4.0, "import": 12.0, "evaluate": 12.0, "answer": 12.0, "save": 1.5,
}  # fmt: skip
"""Seconds after the start within which the kill comes."""

SERVICE = """
import sys
from pathlib import Path
from pmed_core.errors import UserError
from pmed_core.service import cohorts, models, training
from pmed_core.service.patients import consult, explain
from tests.service.made import QUICK, as_bytes, patients
verb, cohort, model, number = sys.argv[1:5]
table = as_bytes(patients(80, seed=int(number) + 100))
exported = models.export(model)
if verb == "fit":
    training.train(cohort, f"Run {number}", QUICK)
print("now", flush=True)
if verb == "fit":
    sys.stdin.read()
elif verb == "read":
    cohorts.bring_in(f"new{number}.csv", table)
elif verb == "import":
    models.bring_in("model.zip", Path(sys.argv[5]).read_bytes())
elif verb == "answer":
    lost = 0
    for age in range(20, 90):
        cells = {"age": float(age), "lactate": 2.0, "sex": "f"}
        try:
            consult(model, cells)
            explain(model, cells, "yes")
        except UserError:
            lost += 1
    assert lost <= 1, lost
elif verb == "save":
    for turn in range(10_000):
        models.rename(model, f"First, for the {turn}th time")
else:
    models.evaluate(model, f"held{number}.csv", table)
print("done", flush=True)
"""


def ours(victim: str, home: Path) -> list[int]:
    """Processes of that kind that work for this home."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            mine = f"PMED_HOME={home}\0".encode() in (path / "environ").read_bytes() + b"\0"
            if mine and MARKS[victim].encode() in (path / "cmdline").read_bytes():
                found.append(int(path.name))
        except OSError:
            continue
    return found


def kill(victim: str, service: subprocess.Popen[str], home: Path) -> bool:
    """Whether there was one to kill."""
    pids = [service.pid] if victim == "service" else ours(victim, home)[-1:]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return bool(pids)


def one_round(number: int, home: Path, ids: tuple[str, str, Path], draw: random.Random) -> str:
    """-> which verb and which victim."""
    verb = VERBS[number % len(VERBS)]
    victim = draw.choice(VICTIMS[verb])
    cohort, model, package = ids
    service = subprocess.Popen(
        [sys.executable, "-c", SERVICE, verb, cohort, model, str(number), str(package)],
        env=environment(PMED_HOME=str(home), PMED_ENGINE="local"), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    if service.stdout is not None:
        service.stdout.readline()
    time.sleep(draw.uniform(0.1, LATEST[verb]))
    hit = kill(victim, service, home)
    deadline = time.monotonic() + 60
    while verb != "fit" and service.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    slow = service.poll() is None
    service.kill()
    service.communicate()
    struck = hit and (service.returncode or verb == "answer")
    if verb == "answer" and victim == "child" and service.returncode:
        return f"child in answer, {'too slow to tell' if slow else 'and others stayed without one'}"
    return f"{victim} in {verb}" if struck else f"too late in {verb}"


def ended() -> None:
    """Wait, as a page does, until no job waits or runs."""
    deadline = time.monotonic() + 240
    while any(job.alive for job in training.jobs()) and time.monotonic() < deadline:
        time.sleep(0.5)


def evaluated(home: Path, fits: int) -> list[str]:
    """What is wrong after a round; nothing where it survived."""
    wrong = []
    with closing(sqlite3.connect(home / "pmed.sqlite")) as database:
        if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            wrong.append("integrity")
    jobs = training.jobs()
    wrong += ["job lost"] * (len(jobs) != fits + 1)
    wrong += ["job not done"] * sum(job.state != "done" for job in jobs)
    done = sorted(job.result for job in jobs if job.state == "done")
    kept = sorted(one.id for one in models.models() if one.cohort)
    wrong += ["models differ from jobs"] * (done != kept)
    wrong += ["damaged"] * any(damaged.damaged(what) for what in ("cohort", "model", "job"))
    wrong += ["not listed"] * bool(upkeep.unlisted())
    wrong += [f"file left: {name}" for name in left(home)]
    return wrong


def left(home: Path) -> list[str]:
    """Held-out files, uploads nobody has, and what writers left beside."""
    Passing(home).sweep()
    known = {f"{one.name}" for one in cohorts.cohorts()}
    rooms = (p for room in ("passing", "sources") for p in (home / room).rglob("*") if p.is_file())
    files = [path.name for path in rooms if path.name not in {".lock", *known}]
    return files + [path.name for path in home.glob("*/.*.[0-9a-f]*") if path.is_dir()]


def main() -> None:
    """Print the table, and what was wrong."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=10)
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args()
    draw, counts = random.Random(given.seed), dict[str, dict[str, int]]()
    with tempfile.TemporaryDirectory() as folder:
        home, package = Path(folder) / "home", Path(folder) / "model.zip"
        cohort, model = installation(home, "local")
        package.write_bytes(models.export(model))
        fits = 0
        for number in range(given.rounds):
            name = one_round(number, home, (cohort, model, package), draw)
            fits += name.endswith("in fit")
            hub().snapshot.forget()
            ended()
            wrong = evaluated(home, fits)
            row = counts.setdefault(name, {"rounds": 0, "survived": 0})
            row["rounds"] += 1
            row["survived"] += not wrong
            print(f"{number}: {name}: {'; '.join(wrong) or 'survived'}", flush=True)
        hub().engine.stop()  # type: ignore[union-attr]
    print(table_of(counts, "killed"))


if __name__ == "__main__":
    main()
