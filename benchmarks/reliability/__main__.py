"""Every run of this folder with bounded time, in one table.

    python -m benchmarks.reliability [--only "fuzz|load"]

The first column is the command; what each prints goes to the terminal beside it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

Lines = list[str]


def sums(lines: Lines) -> str:
    """Of each column of the last table."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    start = max(n for n, row in enumerate(rows) if not row[0].strip("-")) - 1
    found: Counter[str] = Counter()
    for row in rows[start + 2 :]:
        found.update({name: int(cell) for name, cell in zip(rows[start][1:], row[1:], strict=True)})
    return ", ".join(f"{count:,} {name}" for name, count in found.items())


def bombs(lines: Lines) -> str:
    """How many, and the most that one of them took."""
    rows = [line.split("|")[3:5] for line in lines if re.match(r"\|[^|]+\|[^|]+\| [\d.]+ \|", line)]
    seconds, peak = (max(float(row[k].replace(",", "")) for row in rows) for k in (0, 1))
    return f"{len(rows)}; at most {seconds:.0f} s and {peak:,.0f} MB"


def last(lines: Lines) -> str:
    """The sentence at the end."""
    return lines[-1]


def waits(lines: Lines) -> str:
    """Of each way of visiting: median and 95th percentile, and what was lost."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return "; ".join(
        f"{row[0]}: {row[3]} and {row[4]} s, {row[2]} lost"
        for row in rows
        if len(row) > 4 and row[1].isdigit()
    )


@dataclass(frozen=True)
class Run:
    """A script of this folder, how long it may take, and how its output becomes a sentence."""

    script: str
    seconds: float
    said: Callable[[Lines], str] = last


RUNS = (
    Run("kills --rounds 12", 1_200, sums),
    Run("resumed --rounds 6", 1_800),
    Run("damage --tries 20", 900, sums),
    Run("packages", 900, sums),
    Run("fuzz --files 10000 --seconds 600", 700),
    Run("fuzz --packages 100", 600),
    Run("bombs", 2_400, bombs),
    Run("bombs --series 1000", 600),
    Run("planted --patients 20000", 1_200),
    Run("full_disk --steps 4", 1_800, sums),
    Run("load --sessions 50 --seconds 30", 600, waits),
    Run("load --sessions 100 --seconds 30 --trainings 1", 600, waits),
    Run("load --sessions 50 --seconds 30 --processes 2", 600, waits),
)  # fmt: skip


def outcome(run: Run) -> str:
    """What came of it, in a sentence."""
    script, *arguments = run.script.split()
    line = [sys.executable, "-m", f"benchmarks.reliability.{script}", *arguments]
    try:
        ended = subprocess.run(line, stdout=subprocess.PIPE, text=True, timeout=run.seconds)
    except subprocess.TimeoutExpired:
        return f"not finished in {run.seconds:,.0f} s"
    lines = [one for one in ended.stdout.splitlines() if one.strip()]
    sys.stderr.write(ended.stdout)
    return run.said(lines) if not ended.returncode and lines else f"failed ({ended.returncode})"


def main() -> None:
    """Print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    print("| `python -m benchmarks.reliability.…` | s | result |\n|---|---|---|", flush=True)
    for run in RUNS:
        if re.search(given.only, run.script):
            began = time.monotonic()
            found = outcome(run).replace("|", "/")
            print(f"| `{run.script}` | {time.monotonic() - began:.0f} | {found} |", flush=True)


if __name__ == "__main__":
    main()
