"""Identifiers of many patients go in at the front: are they found anywhere on the disk?

    python -m benchmarks.reliability.planted [--patients 100000]

An encrypted installation takes a table of so many patients, whose ids, surnames and notes can be
known again, learns from it, predicts, refuses files and is backed up. Then all that lies on the
disk is searched for them: the home with its database and logs, temporary files, the backup. The
same search of an installation that is not encrypted shows that it finds what there is.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from pmed_core.errors import UserError
from pmed_core.modalities.tabular.options import LinearOptions
from pmed_core.options import FitOptions
from pmed_core.sealing import keys
from pmed_core.service import cohorts, models, patients, training, uploads
from pmed_core.settings import settings
from pmed_core.store import backup
from tests.service.made import as_bytes, chosen

MARK = re.compile(rb"Z\x00?Q\x00?(?:[0-9]\x00?){7}|Quixwood|Q\x00u\x00i\x00x\x00w\x00o\x00o\x00d")
"""As UTF-8 and as UTF-16."""
FILE = "ward of Dr Quixwood.csv"
CHUNK, OVERLAP = 1 << 26, 64


def table(rows: int) -> pd.DataFrame:
    """Patients of whom each cell that names one begins with a mark."""
    draw = np.random.default_rng(0)
    age = draw.normal(60, 12, rows).round(1)
    ids = [f"ZQ{number:07d}" for number in range(rows)]
    return pd.DataFrame(
        {
            "patient_id": ids,
            "surname": [f"Quixwood{one}" for one in ids],
            "age": age,
            "lactate": draw.lognormal(0.5, 0.4, rows).round(2),
            "died": np.where(draw.random(rows) < 1 / (1 + np.exp(3 - age / 30)), "yes", "no"),
        }
    )


def found(*folders: Path) -> dict[str, int]:
    """File -> how often a mark stands in it or in its name."""
    counted: dict[str, int] = {}
    for path in (path for folder in folders for path in sorted(folder.rglob("*"))):
        times = len(MARK.findall(os.fsencode(path.name)))
        if path.is_file() and not path.is_symlink():
            times += _within(path)
        if times:
            counted[str(path)] = times
    return counted


def _within(path: Path) -> int:
    times, kept = 0, b""
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            held = kept + part
            times += sum(one.end() > len(kept) for one in MARK.finditer(held))
            kept = held[-OVERLAP:]
    return times


def journey(rows: int, temporary: Path) -> str:
    """All that is done with a cohort -> what it took, in words."""
    data, started = as_bytes(table(rows)), time.monotonic()
    looked_at, _ = uploads.inspect(FILE, data)
    cohort = chosen(cohorts.take(looked_at))
    options = FitOptions(folds=2, network=LinearOptions(), baselines=False)
    identity = training.train(cohort, "Model of Quixwood", options)
    while (job := training.job(identity)).alive:
        time.sleep(0.5)
    if job.state != "done":
        raise SystemExit(job.error)
    for number in range(0, rows, max(rows // 20, 1)):
        patients.consult(job.result, cohorts.cells(cohort, f"ZQ{number:07d}"), f"ZQ{number:07d}")
    models.predict(job.result, FILE, data)
    for name, broken in (("Quixwood.sav", b"$FL2@(#) Quixwood"), ("Quixwood.xlsx", data[:9999])):
        try:
            cohorts.bring_in(name, broken)
        except UserError:
            continue
        raise SystemExit(f"{name} was not refused")
    backup.backup(settings(), temporary)
    return f"{rows:,} patients in {time.monotonic() - started:.0f} s"


def main() -> None:
    """See the module's docstring."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--patients", type=int, default=100_000)
    given, outside = asked.parse_args(), tempfile.gettempdir()
    for sealed in (False, True):
        with tempfile.TemporaryDirectory(dir=outside) as folder:
            home, temporary = Path(folder) / "home", Path(folder) / "temporary"
            temporary.mkdir()
            os.environ |= {"PMED_HOME": str(home), "PMED_ENGINE": "inline"}
            os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
            os.environ.pop("PMED_KEY_FILE", None)
            if sealed:
                keys.make(Path(folder) / "master.key")
                os.environ["PMED_KEY_FILE"] = str(Path(folder) / "master.key")
            settings.cache_clear()
            said = journey(given.patients if sealed else 1000, temporary)
            where = found(home, temporary)
            kind = "encrypted" if sealed else "not encrypted (the search itself)"
            print(f"{kind}: {said}; {sum(where.values()):,} marks in {len(where)} files")
            for name, times in list(where.items())[:5]:
                print(f"  {Path(name).relative_to(folder)}: {times:,}")


if __name__ == "__main__":
    main()
