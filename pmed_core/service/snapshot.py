"""What was read a moment ago is not read again, however many people look at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

SECONDS = 1.0
KEPT = 256

Noun = TypeVar("Noun")


@dataclass
class Snapshot:
    """Nouns of this process by name, each read at most once a second."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    held: dict[str, tuple[float, Any]] = field(default_factory=dict)

    def get(self, name: str, read: Callable[[], Noun]) -> Noun:
        """The noun of that name, no older than a second; one caller reads, the others wait."""
        with self.lock:
            stamp, held = self.held.get(name, (-SECONDS, None))
            if held is not None and time.monotonic() - stamp < SECONDS:
                return cast(Noun, held)
            noun = read()
            if len(self.held) >= KEPT:
                self.held.clear()
            self.held[name] = (time.monotonic(), noun)
        return noun

    def forget(self) -> None:
        """Something was changed from here: what is read next is fresh."""
        with self.lock:
            self.held.clear()
