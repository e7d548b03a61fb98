"""Profiles on disk: as they were, damage noticed, and part of what a cohort is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.errors import DamagedEntry
from pmed_core.profiles import Profiles
from pmed_core.quality import Quality
from pmed_core.settings import settings
from pmed_core.store.store import Store, open_store
from pmed_core.variable import Kind, Variable

NOTHING = Quality(3, (), ())


def cohort() -> Cohort:
    values = np.array([[1.5, -2.0], [np.nan, 0.25]], dtype=np.float32)
    table = pd.DataFrame({"line profile": pd.array(["a", "b", "a"], dtype="str")})
    variables = (Variable("line profile", Kind.PROFILE),)
    return Cohort("lines", table, variables, profiles=Profiles(("a", "b"), ("G1", "G2"), values))


@pytest.fixture
def store(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Store:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("PMED_HOME", str(tmp_path))
    return open_store(settings())


def test_profiles_are_kept_and_come_back(store: Store) -> None:
    before = cohort()
    store.cohorts.add("ab12", before, NOTHING, "")
    after = store.cohorts.get("ab12")
    assert after.profiles is not None
    assert before.profiles is not None
    assert after.profiles.names == ("G1", "G2")
    assert np.array_equal(after.profiles.values, before.profiles.values, equal_nan=True)
    assert after.digest() == before.digest()
    assert store.cohorts.changed("ab12") == ()
    store.cohorts.add("cd34", after, NOTHING, "")
    assert store.cohorts.get("cd34").digest() == before.digest()


def test_values_names_and_ids_are_part_of_the_digest() -> None:
    before = cohort()
    found = before.profiles
    assert found is not None
    others = (
        Profiles(found.ids, found.names, found.values + np.float32(1)),
        Profiles(found.ids, ("G1", "G3"), found.values),
        Profiles(("a", "c"), found.names, found.values),
    )
    digests = {replace(before, profiles=one).digest() for one in others}
    assert len(digests | {before.digest()}) == 4


def test_some_of_the_rows_keep_their_profiles() -> None:
    part = cohort().select(np.array([2]))
    assert part.profiles is not None
    assert part.profiles.of(part.table["line profile"].tolist())[0, 0] == 1.5


def test_values_of_another_size_are_damage(store: Store) -> None:
    store.cohorts.add("ab12", cohort(), NOTHING, "")
    path = store.home / "cohorts" / "ab12" / "profiles.bin"
    path.write_bytes(path.read_bytes()[:-4])
    store.cohorts.release()
    with pytest.raises(DamagedEntry):
        store.cohorts.get("ab12")
    assert store.cohorts.changed("ab12") == ("profiles.bin",)


def test_profiles_must_fit_their_names() -> None:
    with pytest.raises(ValueError, match="a row of values an id"):
        Profiles(("a",), ("G1",), np.zeros((2, 1), dtype=np.float32))
