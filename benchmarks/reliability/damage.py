"""A damaged database or entry: a sentence, no effect, said as damaged, unnoticed, or a bug.

    python -m benchmarks.reliability.damage --tries 60

Each try damages a copy of one installation: pmed.sqlite cut off, with a bit turned, with a page of
zeros; or one JSON file emptied, cut off, with a bit turned, or replaced by other JSON.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.reliability.made import installation, table_of
from pmed_core.errors import UserError
from pmed_core.settings import Settings
from pmed_core.store.rebuild import unlisted
from pmed_core.store.store import Store, open_store

Spoil = Callable[[bytes, random.Random], bytes]
PAGE = 4096


def cut(data: bytes, draw: random.Random) -> bytes:
    """Its beginning."""
    return data[: draw.randrange(len(data))]


def flip(data: bytes, draw: random.Random) -> bytes:
    """One bit is another."""
    changed, place = bytearray(data), draw.randrange(len(data))
    changed[place] ^= 1 << draw.randrange(8)
    return bytes(changed)


def zero(data: bytes, draw: random.Random) -> bytes:
    """A page of zeros."""
    start = PAGE * draw.randrange(max(1, len(data) // PAGE))
    return data[:start] + bytes(min(PAGE, len(data) - start)) + data[start + PAGE :]


def ones(data: bytes, draw: random.Random) -> bytes:
    """A page of 0xFF."""
    start = PAGE * draw.randrange(max(1, len(data) // PAGE))
    return data[:start] + b"\xff" * min(PAGE, len(data) - start) + data[start + PAGE :]


def other_json(data: bytes, draw: random.Random) -> bytes:
    """JSON that is no entry."""
    return draw.choice((b"[1]", b"{}", b"null", b'"x"', b"[" * 50_000, b"", b"NaN"))


def looked_at(store: Store) -> dict[str, Any]:
    """Everything that lists show and the verbs of a page read."""
    found: dict[str, Any] = {
        "cohorts": store.cohorts.list(), "models": store.models.list(), "jobs": store.jobs.list(),
        "evaluations": [store.models.evaluations(one.id) for one in store.models.list()],
    }  # fmt: skip
    for entry in store.cohorts.list():
        found[f"table {entry.id}"] = store.cohorts.get(entry.id).digest()
        found[f"quality {entry.id}"] = store.cohorts.quality(entry.id)
        found[f"history {entry.id}"] = store.cohorts.history(entry.address)
    return found


def outcome(home: Path, before: dict[str, Any]) -> str:
    """How the damage shows."""
    open_store.cache_clear()
    store = None
    try:
        store = open_store(Settings(home=home))
        said = store.cohorts.damaged() + store.models.damaged() + store.jobs.damaged()
        said += tuple(
            d for one in before["models"] for d in store.models.damaged_evaluations(one.id)
        )
        if said or unlisted(store):
            looked_at_healthy(store)
            return "said as damaged"
        return "no effect" if looked_at(store) == before else "unnoticed"
    except UserError:
        return "a sentence"
    except Exception as error:  # noqa: BLE001 - what must not happen is counted
        return f"bug ({type(error).__name__})"
    finally:
        if store is not None:
            store.jobs.engine.dispose()


def looked_at_healthy(store: Store) -> None:
    """Lists go on beside what is damaged."""
    store.cohorts.list()
    store.models.list()
    store.jobs.list()


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tries", type=int, default=60, help="of each kind")
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args()
    draw, counts = random.Random(given.seed), dict[str, dict[str, int]]()
    with tempfile.TemporaryDirectory() as folder:
        whole, tried = Path(folder) / "whole", Path(folder) / "tried"
        installation(whole)
        store = open_store(Settings(home=whole))
        with store.jobs.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        store.jobs.engine.dispose()
        before = looked_at(store)
        texts = sorted(p for p in whole.rglob("*.json") if p.parts[-2] != "passing")
        for spoil in (cut, flip, zero, ones):
            counts[f"database: {spoil.__name__}"] = _tried(
                [whole / "pmed.sqlite"], spoil, (whole, tried, before), (given.tries, draw)
            )
        for spoil in (cut, flip, other_json):
            counts[f"JSON files: {spoil.__name__}"] = _tried(
                texts, spoil, (whole, tried, before), (given.tries, draw)
            )
    print(table_of(counts, "damage"))


def _tried(
    files: list[Path], spoil: Spoil, home: tuple[Path, Path, dict[str, Any]],
    times: tuple[int, random.Random],
) -> dict[str, int]:  # fmt: skip
    (whole, tried, before), (tries, draw) = home, times
    row: dict[str, int] = {}
    for number in range(tries):
        shutil.copytree(whole, tried)
        path = tried / files[number % len(files)].relative_to(whole)
        path.write_bytes(spoil(path.read_bytes(), draw))
        found = outcome(tried, before)
        row[found] = row.get(found, 0) + 1
        if found == "unnoticed" or found.startswith("bug"):
            print(f"{found}: {spoil.__name__} of {path.relative_to(tried)}, try {number}")
        shutil.rmtree(tried)
    return row


if __name__ == "__main__":
    main()
