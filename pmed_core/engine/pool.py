"""Several warm processes that answer questions, in turn for all who ask.

A question that is slow, or never ends, holds one of them; the others go on answering. Nobody holds
the last one beside another: whose questions are slow waits for them alone. Those who hold none come
first, and of them each in turn, however many questions each has asked (start-time fair queueing:
Goyal, Vin and Cheng 1996). Another is started only when somebody has waited for a moment: most
questions end sooner than one starts.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from pmed_core.engine.asker import asker
from pmed_core.engine.child import Child
from pmed_core.errors import Busy, UserError
from pmed_core.work import Work

WARM_SECONDS = 120.0
FULL = "The machine is busy with what others have asked"
LATER = "Try again in a minute."
WAITING, WAITING_OF_ONE = 400, 40
"""Questions that may wait: of all, and of one asker."""
YOURS = "What you asked before is still being worked on"
PATIENCE = 0.5
"""Seconds that a question waits before another process is started for those that wait."""


@dataclass(eq=False, frozen=True)
class Ticket:
    """A question that waits or is worked on, and whose it is; "" is nobody else's.

    Attributes:
        turn: after how many rounds of all who ask it comes.
    """

    lane: str = ""
    turn: int = 0


@dataclass
class Pool:
    """At most ``size`` processes, each made by ``make``.

    Attributes:
        warmed: whether a further one loads its libraries before it is asked; meanwhile those who
            wait may be served by one that has become free.
        stopped: whether nothing was asked since all were ended.
        not_before: when another is tried again after one could not start.
        lasting: whether one stays after its answer; otherwise each question has a new one.
        waiting: the questions that wait, as they came.
        held: asker -> how many of the processes work for them.
        turn: that of the question that was begun last.
        turns: asker -> the turn of what they ask next, where it is still to come.
    """

    make: Callable[[], Child]
    size: int
    warmed: bool = False
    lasting: bool = True
    free: list[Child] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    waiting: list[Ticket] = field(default_factory=list)
    held: Counter[str] = field(default_factory=Counter)
    turn: int = 0
    turns: dict[str, int] = field(default_factory=dict)
    not_before: float = 0.0
    stopped: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)

    def ask(self, work: Work | None, seconds: float, home: str = "") -> str:
        """The answer, at the latest after so many seconds; ``work`` and ``home`` as of ``Child``.

        Raises ``UserError`` in the process's words, or where it was too slow, busy, or has ended.
        """
        until = time.monotonic() + seconds
        ticket = self._queued(asker())
        child = self._taken(ticket, until)
        try:
            # Whoever waited long still has a moment for the answer.
            return child.ask(work, max(until - time.monotonic(), min(seconds, PATIENCE)), home)
        finally:
            self._give_back(child, ticket)

    def stop(self) -> None:
        """End the processes; the next question starts others."""
        with self.changed:
            self.stopped, held = True, list(self.children)
        for child in held:
            child.stop()

    def _queued(self, lane: str) -> Ticket:
        """A place at the end of the queue; raises ``Busy`` where there is none."""
        with self.changed:
            mine = sum(one.lane == lane for one in self.waiting) if lane else 0
            if mine >= WAITING_OF_ONE:
                raise Busy(f"{mine} of your questions are waiting already", "", LATER)
            if len(self.waiting) >= WAITING:
                raise Busy(f"{FULL}: {len(self.waiting)} questions are waiting", "", LATER)
            self.stopped = False
            ticket = Ticket(lane, max(self.turn, self.turns.get(lane, 0)))
            if lane:
                self.turns[lane] = ticket.turn + 1
            self.waiting.append(ticket)
            return ticket

    def _taken(self, ticket: Ticket, until: float) -> Child:
        """The first process that is free once it is the question's turn."""
        came = time.monotonic()
        with self.changed:
            try:
                while self._next() is not ticket or not self._ready():
                    left = until - time.monotonic()
                    if left <= 0:
                        raise Busy(YOURS if self._holds(ticket) else FULL, "", LATER)
                    self.changed.wait(min(left, PATIENCE))
                    if time.monotonic() - came >= PATIENCE:
                        self._grow()
                self.held[ticket.lane] += 1
                self.turn = max(self.turn, ticket.turn)
                self.turns = {one: at for one, at in self.turns.items() if at > self.turn}
                # The one that has been there longest holds the models that were asked last.
                return self.free.pop(0)
            finally:
                self.waiting.remove(ticket)
                self.changed.notify_all()

    def _next(self) -> Ticket | None:
        """Whose turn it is: of those who hold fewest, whose comes first."""
        spare = self.size - self.held.total()
        able = [one for one in self.waiting if spare > 1 or not self._holds(one)]
        return min(able, key=lambda one: (self._holds(one), one.turn), default=None)

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
            if not self.waiting and not self.held:
                self.turns.clear()
            if ticket and self.warmed and not (child.alive or self.stopped):
                # It ended with this question: it starts again before anybody asks it.
                threading.Thread(target=self._warm, args=(child,), daemon=True).start()
                self.changed.notify_all()
                return
            self.free.append(child)
            self.free.sort(key=self.children.index)
            self.changed.notify_all()
