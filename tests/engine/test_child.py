"""Questions to a warm process: its answers, and what happens when it cannot answer."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from pmed_core.engine.child import Child
from pmed_core.errors import UserError
from pmed_core.work import Read
from tests.engine import odd_worker

SECONDS = 60.0


@pytest.fixture
def child() -> Iterator[Child]:
    found = Child(8000, odd_worker.__name__)
    yield found
    found.stop()


def ask(child: Child, name: str, seconds: float = SECONDS) -> str:
    return child.ask(Read("source", name), seconds)


def test_it_answers_and_stays(child: Child) -> None:
    assert ask(child, "one") == "one is done"
    first = child.child
    assert ask(child, "two") == "two is done"
    assert child.child is first


def test_what_libraries_print_does_not_reach_the_answers(child: Child) -> None:
    assert ask(child, "makes noise") == "makes noise is done"
    assert ask(child, "next") == "next is done"


def test_errors_come_back_in_three_parts(child: Child) -> None:
    with pytest.raises(UserError) as raised:
        ask(child, "refuses")
    assert raised.value == UserError("The file is empty", "x.csv", "Choose another.")
    assert ask(child, "next") == "next is done"


def test_a_bug_is_told_without_the_patient(child: Child) -> None:
    with pytest.raises(UserError, match="KeyError") as raised:
        ask(child, "has a bug")
    assert "Smith" not in str(raised.value)


def test_one_that_takes_too_long_is_ended_and_replaced(child: Child) -> None:
    ask(child, "first")
    slow = child.child
    with pytest.raises(UserError, match="longer than 1 seconds"):
        ask(child, "deaf", 1.0)
    assert slow is not None
    assert slow.returncode == -signal.SIGKILL
    assert ask(child, "next") == "next is done"


@pytest.mark.parametrize("name", ["dies", "eats memory"])
def test_a_bomb_ends_the_process_and_not_the_app(child: Child, name: str) -> None:
    with pytest.raises(UserError, match="memory"):
        ask(child, name)
    assert ask(child, "next") == "next is done"


def test_one_that_was_killed_between_questions_is_replaced(child: Child) -> None:
    ask(child, "first")
    assert child.child is not None
    os.kill(child.child.pid, signal.SIGKILL)
    child.child.wait()
    assert ask(child, "next") == "next is done"


def test_questions_wait_for_each_other(child: Child) -> None:
    answers: dict[str, str] = {}
    threads = [
        threading.Thread(target=lambda name=name: answers.update({name: ask(child, name)}))
        for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {name: f"{name} is done" for name in "abcd"}


def test_who_waits_too_long_is_told_that_others_are_served(child: Child) -> None:
    with child.lock, pytest.raises(UserError, match="busy"):
        ask(child, "late", 0.05)
