"""One execution of a work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pmed_core.bounds import Count, Moment, Share
from pmed_core.modalities.options import Device
from pmed_core.work import Work


@dataclass(frozen=True)
class Request:
    """By which user a job is asked for, and the seconds that it is expected to take; "" and 0 where
    that is not known."""

    user: str = ""
    seconds: float = 0.0


UNKNOWN = Request()


def device_of(work: Work) -> Device:
    """What it is to be computed on."""
    return getattr(getattr(work, "options", None), "device", "auto")


@dataclass(frozen=True)
class Job:
    """One execution of a work, as the pages see it.

    Attributes:
        state: queued -> running -> done, failed or cancelled.
        place: position in the queue from 1; 0 when not waiting.
        stage, fraction: what is being done and how much is done.
        epochs: the points of the live curves so far.
        notes: sentences for the user.
        result: id or JSON text, once done.
        error: the sentence shown when it failed.
        device: what it asks for: "gpu" waits for a machine with a free one, "auto" takes one where
            it is free.
        gpu: which of its machine's it has; empty for none, or where nobody counts them.
        interrupted: how often its worker died, and another went on.
        submitted, started, finished: seconds since 1970; 0 where not yet.
    """

    id: str
    work: Work
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    submitted: Moment
    place: int = 0
    stage: str = ""
    fraction: Share = 0.0
    epochs: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    result: str = ""
    error: str = ""
    started: Moment = 0.0
    finished: Moment = 0.0
    interrupted: Count = 0
    device: Device = "auto"
    gpu: str = ""

    @property
    def alive(self) -> bool:
        """Still waiting or running."""
        return self.state in ("queued", "running")
