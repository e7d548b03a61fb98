"""What the shell shows: progress on stderr, tables as aligned text."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evaluation import Evaluation, Measure
from pmed_core.figures import wording
from pmed_core.files import written_whole
from pmed_core.outcomes import Outcome
from pmed_core.outcomes.kinds import serious
from pmed_core.progress import Silent
from pmed_core.spreadsheets import as_csv
from pmed_core.subgroups import Subgroups

LINE_SECONDS = 10.0


def say(sentence: str) -> None:
    """A message, on stderr."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def say_of_training(notes: Sequence[str], held_out: bool) -> None:
    """What is known of who was in training; ``held_out``: each patient by other networks."""
    for note in notes:
        say(note)
    if held_out:
        say("Patients of the training are predicted by the networks that never saw them.")


def warn(cohort: Cohort) -> None:
    """What is serious about a cohort, such as an input that tells the outcome."""
    for found in serious(cohort) if cohort.outcome is not None else ():
        say(f"Serious: {found.sentence} {found.remedy}")


def account(cohort: Cohort) -> None:
    """What the reader decided: guesses first, for they are worth a look; then its notes."""
    guesses = [one for one in cohort.reading if not one.proved]
    for one in guesses:
        options = " or ".join(
            f"{one.key}={value}" for value in one.options if value != one.value and one.overrulable
        )
        say(f"Please check: {one.sentence}" + (f" Else: --read '{options}'" if options else ""))
    for one in cohort.reading:
        if one.proved:
            before = "; ".join(f"{old} -> {new}" for old, new in one.examples if new)
            say(one.sentence + (f" ({before})" if before else ""))
    told = {one.sentence for one in cohort.reading}
    for note in cohort.notes:
        if note not in told:
            say(note)


class Lines(Silent):
    """Progress as plain lines, a few of them: for logs and pipes."""

    def __init__(self) -> None:
        self.text, self.said = "", 0.0

    def stage(self, text: str, fraction: float) -> None:
        kind = text.split(",")[0]
        if kind != self.text or time.monotonic() - self.said > LINE_SECONDS:
            say(f"{100 * fraction:3.0f} %  {text}")
            self.text, self.said = kind, time.monotonic()

    def note(self, sentence: str) -> None:
        say(sentence)

    def close(self) -> None:
        """Nothing is left on the screen."""


class Bar(Lines):
    """Progress as a bar, with the validation AUROC of the epoch, for a person who waits."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        super().__init__()
        self.score = ""
        self.progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"),
            TimeElapsedColumn(), console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self.task = self.progress.add_task("Starting", total=1.0)
        self.progress.start()

    def stage(self, text: str, fraction: float) -> None:
        self.progress.update(self.task, description=text + self.score, completed=fraction)

    def epoch(self, values: dict[str, Any]) -> None:
        for name in ("auroc", "c_index", "r2"):
            found = [value for value in values.get(f"validation_{name}", ()) if value == value]
            if found:
                title = wording.measure_title(name)
                self.score = f", {title} {sum(found) / len(found):.3f}"

    def note(self, sentence: str) -> None:
        self.progress.console.print(sentence, markup=False, highlight=False)

    def close(self) -> None:
        self.progress.stop()


def progress() -> Lines:
    """A bar where a person looks, else lines."""
    return Bar() if sys.stderr.isatty() else Lines()


@contextmanager
def watched() -> Iterator[Lines]:
    """Shown for as long as something runs."""
    found = progress()
    try:
        yield found
    finally:
        found.close()


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text: the first column to the left, the others to the right, in any script."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for j in range(len(rows[0])):
        table.add_column(justify="right" if j else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(width=10_000, color_system=None)
    with console.capture() as shown:
        console.print(table)
    return "\n".join(line.rstrip() for line in shown.get().splitlines())


def interval(measure: Measure) -> str:
    """``0.868 (0.855 to 0.881)``"""
    if measure.value != measure.value:
        return "not known"
    if not measure.bounded:
        return f"{measure.value:.4f} (no interval)"
    return f"{measure.value:.4f} ({measure.low:.4f} to {measure.high:.4f})"


def evaluation_text(evaluation: Evaluation) -> str:
    """The evaluation as a person reads it: measures, baselines, verdict, notes."""
    parts = [f"Evaluated {evaluation.on}: {_counted(evaluation)}.", _measures(evaluation)]
    if evaluation.baselines:
        parts.append(_baselines(evaluation))
    sentences = [evaluation.verdict, *evaluation.notes]
    parts += ["\n".join(sentence for sentence in sentences if sentence)]
    return "\n\n".join(part for part in parts if part)


def groups_text(found: Subgroups, outcome: Outcome) -> str:
    """A model in each group of its patients: a row each, and whether they differ."""
    names = list(found.whole.measures)
    titles = [wording.measure_title(name, outcome) for name in names]
    rows = [[found.variable, "Evaluated", *titles]]
    for one in (found.whole, *found.groups):
        rows.append([one.name, f"{one.n:,}", *(interval(one.measures[name]) for name in names)])
    return f"{aligned(rows)}\n\n{found.verdict}"


def _counted(evaluation: Evaluation) -> str:
    counted = evaluation.outcome.counted(evaluation.events)
    shown = "".join(f", {size:,} {name}" for name, size in counted)
    return f"{evaluation.n:,} {evaluation.of}s{shown}; predicted: {evaluation.outcome.question()}"


def _measures(evaluation: Evaluation) -> str:
    rows = [["Measure", "Value (95 % interval)"]]
    for name in dict.fromkeys((*evaluation.first, *evaluation.measures)):
        title = wording.measure_title(name, evaluation.outcome)
        rows.append([title, interval(evaluation.measures[name])])
    return aligned(rows)


def _baselines(evaluation: Evaluation) -> str:
    found = [(baseline.name, baseline.measures) for baseline in evaluation.baselines]
    names = [name for name in evaluation.compared if name in found[0][1]]
    rows = [["On the same folds", *map(wording.measure_title, names), "Seconds"]]
    for title, measures in [("This model", evaluation.measures), *found]:
        rows.append([title, *(interval(measures[name]) for name in names), ""])
    for row, baseline in zip(rows[2:], evaluation.baselines, strict=True):
        row[-1] = f"{baseline.seconds:.1f}"
    return aligned(rows)


def named(to: str | None, suffix: str) -> bool:
    """Whether a file to be written has this suffix; none has the empty one."""
    return bool(suffix) and to is not None and Path(to).suffix.lower() == f".{suffix}"


def write(table: pd.DataFrame, to: str | None) -> None:
    """A table as CSV to a file, or to stdout."""
    write_text(as_csv(table), to)


def write_text(text: str, to: str | None) -> None:
    """A text to a file, or to stdout."""
    if to is None:
        sys.stdout.write(text)
        return
    if Path(to).is_dir():
        raise UserError("This is a folder", to, "Give --to the name of a file.")
    with written_whole(Path(to)) as beside:
        beside.write_text(text, encoding="utf-8")
