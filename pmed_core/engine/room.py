"""What a machine has for jobs: places, which all its projects share, and GPUs.

The projects of a machine take turns at places as users do within a project (``store.shares``): who
has the fewest jobs running there comes first, then who has used the least, then who has waited
longest. Each that waits for a place says so in a file; nobody decides for all.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Collection
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

from pmed_core.settings import Settings
from pmed_core.store.dialects import shared

VISIBLE = "CUDA_VISIBLE_DEVICES"
"""The variable by which CUDA knows which GPUs a process may use."""
TOOL, TOOL_SECONDS = "nvidia-smi", 10
SAYS_AGAIN, SAID = 1.0, 3.0
"""Seconds after which whoever waits says so again, and for which it is believed."""

Need = tuple[int, float, float]
"""Jobs running here, seconds used in the last day, waiting since: the smallest comes first."""


@dataclass
class Room:
    """That of one machine, as one home sees it.

    Attributes:
        places: how many jobs of all homes run here at the same time.
        gpus: the names by which CUDA knows those that jobs are given, one each; None where nobody
            counts them.
        alone: whether no other machine works on the same jobs.
        shared: the folder in which homes of this machine agree; None where there is one home. The
            system frees a lock in it when its supervisor dies.
        home: the name of this one.
    """

    places: int = 1
    gpus: tuple[str, ...] | None = None
    alone: bool = True
    shared: Path | None = None
    home: str = ""
    said: tuple[float, Need] | None = field(default=None, init=False)

    def gpu(self, held: ExitStack, busy: Collection[str]) -> str | None:
        """A GPU that no job has, kept until ``held`` is closed; "" where none is free, None where
        it makes no sense to wait for one: a job that needs it is told so by its worker.

        ``busy``: those of this home's jobs.
        """
        if self.gpus is None or (self.alone and not self.gpus):
            return None
        free = (one for one in self.gpus if one not in busy)
        return next((one for one in free if self._takes(f"gpu-{_file(one)}", held)), "")

    def place(self, held: ExitStack, need: Need) -> bool:
        """Take a place for as long as ``held`` is open -> whether there was one, and nobody comes
        first."""
        if self.shared is None:
            return True
        self._say(self.shared, need)
        if any(other < (need, self.home) for other in self._others(self.shared)):
            return False
        return any(self._takes(f"place-{number}", held) for number in range(self.places))

    def pass_by(self) -> None:
        """Nothing of this home waits for a place."""
        if self.shared is not None and self.said is not None:
            (self.shared / f"waits-{self.home}").unlink(missing_ok=True)
            self.said = None

    def seen(self, gpu: str) -> dict[str, str]:
        """The variables by which a worker sees its own GPU alone, or none."""
        return {} if self.gpus is None else {VISIBLE: gpu}

    def _takes(self, name: str, held: ExitStack) -> bool:
        if self.shared is None:
            return True
        self.shared.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.shared / f"{name}.lock")
        with suppress(Timeout):
            lock.acquire(blocking=False)
            held.callback(lock.release)
            return True
        return False

    def _say(self, shared: Path, need: Need) -> None:
        moment = time.monotonic()
        if self.said is None or self.said[1] != need or moment - self.said[0] > SAYS_AGAIN:
            shared.mkdir(parents=True, exist_ok=True)
            (shared / f"waits-{self.home}").write_text(json.dumps(need), "utf-8")
            self.said = (moment, need)

    def _others(self, shared: Path) -> list[tuple[Need, str]]:
        """What other homes have said that they need."""
        found = []
        for path in shared.glob("waits-*"):
            name = path.name.removeprefix("waits-")
            # What is just being written, or was taken back, counts in the next round.
            with suppress(OSError, ValueError, TypeError):
                if name != self.home and abs(time.time() - path.stat().st_mtime) < SAID:
                    running, used, since = json.loads(path.read_text("utf-8"))
                    found.append(((running, used, since), name))
        return found


def room(chosen: Settings) -> Room:
    """That of this machine."""
    found, alone = gpus(chosen), not shared(chosen.database)
    # What else TensorFlow can use on a machine of its own is left to it; a cluster counts its own.
    uncounted = chosen.engine == "ray" or (alone and chosen.gpus is None and not found)
    counted = None if uncounted else found
    folder = chosen.home.parents[1] / "places" if chosen.hosted else None
    return Room(chosen.jobs_at_once, counted, alone, folder, chosen.home.name)


def _file(gpu: str) -> str:
    return re.sub(r"[^\w-]", "-", gpu)


def gpus(chosen: Settings) -> tuple[str, ...]:
    """The GPUs of this machine that jobs may be given, by the names that CUDA knows: those that
    this process may use, at most ``PMED_GPUS``."""
    visible = os.environ.get(VISIBLE)
    if chosen.gpus == 0:
        return ()
    if visible is None:
        found = _listed() or tuple(map(str, range(chosen.gpus or 0)))
    else:
        found = tuple(one.strip() for one in visible.split(",") if one.strip())
        # As CUDA does: what stands behind one that is none does not count.
        found = found[: found.index("-1")] if "-1" in found else found
    return found[: chosen.gpus]


@cache
def _listed() -> tuple[str, ...]:
    """Those that the driver's own tool lists; a card that is divided (MIG) by its parts, which
    come after it."""
    tool = shutil.which(TOOL)
    if tool is None:
        return ()
    try:
        asked = subprocess.run(
            (tool, "-L"), capture_output=True, text=True, timeout=TOOL_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.findall(r"UUID: ((?:GPU|MIG)-[^)\s]+)", asked.stdout)
    after = (*found[1:], "")
    return tuple(
        one for one, next_ in zip(found, after, strict=False)
        if one.startswith("MIG") or not next_.startswith("MIG")
    )  # fmt: skip
