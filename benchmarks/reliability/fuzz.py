"""Damaged files of every format that is read: each must be read or refused in a sentence.

    python -m benchmarks.reliability.fuzz --files 2000 --seconds 300
    python -m benchmarks.reliability.fuzz --first 2000 --files 98000 --seconds 7200
    python -m benchmarks.reliability.fuzz --packages 200

Prints how many were read, refused, ended as a bug, ended the process or had no end, by format. How
file N is damaged depends on the seed and N alone, so that a run goes on where another has ended
(--first). They are read in a process of its own, which is ended after a while. What went wrong is
kept below the folder for temporary files, in pmed-fuzz.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from benchmarks.reliability.fuzz_seeds import seeds
from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.modalities.scan.sniffing import is_scans
from pmed_core.readers.tables import read_cohort

Result = tuple[str, str]
Read = Callable[[Path], object]
PATIENCE, MEMORY = 20.0, 4_000 * 2**20
SEED = 20261122
OUTCOMES = ("read", "sentence", "bug", "ended", "endless")


def mutated(data: bytes, draw: np.random.Generator) -> bytes:
    """One of: flipped bits, cut off, a range of zeros, a range twice, a length changed."""
    changed = bytearray(data)
    start = int(draw.integers(0, len(data)))
    length = int(draw.integers(1, max(2, len(data) // 8)))
    match int(draw.integers(0, 5)):
        case 0:
            for at in draw.integers(0, len(data), draw.integers(1, 9)).tolist():
                changed[at] ^= 1 << int(draw.integers(0, 8))
        case 1:
            del changed[start:]
        case 2:
            changed[start : start + length] = bytes(len(changed[start : start + length]))
        case 3:
            changed[start:start] = changed[start : start + length]
        case _:
            size = int(draw.choice([2, 4, 8]))
            value = int(draw.choice([0, 1, 2**15, 2**31 - 1, 2**32 - 1])) % 2 ** (8 * size)
            changed[start : start + size] = value.to_bytes(size, "little")
    return bytes(changed)


def outcome(path: Path, read: Read) -> Result:
    """What becomes of a file, and for a bug what was raised where."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read(path)
    except UserError:
        return "sentence", ""
    except Exception as error:  # noqa: BLE001 - what is looked for
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else ""
        return "bug", f"{type(error).__name__} {place}"
    return "read", ""


def as_data(path: Path) -> object:
    """As the app reads a file of patients."""
    return read_scans(path, key=b"k") if is_scans(path) else read_cohort(path)


def _serve(pipe: Connection, read: Read) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    with suppress(EOFError):
        while True:
            pipe.send(outcome(Path(pipe.recv()), read))


@dataclass
class Watched:
    """A process that reads one file after the other, and is ended where one has no end."""

    read: Read
    process: multiprocessing.Process | None = None
    pipe: Connection | None = None

    def outcome(self, path: Path) -> Result:
        """What becomes of a file."""
        if self.pipe is None:
            self.pipe, theirs = multiprocessing.Pipe()
            self.process = multiprocessing.Process(target=_serve, args=(theirs, self.read))
            self.process.start()
            theirs.close()
        try:
            self.pipe.send(str(path))
            if self.pipe.poll(PATIENCE):
                found: Result = self.pipe.recv()
                return found
            self.stop()
            return "endless", f"more than {PATIENCE:.0f} s"
        except (EOFError, OSError):
            ended = self.process.exitcode if self.process else None
            self.stop()
            return "ended", f"exit {ended}"

    def stop(self) -> None:
        """End the process; the next file starts another."""
        if self.process is not None and self.pipe is not None:
            self.process.kill()
            self.process.join()
            self.pipe.close()
        self.process = self.pipe = None


Counts = dict[str, Counter[str]]


def run(
    files: range, seconds: float, made: dict[str, bytes], read: Read = as_data, seed: int = SEED
) -> tuple[Counts, Counter[Result]]:
    """(format -> outcome -> how many, (format, what was wrong) -> how many), until either limit."""
    end = time.monotonic() + seconds
    counts: Counts = {name: Counter() for name in made}
    wrong: Counter[Result] = Counter()
    watched = Watched(read)
    with tempfile.TemporaryDirectory() as folder:
        for n in files:
            if time.monotonic() > end:
                break
            name = list(made)[n % len(made)]
            path = Path(folder) / name
            path.write_bytes(mutated(made[name], np.random.default_rng([seed, n])))
            found, why = watched.outcome(path)
            counts[name][found] += 1
            if why:
                wrong[name, why] += 1
                kept = Path(tempfile.gettempdir()) / "pmed-fuzz"
                kept.mkdir(exist_ok=True)
                (kept / f"{n}-{name}").write_bytes(path.read_bytes())
        watched.stop()
    return counts, wrong


def packages(home: Path) -> tuple[dict[str, bytes], Read]:
    """A model package, and how the app takes one; it is not kept."""
    from benchmarks.reliability.made import installation
    from pmed_core.service import models

    _, model = installation(home)

    def take(path: Path) -> None:
        fresh = models.bring_in("model.zip", path.read_bytes())
        if fresh != model:
            models.remove(fresh)

    return {"package.zip": models.export(model)}, take


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--packages", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        made, read = (seeds(), as_data) if not given.packages else packages(Path(home))
        files = range(given.first, given.first + (given.packages or given.files))
        counts, wrong = run(files, given.seconds, made, read, given.seed)
    print(f"{'format':16} " + " ".join(f"{name:>9}" for name in OUTCOMES))
    for name, found in counts.items():
        print(f"{name:16} " + " ".join(f"{found[one]:9,}" for one in OUTCOMES))
    total = sum(sum(found.values()) for found in counts.values())
    print(f"{total:,} files from {given.first:,} on, {sum(wrong.values()):,} of them wrong")
    for (name, why), count in wrong.most_common():
        print(f"  {name}: {why} ({count})")


if __name__ == "__main__":
    main()
