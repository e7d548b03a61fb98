"""What encryption costs: a large upload, one scan of many, the list of jobs; and that memory stays
flat.

    python -m benchmarks.encryption [MB]
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from pmed_core.sealing import files, keys
from pmed_core.settings import settings
from pmed_core.store.passing import Passing
from pmed_core.store.store import open_store
from pmed_core.work import Importance

JOBS, SCANS, SCAN_BYTES = 500, 200, 512 * 512 * 2


class Zeros:
    """So many bytes to upload, without a file."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int) -> bytes:
        part = bytes(min(size, self.left))
        self.left -= len(part)
        return part


def seconds(work: Callable[[], object]) -> float:
    """That it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def grown_mb(before: int) -> float:
    """Memory at its most beyond that."""
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def measured(home: Path, megabytes: int) -> None:
    """One home, sealed or not."""
    os.environ["PMED_HOME"] = str(home)
    settings.cache_clear()
    store, before = open_store(settings()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    passing = Passing(home)
    took = seconds(lambda: passing.add("large.bin", cast("BinaryIO", Zeros(megabytes * 2**20))))
    path = next(home.rglob("passing/*/*/*/*"))
    print(
        f"  upload of {megabytes} MB: {megabytes / took:,.0f} MB/s, {grown_mb(before):.0f} MB more"
    )
    took = seconds(lambda: files.digest(path))
    print(f"  read again: {megabytes / took:,.0f} MB/s, {grown_mb(before):.0f} MB more")
    data = files.mapped(path)
    places = [number * SCAN_BYTES for number in range(min(SCANS, len(data) // SCAN_BYTES))]
    took = seconds(lambda: [data[at : at + SCAN_BYTES].sum() for at in places])
    print(f"  a slice of 512 x 512: {1000 * took / len(places):.2f} ms")
    for number in range(JOBS):
        store.jobs.add(f"{number:032d}", Importance(f"{number:032d}"))
    print(f"  list of {JOBS} jobs: {1000 * min(seconds(store.jobs.list) for _ in range(5)):.1f} ms")


def main(megabytes: int) -> None:
    """Without encryption, and with it."""
    os.environ["PMED_MAX_FILE_MB"] = str(megabytes + 1)
    with tempfile.TemporaryDirectory() as folder:
        print("as it is:")
        measured(Path(folder) / "plain", megabytes)
        keys.make(Path(folder) / "master.key")
        os.environ["PMED_KEY_FILE"] = str(Path(folder) / "master.key")
        print("encrypted:")
        measured(Path(folder) / "sealed", megabytes)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 512)
