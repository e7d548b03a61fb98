"""Whether models of real tables say the same as ONNX in onnxruntime, of all patients.

    python -m benchmarks.onnx FOLDER [--model tabm] [--only NAME ...]

FOLDER holds the CSV files named in ``benchmarks.learning_curve``; those that are missing are
skipped. Of each table a model is trained and exported, and asked about every row. Prints a Markdown
table.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks.learning_curve import TABLES, Table
from pmed_core.exporting import as_onnx, run
from pmed_core.modalities.tabular.exporting import cells
from pmed_core.options import FitOptions
from pmed_core.readers.tables import read_cohort
from pmed_core.training.fit import fit

HEAD = (
    "| table | patients | outcome | file (MB) | written in (s) | largest difference | "
    "of the values' span | flags that differ |\n|---|---|---|---|---|---|---|---|"
)


def row(folder: Path, table: Table, model: str) -> str:
    """A line of the table."""
    cohort = read_cohort(
        folder / table.file, outcome=table.outcome, patient=table.patient, ignore=table.ignore
    )
    options = FitOptions.model_validate({"network": {"name": model}, "baselines": False})
    predictor = fit(cohort, options)
    started = time.monotonic()
    data = as_onnx(predictor, "")
    seconds = time.monotonic() - started
    said = predictor.ensemble.predict(cohort)
    *values, outside = run(data, cells(predictor.variables, cohort.table))
    apart = np.abs(np.stack(values, axis=1) - said.value).max()
    return (
        f"| {table.file} | {len(cohort):,} | {cohort.chosen_outcome().question()} | "
        f"{len(data) / 1e6:.1f} | {seconds:.1f} | {apart:.1e} | {apart / np.ptp(said.value):.1e} | "
        f"{(outside != said.outside).sum()} of {len(cohort):,} |"
    )


def main() -> None:
    """See the module's docstring."""
    given = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given.add_argument("folder", type=Path)
    given.add_argument("--model", default="tabm")
    given.add_argument("--only", nargs="*", default=())
    chosen = given.parse_args()
    print(HEAD, flush=True)
    for table in TABLES:
        named = not chosen.only or any(name in table.file for name in chosen.only)
        if named and (chosen.folder / table.file).exists():
            print(row(chosen.folder, table, chosen.model), flush=True)


if __name__ == "__main__":
    main()
