"""An installation with one cohort and one quick model, to be broken."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pmed_core.service import cohorts, training
from pmed_core.settings import settings
from tests.service.made import QUICK, as_bytes, chosen, patients


def installation(home: Path, engine: str = "inline") -> tuple[str, str]:
    """Make it -> ids of its cohort and its model."""
    os.environ["PMED_HOME"], os.environ["PMED_ENGINE"] = str(home), engine
    settings.cache_clear()
    cohort = chosen(cohorts.bring_in("icu.csv", as_bytes(patients())))
    job = training.train(cohort, "First", QUICK)
    while training.job(job).alive:
        time.sleep(0.2)
    found = training.job(job)
    if found.state != "done":
        raise SystemExit(found.error)
    return cohort, found.result


def table_of(counts: dict[str, dict[str, int]], head: str) -> str:
    """Row -> column -> count, as Markdown."""
    columns = sorted({column for row in counts.values() for column in row})
    lines = [f"| {head} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, row in counts.items():
        lines.append(f"| {name} | {' | '.join(str(row.get(c, 0)) for c in columns)} |")
    return "\n".join(lines)
