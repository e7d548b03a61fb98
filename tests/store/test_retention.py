"""A cohort is kept until its last day, and what was made of it goes with it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pmed_core.errors import UserError
from pmed_core.service import cohorts, models, retention, training
from pmed_core.settings import settings
from pmed_core.shell.main import main
from pmed_core.store import histories
from pmed_core.store import retention as kept
from pmed_core.store.store import open_store
from tests.service.conftest import installation as installation
from tests.service.conftest import trained as trained
from tests.service.made import Installation

TODAY = date.today()
TOMORROW = TODAY + timedelta(1)


def test_a_cohort_and_what_was_made_of_it_go_after_the_last_day(trained: Installation) -> None:
    entry = cohorts.cohort(trained.cohort)
    other = cohorts.bring_in("other.csv", b"patient_id,age\np1,40\np2,50\n")
    retention.keep_until(entry.address, TODAY)
    assert retention.term(entry.address) == retention.Term(TODAY, 1, 0)
    assert kept.sweep(settings(), TODAY) == ()
    (ended,) = kept.sweep(settings(), TOMORROW)
    assert (ended.address, ended.models) == (entry.address, (trained.model,))
    assert [one.id for one in cohorts.cohorts()] == [other]
    assert (models.models(), training.jobs()) == ((), ())
    left = [path for path in settings().home.rglob("*") if entry.address in path.name]
    assert left == []
    assert len(list((settings().home / "sources").iterdir())) == 1
    assert kept.sweep(settings(), TOMORROW) == ()


def test_a_revision_keeps_the_last_day(trained: Installation) -> None:
    entry = cohorts.cohort(trained.cohort)
    retention.keep_until(entry.address, TOMORROW)
    cohorts.revise(entry.id, entry.variables, None)
    term = retention.term(cohorts.cohort(trained.cohort).address)
    assert term is not None
    assert (term.last, term.models, term.left, term.soon) == (TOMORROW, 1, 1, True)
    (ended,) = kept.sweep(settings(), TOMORROW + timedelta(1))
    assert len(ended.revisions) == 2, "the revision that the model was trained on, too"
    assert cohorts.cohorts() == ()


def test_without_a_last_day_nothing_is_deleted(trained: Installation) -> None:
    address = cohorts.cohort(trained.cohort).address
    retention.keep_until(address, TOMORROW)
    retention.keep_until(address, None)
    assert retention.term(address) is None
    assert kept.sweep(settings(), date(2999, 1, 1)) == ()
    assert len(models.models()) == 1


def test_notice_is_given_a_month_before() -> None:
    address = cohorts.bring_in("other.csv", b"patient_id,age\np1,40\np2,50\n")
    for days, soon in ((kept.NOTICE_DAYS + 1, False), (kept.NOTICE_DAYS, True), (0, True)):
        retention.keep_until(address, TODAY + timedelta(days))
        term = retention.term(address)
        assert term is not None
        assert term.soon == soon


def test_days_that_are_over_and_cohorts_that_are_not_here_are_refused() -> None:
    with pytest.raises(UserError, match="This day is over"):
        retention.keep_until("a" * 32, TODAY - timedelta(1))
    for address in ("a" * 32, "../models", ""):
        with pytest.raises(UserError, match="no such cohort"):
            retention.keep_until(address, TOMORROW)


def test_a_last_day_that_cannot_be_read_deletes_nothing(trained: Installation) -> None:
    address = cohorts.cohort(trained.cohort).address
    retention.keep_until(address, TODAY)
    path = settings().home / histories.HISTORIES / address / kept.UNTIL
    for held in (b"", b"2027-02-30", b"\xff\xfe", b"soon"):
        path.write_bytes(held)
        with pytest.raises(UserError, match="cannot be read"):
            retention.term(address)
        assert kept.sweep(settings(), date(2999, 1, 1)) == ()
    retention.keep_until(address, TOMORROW)
    assert retention.term(address) is not None


def test_a_cohort_that_is_worked_on_waits(trained: Installation) -> None:
    address = cohorts.cohort(trained.cohort).address
    retention.keep_until(address, TODAY)
    jobs = open_store(settings()).jobs
    jobs.add("waiting", training.job(trained.model).work)
    assert kept.sweep(settings(), TOMORROW) == ()
    jobs.ask_to_stop("waiting", "cancel")
    assert len(kept.sweep(settings(), TOMORROW)) == 1


def test_the_shell_sets_it_and_deletes(
    trained: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["store", "until", trained.cohort, "2027-02-30"], 0.0) == 2
    assert main(["store", "until", trained.cohort, TODAY.isoformat()], 0.0) == 0
    term = retention.term(cohorts.cohort(trained.cohort).address)
    assert term is not None
    assert term.last == TODAY
    assert main(["store", "expire"], 0.0) == 0
    assert len(models.models()) == 1
    long_ago = open_store(settings())
    kept.keep_until(long_ago, cohorts.cohort(trained.cohort).address, date(2020, 1, 1))
    assert main(["store", "expire"], 0.0) == 0
    assert "1 models trained on it are deleted" in capsys.readouterr().out
    assert models.models() == ()
