"""Counts for Prometheus, in its text format (version 0.0.4): jobs, questions, and how long answers
take. No patient, model or key is in them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from pmed_core.engine import readiness
from pmed_core.errors import UserError
from pmed_core.service.hub import questions
from pmed_core.settings import settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds."""
STATES = ("queued", "running", "done", "failed", "cancelled")
TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Timed:
    """Counts answers by route and status, and how long they took."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.lock = threading.Lock()
        self.answers = Counter[tuple[str, int]]()
        self.within = Counter[tuple[str, float]]()
        self.seconds = Counter[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.monotonic(), [500]
        scope.setdefault("state", {})["metrics"] = self

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            # The pattern of a route, and not the address: that names a model.
            route = getattr(scope.get("route"), "path", "other")
            self._note(route, status[0], time.monotonic() - began)

    def _note(self, route: str, status: int, seconds: float) -> None:
        with self.lock:
            self.answers[route, status] += 1
            self.seconds[route] += seconds  # type: ignore[assignment]  # a sum of seconds
            self.within.update((route, bound) for bound in BOUNDS if seconds <= bound)

    def lines(self) -> Iterable[str]:
        """Requests, and a histogram of seconds."""
        with self.lock:
            answers, within, seconds = dict(self.answers), Counter(self.within), dict(self.seconds)
        yield from _metric(
            "pmed_requests_total", "counter",
            {f'route="{route}",status="{status}"': n for (route, status), n in answers.items()},
        )  # fmt: skip
        yield "# TYPE pmed_request_seconds histogram"
        for route, total in seconds.items():
            count = sum(n for (one, _), n in answers.items() if one == route)
            for bound in BOUNDS:
                held = within[route, bound]
                yield f'pmed_request_seconds_bucket{{route="{route}",le="{bound}"}} {held}'
            yield f'pmed_request_seconds_bucket{{route="{route}",le="+Inf"}} {count}'
            yield f'pmed_request_seconds_sum{{route="{route}"}} {total:.6f}'
            yield f'pmed_request_seconds_count{{route="{route}"}} {count}'


def _metric(name: str, kind: str, values: Mapping[str, float]) -> Iterable[str]:
    yield f"# TYPE {name} {kind}"
    for labels, value in values.items():
        # All digits: a count that is rounded stands still, and then leaps.
        yield f"{name}{{{labels}}} {value:.15g}" if labels else f"{name} {value:.15g}"


def told(timed: Timed) -> str:
    """All of them, as text."""
    lines = [*_metric("pmed_ready", "gauge", {"": float(not readiness.faults(settings()))})]
    try:
        jobs = readiness.jobs(settings())
    except (UserError, SQLAlchemyError):
        # ``pmed_ready`` says so.
        jobs = None
    if jobs is not None:
        of_states = {f'state="{state}"': float(jobs.states[state]) for state in STATES}
        lines += _metric("pmed_jobs", "gauge", of_states)
        lines += _metric("pmed_oldest_waiting_job_seconds", "gauge", {"": jobs.oldest})
    lines += _metric("pmed_questions_waiting", "gauge", {"": float(questions())})
    return "\n".join([*lines, *timed.lines()]) + "\n"
