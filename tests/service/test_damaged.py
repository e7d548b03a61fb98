"""One entry that cannot be read hides no other, is said with its reason, and can be removed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from pmed_core.errors import DamagedEntry, UserError
from pmed_core.service import cohorts, damaged, models, training
from pmed_core.service.hub import hub
from pmed_core.work import Fit, identify
from tests.service.made import Installation, as_bytes
from tests.service.made import patients as made

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

MODEL_PARTS = ("spec.json", "card.json", "evaluation.json")
Spoil = Callable[[Path], None]


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def another_type(path: Path) -> None:
    path.write_text("[1]")


def nulls(path: Path) -> None:
    kept = json.loads(path.read_text())
    path.write_text(json.dumps(dict.fromkeys(kept)))


def too_deep(path: Path) -> None:
    path.write_text("[" * 50_000)


def not_utf8(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00" * 100)


def gone(path: Path) -> None:
    path.unlink()


def another_digit(path: Path) -> None:
    path.write_text(path.read_text().replace("0", "1", 1))


@pytest.mark.parametrize("part", ["cohort.json", "quality.json"])
def test_a_changed_digit_of_a_cohort_is_noticed(trained: Installation, part: str) -> None:
    another_digit(trained.home / "cohorts" / trained.cohort / part)
    store = hub().store.cohorts
    read = store.entry if part == "cohort.json" else store.quality
    with pytest.raises(DamagedEntry, match=part):
        read(trained.cohort)


@pytest.mark.parametrize("part", MODEL_PARTS)
def test_a_changed_digit_of_a_model_is_noticed(trained: Installation, part: str) -> None:
    another_digit(hub().store.models.package(trained.model) / part)
    assert [one.id for one in damaged.damaged("model")] == [trained.model]


def twins(trained: Installation) -> str:
    """A second model, imported -> its id."""
    return models.bring_in("model.zip", models.export(trained.model))


@pytest.mark.parametrize("part", MODEL_PARTS)
@pytest.mark.parametrize("spoil", [emptied, another_type, nulls, too_deep, not_utf8, gone])
def test_a_damaged_model_is_said_and_removed(
    trained: Installation, part: str, spoil: Spoil
) -> None:
    other = "0" * 32
    store = hub().store.models
    package = store.new_package(other)
    _copy(store.package(trained.model), package)
    store.add(other, "Second", trained.cohort)
    spoil(package / part)
    assert [one.id for one in models.models()] == [trained.model]
    found = damaged.damaged("model")
    assert [(one.id, one.name) for one in found] == [(other, "Second")]
    assert part in found[0].why
    with pytest.raises(DamagedEntry, match=part):
        models.model(other)
    assert cohorts.cohorts()[0].models == 2
    damaged.remove("model", other)
    assert damaged.damaged("model") == ()
    assert not (trained.home / "models" / other).exists()
    assert [one.id for one in models.models()] == [trained.model]


def _copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())


@pytest.mark.parametrize("spoil", [emptied, another_type, nulls, too_deep, not_utf8, gone])
def test_a_damaged_cohort_is_said_and_removed_with_its_file(
    trained: Installation, spoil: Spoil
) -> None:
    bad = cohorts.bring_in("bad.csv", as_bytes(made(30, seed=5)))
    spoil(trained.home / "cohorts" / bad / "cohort.json")
    assert [one.id for one in cohorts.cohorts()] == [trained.cohort]
    found = damaged.damaged("cohort")
    assert [(one.id, one.name) for one in found] == [(bad, "bad.csv")]
    assert "cohort.json" in found[0].why
    # What others do meanwhile goes on, and takes nobody's file.
    again = cohorts.bring_in("good.csv", as_bytes(made(30, seed=6)))
    cohorts.remove(again)
    assert cohorts.table(trained.cohort).table.shape == (120, 5)
    damaged.remove("cohort", bad)
    assert damaged.damaged("cohort") == ()
    assert not (trained.home / "cohorts" / bad).exists()
    kept = [path.name for path in (trained.home / "sources").rglob("*") if path.is_file()]
    assert kept == ["icu.csv"]


@pytest.mark.parametrize("part", ["table.parquet", "quality.json"])
def test_a_damaged_table_is_a_sentence(trained: Installation, part: str) -> None:
    path = trained.home / "cohorts" / trained.cohort / part
    path.write_bytes(path.read_bytes()[:40])
    store = hub().store.cohorts
    read = store.get if part == "table.parquet" else store.quality
    with pytest.raises(DamagedEntry, match=part):
        read(trained.cohort)
    assert [one.id for one in cohorts.cohorts()] == [trained.cohort]


@pytest.mark.parametrize(
    "change",
    [
        ("work", "{}"), ("work", "not json"), ("work", '{"kind": "fit", "was": "older"}'),
        ("state", "runnimg"), ("submitted", "long ago"), ("fraction", 7.0), ("error", None),
    ],
)  # fmt: skip
def test_a_damaged_job_is_said_and_removed(
    trained: Installation, change: tuple[str, object]
) -> None:
    work = Fit("cohort", "Broken")
    bad = hub().store.jobs.add(identify(work), work)
    column, value = change
    with sqlite3.connect(trained.home / "pmed.sqlite") as database:
        if value is None:
            database.execute("UPDATE jobs SET error = cast(x'ff' AS TEXT) WHERE id = ?", [bad])
        else:
            database.execute(f"UPDATE jobs SET {column} = ? WHERE id = ?", [value, bad])
    database.close()
    hub().snapshot.forget()
    if value is None:  # a sentence that lost a bit is still a sentence
        assert len(training.jobs()) == 2
        return
    assert [job.result for job in training.jobs()] == [trained.model]
    assert [one.id for one in damaged.damaged("job")] == [bad]
    with pytest.raises(DamagedEntry, match="job is damaged"):
        training.job(bad)
    damaged.remove("job", bad)
    assert damaged.damaged("job") == ()
    assert len(training.jobs()) == 1


def test_a_row_that_lost_its_name_or_date_is_damaged(trained: Installation) -> None:
    other = twins(trained)
    with sqlite3.connect(trained.home / "pmed.sqlite") as database:
        database.execute("UPDATE models SET created = 'yesterday' WHERE id = ?", [other])
    database.close()
    assert [one.id for one in models.models()] == [trained.model]
    assert [one.id for one in damaged.damaged("model")] == [other]


def test_a_name_is_short(trained: Installation) -> None:
    with pytest.raises(UserError, match="more than 200"):
        models.rename(trained.model, "x" * 201)
