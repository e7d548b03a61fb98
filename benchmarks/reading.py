"""Reading a table of 100,000 patients x 50 columns, beside pandas and polars, in one run.

    python -m benchmarks.reading [ROWS]

pandas and polars read cells and guess their types; we also decide how numbers and dates are
written, find identifiers and say what was done. polars is not a requirement: without it its line
is left out.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from pmed_core.readers.quality import check
from pmed_core.readers.tables import as_cohort, read_table

ROUNDS = 3


def made(rows: int) -> pd.DataFrame:
    """30 measurements, 10 counts, 6 categories, 2 dates, an id and an outcome; gaps in all."""
    generator = np.random.default_rng(0)
    columns: dict[str, object] = {"patient_id": np.arange(rows) + 100_000}
    for number in range(30):
        values = generator.normal(50, 12, rows).round(number % 4 + 1)
        columns[f"lab {number}"] = np.where(generator.random(rows) < 0.1, np.nan, values)
    for number in range(10):
        columns[f"count {number}"] = generator.integers(0, 400, rows)
    for number in range(6):
        words = [f"level {n}" for n in range(3 + number)]
        columns[f"group {number}"] = generator.choice(words, rows)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(generator.integers(0, 900, rows), "D")
    columns["admitted"] = days.strftime("%d.%m.%Y")
    columns["discharged"] = days.strftime("%Y-%m-%d")
    columns["died"] = generator.choice(["yes", "no"], rows)
    return pd.DataFrame(columns)


def best(read: Callable[[], object]) -> float:
    """Seconds of the fastest of a few rounds."""
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        read()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def main(rows: int) -> None:
    """Print the seconds of each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "patients.csv"
        made(rows).to_csv(path, index=False)
        table = read_table(path)
        cohort = as_cohort(table, path.name)
        lines = {
            "pandas.read_csv": best(lambda: pd.read_csv(path)),
            "pmed, file to cells": best(lambda: read_table(path)),
            "pmed, cells to cohort": best(lambda: as_cohort(table, path.name)),
            "pmed, quality": best(lambda: check(cohort)),
        }
        if importlib.util.find_spec("polars"):
            import polars

            lines["polars.read_csv"] = best(lambda: polars.read_csv(path, infer_schema_length=None))
        size = path.stat().st_size / 2**20
        print(f"{rows:,} x {len(table.cells.columns)} cells, {size:.0f} MB, best of {ROUNDS}")
        for name, seconds in lines.items():
            print(f"{name:24} {seconds:6.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
