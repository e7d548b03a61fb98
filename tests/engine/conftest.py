"""A store, and a supervisor with one place whose workers are odd."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pmed_core.engine.supervisor import Supervisor
from pmed_core.settings import settings
from pmed_core.store.store import Store, open_store
from tests.engine.supervised import supervising


@pytest.fixture
def store() -> Store:
    return open_store(settings())


@pytest.fixture
def supervisor(store: Store) -> Iterator[Supervisor]:
    with supervising(store, at_once=1) as found:
        yield found
