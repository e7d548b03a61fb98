"""Several warm processes that answer questions, in turn for all who ask.

A question that is slow, or never ends, holds one of them; the others go on answering. Nobody holds
the last one beside another: whose questions are slow waits for them alone. Those who hold none come
first, in the order in which they asked. Another is started only when somebody has waited for a
moment: most questions end sooner than one starts.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from pmed_core.engine.asker import asker
from pmed_core.engine.child import Child
from pmed_core.errors import UserError
from pmed_core.work import Work

WARM_SECONDS = 120.0
BUSY = "The machine is busy with what others have asked"
YOURS = "What you asked before is still being worked on"
PATIENCE = 0.5
"""Seconds that a question waits before another process is started for those that wait."""


@dataclass(eq=False, frozen=True)
class Ticket:
    """A question that waits or is worked on, and whose it is; "" is nobody else's."""

    lane: str = ""


@dataclass
class Pool:
    """At most ``size`` processes, each made by ``make``.

    Attributes:
        warmed: whether a further one loads its libraries before it is asked; meanwhile those who
            wait may be served by one that has become free.
        not_before: when another is tried again after one could not start.
        lasting: whether one stays after its answer; otherwise each question has a new one.
        waiting: the questions that wait, as they came.
        held: asker -> how many of the processes work for them.
    """

    make: Callable[[], Child]
    size: int
    warmed: bool = False
    lasting: bool = True
    free: list[Child] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    waiting: list[Ticket] = field(default_factory=list)
    held: Counter[str] = field(default_factory=Counter)
    not_before: float = 0.0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def ask(self, work: Work | None, seconds: float, home: str = "") -> str:
        """The answer, at the latest after so many seconds; ``work`` and ``home`` as of ``Child``.

        Raises ``UserError`` in the process's words, or where it was too slow, busy, or has ended.
        """
        until, ticket = time.monotonic() + seconds, Ticket(asker())
        child = self._taken(ticket, until)
        try:
            # Whoever waited long still has a moment for the answer.
            return child.ask(work, max(until - time.monotonic(), min(seconds, PATIENCE)), home)
        finally:
            self._give_back(child, ticket)

    def stop(self) -> None:
        """End the processes; the next question starts others."""
        with self.changed:
            held = list(self.children)
        for child in held:
            child.stop()

    def _taken(self, ticket: Ticket, until: float) -> Child:
        """The first process that is free once it is the question's turn."""
        came = time.monotonic()
        with self.changed:
            self.waiting.append(ticket)
            try:
                while self._next() is not ticket or not self._ready():
                    left = until - time.monotonic()
                    if left <= 0:
                        raise UserError(
                            YOURS if self._holds(ticket) else BUSY, "", "Try again in a minute."
                        )
                    self.changed.wait(min(left, PATIENCE))
                    if time.monotonic() - came >= PATIENCE:
                        self._grow()
                self.held[ticket.lane] += 1
                # The one that has been there longest holds the models that were asked last.
                return self.free.pop(0)
            finally:
                self.waiting.remove(ticket)
                self.changed.notify_all()

    def _next(self) -> Ticket | None:
        """Whose turn it is: of those who hold fewest, who came first."""
        spare = self.size - self.held.total()
        able = [one for one in self.waiting if spare > 1 or not self._holds(one)]
        return min(able, key=self._holds, default=None)

    def _holds(self, ticket: Ticket) -> int:
        return self.held[ticket.lane] if ticket.lane else 0

    def _ready(self) -> bool:
        if not self.children:
            self._add()
        return bool(self.free)

    def _add(self) -> None:
        child = self.make()
        self.children.append(child)
        self.free.append(child)

    def _grow(self) -> None:
        """One more where all are busy, and there may be more."""
        if self.free or len(self.children) >= self.size or time.monotonic() < self.not_before:
            return
        if not self.warmed:
            self._add()
            return
        child = self.make()
        self.children.append(child)
        threading.Thread(target=self._warm, args=(child,), daemon=True).start()

    def _warm(self, child: Child) -> None:
        try:
            child.ask(None, WARM_SECONDS)
        except UserError:
            # There is no room for another now; whoever waits is served by those that are there.
            with self.changed:
                self.children.remove(child)
                self.not_before = time.monotonic() + WARM_SECONDS
            return
        self._give_back(child)

    def _give_back(self, child: Child, ticket: Ticket | None = None) -> None:
        if not self.lasting:
            child.stop()
        with self.changed:
            if ticket is not None:
                self.held -= Counter({ticket.lane: 1})
            self.free.append(child)
            self.free.sort(key=self.children.index)
            self.changed.notify_all()
