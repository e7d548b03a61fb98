"""A disk that fills up in the midst of each save: what is said, and what is lost.

    python -m benchmarks.reliability.full_disk [--steps 40]

As root, on Linux: an installation lies on a file system of its own (tmpfs), on which a file leaves
so many bytes free. With each of so many sizes, from nothing to what the work takes, a cohort is
brought in, corrected and learnt from, a package is imported and a backup is made, each in a process
of its own. Then room is made again: the database must be whole, what was there before must still
answer, and the same work must succeed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.reliability.made import installation, table_of

SIZE_MB = 64
VERBS = ("bring in", "correct", "train", "import", "note", "back up")
RUN = """
import sys
from dataclasses import replace
from pathlib import Path
from pmed_core.errors import UserError
from pmed_core.outcomes import YesNo
from pmed_core.service import cohorts, models, training
from pmed_core.settings import settings
from pmed_core.store import backup
from tests.service.made import QUICK, as_bytes, patients

verb, cohort, model, number, package = sys.argv[1:]
seed = int(number)

def correct():
    variables = cohorts.cohort(cohort).variables
    changed = [replace(v, unit=f"u{seed}") if v.name == "age" else v for v in variables]
    cohorts.revise(cohort, tuple(changed), YesNo("died", ("yes",)))

def train():
    options = QUICK.model_copy(update={"seed": 1000 + seed})
    job = training.job(training.train(cohort, f"Model {seed}", options))
    if job.state != "done":
        raise UserError(job.error or job.state)

try:
    {
        "bring in": lambda: cohorts.bring_in("other.csv", as_bytes(patients(400, seed))),
        "correct": correct,
        "train": train,
        "import": lambda: models.bring_in("copy.zip", Path(package).read_bytes()),
        "note": lambda: models.write_notes(model, f"note {seed} " * 150),
        "back up": lambda: backup.backup(settings(), settings().home.parent),
    }[verb]()
except UserError as error:
    print(error)
    raise SystemExit(3)
"""
CHECK = """
import sys
from pmed_core.service import cohorts, models, patients
from pmed_core.settings import settings
from pmed_core.store import health
from pmed_core.store.store import open_store
faults = health.check(open_store(settings()))
rows = cohorts.rows(sys.argv[1], 0, 5)
answer = patients.consult(sys.argv[2], cohorts.cells(sys.argv[1], "P008"), "P008")
print(len(rows), bool(answer), *faults)
raise SystemExit(bool(faults))
"""


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own, for as long as it is used."""
    size = f"size={SIZE_MB}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path, free: int) -> Path:
    """Leave so many bytes."""
    held = os.statvfs(disk)
    filler = disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(held.f_bavail * held.f_frsize - free, 1))
    return filler


def process(script: str, home: Path, *words: str) -> tuple[int, str]:
    """(status, what it said, one line)."""
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        env=os.environ | {"PMED_HOME": str(home), "PMED_ENGINE": "inline"},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    said = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return done.returncode, said[-1] if said else ""


def outcome(verb: str, free: int, seed: int, made: tuple[Path, str, str, Path]) -> str:
    """What came of one verb on a disk with so many bytes left."""
    master, cohort, model, package = made
    words = (verb, cohort, model, str(seed), str(package))
    with tempfile.TemporaryDirectory() as folder, small_disk(Path(folder)) as disk:
        home = disk / "home"
        shutil.copytree(master, home)
        filler = fill(disk, free)
        status, said = process(RUN, home, *words)
        filler.unlink()
        if status not in (0, 3):
            return f"a traceback: {said[:120]}"
        whole, faults = process(CHECK, home, cohort, model)
        if whole:
            return f"damage: {faults[:120]}"
        if status == 0:
            return "done"
        again, why = process(RUN, home, *words)
        return f"not done afterwards: {why[:120]}" if again else "a sentence, and done afterwards"


def main() -> None:
    """Print a row for each verb."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--steps", type=int, default=40)
    asked.add_argument("--most", type=int, default=3_000, help="KB that are left at the most")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        master, package = Path(folder) / "home", Path(folder) / "package.zip"
        cohort, model = installation(master)
        from pmed_core.service import models

        package.write_bytes(models.export(model))
        counts: dict[str, dict[str, int]] = {}
        for verb in VERBS:
            found = Counter[str]()
            for step in range(given.steps):
                # More of them where there is little: most of what is written is small.
                free = int(1000 * given.most * (step / max(given.steps - 1, 1)) ** 2)
                one = outcome(verb, free, step, (master, cohort, model, package))
                if not one.startswith(("done", "a sentence")):
                    print(f"{verb}, {free:,} bytes free: {one}", flush=True)
                found[one.partition(":")[0]] += 1
            counts[verb] = dict(found)
    print(table_of(counts, "what"))


if __name__ == "__main__":
    main()
