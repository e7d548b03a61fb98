"""What the Train page says of a run whose process ended before it was done."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pmed_core.service.hub import hub
from pmed_core.work import Fit, identify
from tests.pages.conftest import Open

WAITS = "It was interrupted, and goes on by itself."


def claimed() -> tuple[str, int]:
    """A job that a worker holds."""
    work, jobs = Fit("c", "anything"), hub().store.jobs
    jobs.add(identify(work), work)
    found = jobs.claim()
    assert found is not None
    return found


def said(app: AppTest) -> str:
    return " ".join(one.value for one in (*app.info, *app.caption, *app.error))


@pytest.mark.parametrize("died", [True, False])
def test_one_that_waits_to_go_on_does_not_blame_another_run(opened: Open, died: bool) -> None:
    job, token = claimed()
    hub().store.jobs.lose(job, token, "", died=died)
    told = said(opened("train", run=job))
    assert WAITS in told
    assert "busy with another run" not in told


def test_of_one_that_was_given_up_nobody_took_over(opened: Open) -> None:
    jobs = hub().store.jobs
    for _ in range(3):
        job, token = claimed()
        jobs.lose(job, token, "It ended {times} times.")
    told = said(opened("train", run=job))
    assert "It ended 3 times" in told
    assert "ended 3 times before it was done." in told
    assert "took over" not in told
