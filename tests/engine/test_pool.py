"""One slow question keeps nobody else waiting, and who came first is served first."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from pmed_core.engine import asker as askers
from pmed_core.engine import pool as pools
from pmed_core.engine.child import Child
from pmed_core.engine.local import LocalEngine
from pmed_core.engine.machine import children, memory_mb
from pmed_core.engine.pool import Pool
from pmed_core.errors import Busy, UserError
from pmed_core.settings import settings
from pmed_core.store.store import open_store
from pmed_core.work import Load, Read, Work
from tests.engine import odd_worker

SECONDS = 60.0


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    monkeypatch.setattr(pools, "PATIENCE", 0.05)
    found = Pool(lambda: Child(8000, odd_worker.__name__), 2)
    yield found
    found.stop()


def ask(pool: Pool, name: str, seconds: float = SECONDS) -> str:
    return pool.ask(Read("source", name), seconds)


def hangs(pool: Pool, seconds: float) -> threading.Thread:
    """Somebody whose question never ends; it is being worked on."""

    def wait() -> None:
        with pytest.raises(UserError, match="took longer|was ended"):
            ask(pool, "deaf", seconds)

    thread = threading.Thread(target=wait)
    thread.start()
    while not pool.children or pool.free:
        time.sleep(0.01)
    return thread


def test_a_question_that_hangs_keeps_only_its_own_user_waiting(pool: Pool) -> None:
    slow = hangs(pool, SECONDS)
    assert ask(pool, "one") == "one is done"
    assert ask(pool, "two") == "two is done"
    assert slow.is_alive(), "they did not wait for it"
    pool.stop()
    slow.join()


def test_there_are_never_more_than_that_many(pool: Pool) -> None:
    threads = [threading.Thread(target=ask, args=(pool, name)) for name in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(pool.children) <= 2
    assert len(pool.free) == len(pool.children)
    assert not pool.waiting


class Scripted(Child):
    """One that answers when it is told to, and keeps the order of the questions."""

    def __init__(self, asked: list[str]) -> None:
        super().__init__()
        self.go, self.asked = threading.Semaphore(0), asked

    def ask(self, work: Work | None, seconds: float, home: str = "") -> str:
        assert isinstance(work, Read)
        self.go.acquire()
        self.asked.append(work.name)
        return work.name


def test_who_came_first_is_served_first() -> None:
    asked: list[str] = []
    child = Scripted(asked)
    pool = Pool(lambda: child, 1)
    names = [f"{n}" for n in range(8)]
    threads = []
    for place, name in enumerate(names):
        threads.append(threading.Thread(target=ask, args=(pool, name)))
        threads[-1].start()
        while len(pool.waiting) + len(pool.children) - len(pool.free) <= place:
            time.sleep(0.001)
    for _ in names:
        child.go.release()
    for thread in threads:
        thread.join()
    assert asked == names


class Lanes(threading.local):
    """Who asks in each thread."""

    name = ""


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    found = Lanes()
    askers.tell_by(lambda: found.name)
    yield found
    askers.tell_by(lambda: "")


def asks(
    pool: Pool, lanes: Lanes, who: str, what: str, seconds: float = SECONDS
) -> threading.Thread:
    """Somebody who asks in a thread of their own; it waits or is worked on."""

    def one() -> None:
        lanes.name = who
        ask(pool, what)

    before = len(pool.waiting) + pool.held.total()
    thread = threading.Thread(target=one)
    thread.start()
    while len(pool.waiting) + pool.held.total() <= before:
        time.sleep(0.001)
    return thread


def test_who_has_none_comes_before_who_asks_again(lanes: Lanes) -> None:
    asked: list[str] = []
    child = Scripted(asked)
    pool = Pool(lambda: child, 1)
    order = [("ann", "1"), ("ann", "2"), ("ann", "3"), ("ben", "4"), ("", "5"), ("ann", "6")]
    threads = [asks(pool, lanes, who, what) for who, what in order[:1]]
    while pool.waiting:
        time.sleep(0.001)
    threads += [asks(pool, lanes, who, what) for who, what in order[1:]]
    assert pool._next() is pool.waiting[2], "ben's, though ann asked before"
    for _ in order:
        child.go.release()
    for thread in threads:
        thread.join()
    assert sorted(asked) == [what for _, what in order]
    assert not pool.held, "nobody is remembered"


def test_each_asker_has_a_turn_however_many_questions_wait(lanes: Lanes) -> None:
    asked: list[str] = []
    child = Scripted(asked)
    pool = Pool(lambda: child, 1)
    threads = [asks(pool, lanes, "ann", "a0")]
    while pool.waiting:
        time.sleep(0.001)
    order = [("ann", f"a{n}") for n in range(1, 6)] + [("ben", "b1"), ("ben", "b2"), ("cleo", "c1")]
    threads += [asks(pool, lanes, who, what) for who, what in order]
    for thread in [None, *threads[1:]]:
        before = len(asked)
        child.go.release()
        while len(asked) == before and thread is not threads[-1]:
            time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert asked == ["a0", "b1", "c1", "a1", "b2", "a2", "a3", "a4", "a5"]
    assert not pool.turns, "nobody is remembered"


def test_who_asks_again_and_again_does_not_pass_by_those_who_wait(lanes: Lanes) -> None:
    pool = Pool(lambda: Scripted([]), 1)
    first = [pool._queued(who) for who in ("ann", "ben", "cleo")]
    for expected in first:
        ticket = pool._next()
        assert ticket is expected
        pool.turn = max(pool.turn, ticket.turn)
        pool.waiting.remove(ticket)
        pool._queued("ann")  # who has an answer, and asks at once
    assert [one.turn for one in pool.waiting] == [1, 2, 3]


def test_a_queue_that_is_full_says_so(lanes: Lanes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "WAITING", 5)
    monkeypatch.setattr(pools, "WAITING_OF_ONE", 3)
    pool = Pool(lambda: Scripted([]), 1)
    for _ in range(3):
        pool._queued("ann")
    with pytest.raises(Busy, match="3 of your questions"):
        pool._queued("ann")
    pool._queued("ben")
    pool._queued("")
    with pytest.raises(Busy, match="busy with what others have asked: 5"):
        pool._queued("cleo")


def test_one_that_ended_starts_again_before_anybody_asks(pool: Pool) -> None:
    pool.warmed = True
    with pytest.raises(UserError, match="was ended"):
        ask(pool, "dies")
    while not (pool.free and pool.free[0].alive):
        time.sleep(0.01)
    assert ask(pool, "one") == "one is done"
    pool.stop()
    assert not any(child.alive for child in pool.children)


def test_nobody_holds_all_of_them(lanes: Lanes) -> None:
    made: list[Scripted] = []

    def make() -> Child:
        made.append(Scripted([]))
        return made[-1]

    pool = Pool(make, 2)
    slow = asks(pool, lanes, "ann", "slow")
    while pool.waiting:
        time.sleep(0.001)
    lanes.name = "ann"
    with pytest.raises(UserError, match="What you asked before"):
        ask(pool, "again", 0.7)
    other = asks(pool, lanes, "ben", "quick")
    while len(made) < 2:
        time.sleep(0.001)
    made[1].go.release()
    other.join(SECONDS)
    assert made[1].asked == ["quick"]
    assert slow.is_alive()
    made[0].go.release()
    slow.join()


def test_who_waits_too_long_is_told_that_others_are_served(pool: Pool) -> None:
    pool.size = 1
    slow = hangs(pool, SECONDS)
    with pytest.raises(UserError, match="busy"):
        ask(pool, "late", 0.1)
    assert not pool.waiting
    pool.stop()
    slow.join()


def test_one_that_does_not_last_ends_with_its_answer(pool: Pool) -> None:
    pool.lasting = False
    assert ask(pool, "one") == "one is done"
    assert [child.child for child in pool.children] == [None]
    assert ask(pool, "two") == "two is done"


def test_where_there_is_no_room_for_another_the_first_goes_on(pool: Pool) -> None:
    class Fails(Child):
        def ask(self, work: Work | None, seconds: float, home: str = "") -> str:
            raise UserError("No memory")

    slow = hangs(pool, SECONDS)
    pool.make, pool.warmed = Fails, True
    with pytest.raises(UserError, match="busy"):
        ask(pool, "late", 0.3)
    while len(pool.children) > 1:
        time.sleep(0.01)
    pool.stop()
    slow.join()


def test_an_imported_model_is_tried_apart_from_those_in_use() -> None:
    engine = LocalEngine(open_store(settings()))
    with pytest.raises(UserError):
        engine.ask(Load("ab" * 16), SECONDS)
    assert engine.pools.importing.children
    assert not engine.pools.modelling.children
    assert [child.child for child in engine.pools.importing.children] == [None]


def test_every_child_has_a_limit_and_is_not_alone() -> None:
    assert 4_000 <= memory_mb() <= 12_000
    assert children() in (2, 3)
    engine = LocalEngine(open_store(settings()))
    for pool in (engine.pools.reading, engine.pools.modelling, engine.pools.importing):
        assert pool.make().command[-1] == str(memory_mb())


def test_no_visitor_holds_all_of_them_with_what_is_asked_ahead(lanes: Lanes) -> None:
    made: list[Scripted] = []

    def make() -> Child:
        made.append(Scripted([]))
        return made[-1]

    pool = Pool(make, 2)
    lanes.name = "ann"
    ahead = [
        threading.Thread(target=askers.for_asker(ask), args=(pool, name)) for name in ("1", "2")
    ]
    for thread in ahead:
        thread.start()
    while pool.waiting[1:] or pool.held.total() < 1:
        time.sleep(0.001)
    other = asks(pool, lanes, "ben", "quick")
    while len(made) < 2:
        time.sleep(0.001)
    made[1].go.release()
    other.join(SECONDS)
    assert made[1].asked == ["quick"]
    for child in (made[0], made[0]):
        child.go.release()
    for thread in ahead:
        thread.join()
