"""Cohorts come back as they were."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.outcomes import YesNo
from pmed_core.quality import Quality
from pmed_core.settings import settings
from pmed_core.store.store import Store, open_store
from pmed_core.variable import Kind, Role, Variable

QUALITY = Quality(3, (), ())


@pytest.fixture
def store() -> Store:
    return open_store(settings())


@pytest.fixture
def cohort() -> Cohort:
    table = pd.DataFrame(
        {
            "id": pd.Series(["007", "1e5", "=1+1"], dtype="str"),
            "age": [81.0, np.nan, np.inf],
            "sex": pd.Series(["f", np.nan, "NA"], dtype="str"),
            "never": pd.Series([np.nan] * 3, dtype="str"),
            "seen": pd.to_datetime(pd.Series(["2026-01-01T00:00", None, "2026-11-20T10:00"])),
            "died": pd.Series(["yes", "no", np.nan], dtype="str"),
        }
    )
    variables = (
        Variable("id", Kind.IDENTIFIER, Role.PATIENT),
        Variable("age", Kind.NUMBER, unit="years", range=(20.0, 81.0)),
        Variable("sex", Kind.CATEGORY, categories=("f", "NA")),
        Variable("never", Kind.CATEGORY),
        Variable("seen", Kind.DATE, Role.IGNORE, reason="a date"),
        Variable("died", Kind.YES_NO, Role.OUTCOME, categories=("no", "yes")),
    )
    return Cohort("icu.csv", table, variables, YesNo("died", ("yes",)), ("1 row has no outcome",))


def test_a_cohort_comes_back_with_exact_cells(store: Store, cohort: Cohort) -> None:
    store.cohorts.add("abc", cohort, QUALITY, "")
    found = store.cohorts.get("abc")
    pd.testing.assert_frame_equal(found.table, cohort.table, check_exact=True)
    assert found.digest() == cohort.digest()
    assert (found.variables, found.outcome, found.notes) == (
        cohort.variables, cohort.outcome, cohort.notes,
    )  # fmt: skip
    assert store.cohorts.quality("abc") == QUALITY
    assert [entry.id for entry in store.cohorts.list()] == ["abc"]


def test_a_removed_cohort_is_gone_with_its_file_unless_another_was_read_from_it(
    store: Store, cohort: Cohort
) -> None:
    token = store.passing.add("icu.csv", io.BytesIO(b"id,age\n1,2\n"))
    source = store.passing.digest(token)
    store.cohorts.add("one", cohort, QUALITY, source)
    store.cohorts.add("two", cohort, QUALITY, source)
    store.passing.drop(token)
    store.cohorts.remove("one")
    assert store.cohorts.source(source).read_bytes() == b"id,age\n1,2\n"
    store.cohorts.remove("two")
    with pytest.raises(UserError, match="no longer there"):
        store.cohorts.source(source)
    with pytest.raises(UserError, match="no such cohort"):
        store.cohorts.get("two")
    assert store.cohorts.list() == ()


def test_the_same_bytes_are_kept_once_for_each_name(store: Store, cohort: Cohort) -> None:
    for identity, name in (("one", "a.csv"), ("two", "../../a.csv"), ("three", "a.xlsx")):
        with store.passing.upload(name, io.BytesIO(b"x")) as token:
            store.cohorts.add(identity, cohort, QUALITY, store.passing.digest(token))
    entries = {entry.id: entry.source for entry in store.cohorts.list()}
    assert entries["one"] == entries["two"] != entries["three"]
    kept = [path for path in (store.home / "sources").rglob("*") if path.is_file()]
    assert sorted(path.name for path in kept) == ["a.csv", "a.xlsx"]
    assert store.cohorts.source(entries["one"]).name == "a.csv"
    assert all(fits for _, fits in store.cohorts.sources())
    assert left(store) == []


def left(store: Store) -> list[str]:
    """Files that only passed through and are still there."""
    found = (store.home / "passing").rglob("*")
    return [path.name for path in found if path.is_file() and path.name != ".lock"]


def test_a_file_that_is_too_large_is_refused_and_not_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PMED_MAX_FILE_MB", "1")
    settings.cache_clear()
    with pytest.raises(UserError, match="larger than the 1 MB"):
        store.passing.add("vast.csv", io.BytesIO(bytes(2**20 + 1)))
    assert left(store) == []


@pytest.mark.parametrize("identity", ["../x", "a/b", "", "..", "a.b"])
def test_an_id_never_becomes_a_path(store: Store, identity: str) -> None:
    with pytest.raises(UserError):
        store.cohorts.entry(identity)
    with pytest.raises(UserError):
        store.models.package(identity)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be made"):
        open_store(settings().model_copy(update={"home": tmp_path / "file" / "home"}))


def test_a_database_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "pmed.sqlite").write_bytes(b"patients" * 1000)
    with pytest.raises(UserError, match="not a database"):
        open_store(settings().model_copy(update={"home": tmp_path}))
