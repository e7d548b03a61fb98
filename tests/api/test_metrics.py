"""Counts as Prometheus reads them."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy.exc import OperationalError

from pmed_core.api import metrics
from pmed_core.engine import readiness
from pmed_core.settings import Settings


async def nothing(*_: object) -> None:
    """No application."""


def told() -> dict[str, str]:
    lines = metrics.told(metrics.Timed(nothing)).splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if line[0] != "#")


def test_large_counts_are_told_to_the_last_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    found = readiness.Jobs(Counter(done=1_234_567), 86_400.25)
    monkeypatch.setattr(readiness, "jobs", lambda _: found)
    assert told()['pmed_jobs{state="done"}'] == "1234567"
    assert told()["pmed_oldest_waiting_job_seconds"] == "86400.25"


def test_where_the_store_fails_the_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: Settings) -> readiness.Jobs:
        raise OperationalError("select", {}, Exception("interrupted"))

    monkeypatch.setattr(readiness, "jobs", failing)
    assert "pmed_ready" in told()
    assert not any(name.startswith("pmed_jobs") for name in told())
