"""Small files that would take the machine: each must end in one sentence, or be read in bounds.

    python -m benchmarks.reliability.bombs --memory 4000 [--only "gzip|TIFF"]
    python -m benchmarks.reliability.bombs --series 1000

Each is brought in as the app does it, by a fresh child with that limit of memory (MB); its peak and
its seconds are printed beside the answer. ``--series`` reads a CT of so many slices instead, as
a series of DICOM files, and compares the peak with the size of its pixels.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.reliability.bomb_files import BOMBS, plain_table
from benchmarks.reliability.bomb_packages import PACKAGES
from benchmarks.reliability.series import megabytes, written
from pmed_core.errors import UserError
from pmed_core.service import cohorts, models
from pmed_core.service.hub import hub
from pmed_core.settings import settings


@dataclass
class Watch:
    """The highest memory of the children of a pool while something is asked of them."""

    peak_mb: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        """Until it is over."""
        while not self.over.wait(0.02):
            for pool in (hub().engine.reading, hub().engine.importing):  # type: ignore[union-attr]
                for child in list(pool.children):
                    if child.child is not None:
                        self.peak_mb = max(self.peak_mb, peak_of(child.child.pid))


def peak_of(pid: int) -> float:
    """Megabytes that a process had at most so far; 0 where it has ended."""
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0


def asked(path: Path) -> tuple[str, float, float]:
    """(what came of it, seconds, peak in MB) of bringing a file in with a fresh child."""
    hub().engine.stop()  # type: ignore[union-attr]
    watch, began = Watch(), time.monotonic()
    thread = threading.Thread(target=watch.look)
    thread.start()
    try:
        with path.open("rb") as data:
            if path.name.startswith("package"):
                models.bring_in(path.name, data.read())
            else:
                cohorts.bring_in(path.name, data)
        said = "read"
    except UserError as error:
        said = error.what
    finally:
        watch.over.set()
        thread.join()
    return said, time.monotonic() - began, watch.peak_mb


def bombs(folder: Path, only: str) -> None:
    """Print a row for each."""
    print("| what | file | s | peak, MB | what came of it |\n|---|---|---|---|---|")
    made = {"a plain table": plain_table, **BOMBS, **PACKAGES}
    for name, make in made.items():
        if not re.search(only, name) and name != "a plain table":
            continue
        path = make(folder)
        size = path.stat().st_size
        said, seconds, peak = asked(path)
        path.unlink()
        shown = f"{size / 1e6:,.1f} MB" if size > 1e6 else f"{size / 1e3:,.0f} kB"
        print(f"| {name} | {shown} | {seconds:.1f} | {peak:,.0f} | {said} |", flush=True)


def series(folder: Path, slices: int) -> None:
    """Print how many times its own size a CT takes."""
    rest = asked(plain_table(folder))[2]
    path = written(folder / "series.zip", slices)
    said, seconds, peak = asked(path)
    own = megabytes(slices)
    print(
        f"{slices:,} slices, {own:,.0f} MB of pixels: {said} in {seconds:.1f} s, peak {peak:,.0f} "
        f"MB ({peak / own:.2f} times; {(peak - rest) / own:.2f} beside what a small table takes)"
    )


def main() -> None:
    """See the module's docstring."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--memory", type=int, default=4_000)
    wanted.add_argument("--only", default="")
    wanted.add_argument("--series", type=int, default=0)
    given = wanted.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PMED_HOME"], os.environ["PMED_ENGINE"] = f"{folder}/home", "local"
        os.environ["PMED_READING_MEMORY_MB"] = os.environ["PMED_MODEL_MEMORY_MB"] = str(
            given.memory
        )
        settings.cache_clear()
        if given.series:
            series(Path(folder), given.series)
        else:
            bombs(Path(folder), given.only)
        hub().engine.stop()  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
