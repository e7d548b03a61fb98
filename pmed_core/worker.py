"""The only door to the back: match the work, do it, report.

    python -m pmed_core.worker job ID TOKEN     one job, in a process of its own
    python -m pmed_core.worker serve [MB]       answers questions, a line of JSON each

Modules that load TensorFlow are imported by the branch that needs them, so that reading a file
starts at once.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, assert_never

from pmed_core.arrays import from_plain, to_json
from pmed_core.bounds import fitting
from pmed_core.cohort import Cohort
from pmed_core.errors import Busy, Cancelled, DiskFull, Unreachable, UserError
from pmed_core.evaluation import Evaluation
from pmed_core.export import Export
from pmed_core.genome.work import CallGenes, ScoreGenomes
from pmed_core.loaded import any_model, in_room, keep_package
from pmed_core.modalities import modality_of
from pmed_core.modalities.kinds import answering, computing, evaluable, reading
from pmed_core.progress import Progress, Silent
from pmed_core.quality import Quality
from pmed_core.quiet import load_tensorflow
from pmed_core.sealing.files import keep_off_the_disk, opened
from pmed_core.settings import settings
from pmed_core.store.jobs import Ended
from pmed_core.store.progress import JobProgress
from pmed_core.store.store import Store, open_store
from pmed_core.subgroups import Subgroups
from pmed_core.work import (
    Describe,
    Divide,
    Evaluate,
    Fit,
    Inspect,
    Load,
    OfModel,
    Predict,
    Predicted,
    Preview,
    Read,
    Work,
    identify,
)

NICE = 5
TERMINATED = 128 + signal.SIGTERM
BLOCKS_AT_MOST = 5000
"""Rows of a file that are also written in the format of their modality while a person waits."""


def run(work: Work, store: Store, progress: Progress) -> str:
    """Do a work -> an id, or JSON; raises ``UserError`` and ``Cancelled``."""
    if isinstance(work, OfModel):
        return _answered(work, store, progress)
    match work:
        case Read():
            return _read(work, store)
        case Inspect() | Describe():
            from pmed_core.intake import inspect

            return inspect(work, store)
        case Fit():
            return _fit(work, store, progress)
        case Load() | Export():
            return _of_package(work, store)
        case Evaluate():
            return _evaluate(work, store)
        case Predict():
            return _predict(work, store)
        case Divide():
            return _divide(work, store)
        case Preview() | CallGenes() | ScoreGenomes():
            return _of_cohort(work, store)
        case _:
            assert_never(work)


def _of_package(work: Load | Export, store: Store) -> str:
    if isinstance(work, Load):
        return keep_package(work, store)
    from pmed_core.exporting import export

    return export(work, store)


def _of_cohort(work: Preview | CallGenes | ScoreGenomes, store: Store) -> str:
    if isinstance(work, Preview):
        from pmed_core.modalities.scan.answers import preview

        return preview(work, store)
    from pmed_core.genome.answers import answer

    return answer(work, store)


def _answered(work: OfModel, store: Store, progress: Progress) -> str:
    predictor = any_model(work.model, store)
    kind = answering(predictor.modality)
    if not isinstance(work, kind.ANSWERED):
        page = predictor.modality.page.capitalize()
        raise UserError(
            f"This model reads {predictor.modality.many}", predictor.name,
            f"Open it on the {page} page.",
        )  # fmt: skip
    return kind.answer(work, predictor, store, progress)


def _read(work: Read, store: Store) -> str:
    from pmed_core import intake

    if work.model:
        entry = store.models.entry(work.model)
        # Held-out patients are kept in the room of their file, and go with it.
        path = store.passing.file(work.source)
        read = reading(modality_of(entry.variables)).inputs
        with opened(path) as plain:
            cohort = read(plain, entry, store.home, work.looked_at, dict(work.choices))
        quality = Quality(len(cohort), (), ())
        in_room(work.source, store).add_passing(work.source, cohort, quality)
        return work.source
    return intake.read(work, store)


def _fit(work: Fit, store: Store, progress: Progress) -> str:
    load_tensorflow()
    from pmed_core.training.fit import fit

    cohort = store.cohorts.get(work.cohort)
    start = any_model(work.start, store) if work.start else None
    predictor = fit(cohort, work.options, progress, start=start)
    predictor.name = fitting(work.name)
    progress.stage("Saving", 0.98)
    progress.hold()
    identity = identify(work)
    predictor.save(store.models.new_package(identity))
    if predictor.out_of_fold is not None:
        store.models.keep_out_of_fold(identity, predictor.out_of_fold)
    if parts := computing(predictor.modality).learnt_as_json(predictor):
        store.models.keep_parts(identity, parts)
    store.models.add(identity, predictor.name, work.cohort)
    return identity


def _evaluate(work: Evaluate, store: Store) -> str:
    predictor = any_model(work.model, store)
    cohort = evaluable(in_room(work.cohort, store).get(work.cohort))
    evaluation = predictor.evaluate(cohort)
    store.cohorts.release()
    said = answering(predictor.modality).known_rows(work.model, predictor, cohort, store)
    notes = tuple(dict.fromkeys((*said, *evaluation.notes)))
    evaluation = replace(evaluation, notes=notes)
    store.models.keep_evaluation(work.model, evaluation)
    return to_json(Evaluation, evaluation)


def _predict(work: Predict, store: Store) -> str:
    predictor, cohort = any_model(work.model, store), in_room(work.cohort, store).get(work.cohort)
    found, kind = predictor.predict(cohort), computing(predictor.modality)
    notes = answering(predictor.modality).known_rows(work.model, predictor, cohort, store)
    table = kind.prediction_table(found, predictor, cohort)
    if work.silent:
        every, of = range(len(found.labels)), predictor.outcome.columns_of
        said = of(found.said_of([k for k in every if k not in work.silent]))
        table = table.drop(columns=[name for name in of(found) if name not in said])
    columns = {str(name): table[name].tolist() for name in table.columns}
    outside = tuple(found.outside.tolist())
    alerts: tuple[bool, ...] = ()
    if work.threshold is not None:
        alerts = tuple((found.value[:, 0] >= work.threshold).tolist())
    blocks = kind.blocks(table, predictor, cohort) if len(table) <= BLOCKS_AT_MOST else ()
    return to_json(Predicted, Predicted(
        columns, outside, found.interval, notes, alerts, blocks, _reading(cohort),
    ))  # fmt: skip


def _reading(cohort: Cohort) -> tuple[str, ...]:
    """How a file was read, guesses first, as the shell says it."""
    decisions = sorted(cohort.reading, key=lambda one: one.proved)
    told = {one.sentence for one in decisions}
    return (
        *(one.sentence if one.proved else f"Please check: {one.sentence}" for one in decisions),
        *(note for note in cohort.notes if note not in told),
    )


def _divide(work: Divide, store: Store) -> str:
    from pmed_core.evaluations.subgroups import by_variable

    entry, held_out = store.models.entry(work.model), store.models.out_of_fold(work.model)
    if held_out is None or not entry.cohort:
        raise UserError(
            "The patients of training are not here", entry.name,
            "Only a model that was trained here can be evaluated in groups of them.",
        )  # fmt: skip
    cohort = store.cohorts.get(entry.cohort)
    variable = next((v for v in cohort.variables if v.name == work.variable), None)
    if variable is None:
        raise UserError("The cohort has no such variable", work.variable, "Choose another.")
    return to_json(
        Subgroups, by_variable(held_out, cohort, variable, (entry.outcome, entry.threshold))
    )


class Terminated(BaseException):
    """This process is told to end."""


def _terminate(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated


def run_job(store: Store, job: str, token: int, *, alone: bool = False) -> None:
    """Do a claimed job; whatever happens, it ends in a state with a sentence."""
    progress = JobProgress(store.jobs, job, token, store.checkpoints.of(job), alone=alone)
    try:
        state, text = _done(job, store, progress)
        if state == "done" and settings().tracking_uri:
            _tell(job, text, store, progress)
    except Terminated:
        # The machine stops, or the job is cancelled: another goes on with it, or nobody.
        progress.close()
        store.jobs.lose(job, token, "", died=False)
        raise SystemExit(TERMINATED) from None
    except Busy as error:
        # Another tries to save it, and goes on with what was kept: hours may have been learnt.
        progress.close()
        if alone:
            raise SystemExit(_status(error)) from None
        state, text = "failed", str(error.on_screen())
    progress.close()
    try:
        if store.jobs.finish(job, token, state, text):
            store.checkpoints.drop(job)
    except (Busy, DiskFull) as error:
        if not alone:
            raise
        # Nothing can be written here; the supervisor says it once that is over.
        raise SystemExit(_status(error)) from None


def _status(error: UserError) -> int:
    """By which the supervisor knows what it has to say."""
    if isinstance(error, Unreachable):
        return errno.EHOSTUNREACH
    return errno.EBUSY if isinstance(error, Busy) else errno.ENOSPC


def _done(job: str, store: Store, progress: Progress) -> tuple[Ended, str]:
    """How it ended, and what to say; raises ``Busy`` where the store had no time for it."""
    try:
        return "done", run(store.jobs.get(job).work, store, progress)
    except Cancelled:
        return "cancelled", ""
    except Busy:
        raise
    except UserError as error:
        return "failed", str(error.on_screen())
    except Exception as error:  # noqa: BLE001 - the outermost loop: a bug becomes a sentence
        return "failed", unexpected(error, store)


def _tell(job: str, result: str, store: Store, progress: JobProgress) -> None:
    """What was trained, to the tracking server; whatever that does, the training is done."""
    from pmed_core.tracking.sending import tell_of_job

    progress.stage("Telling the tracking server", 0.99)
    progress.flush()
    try:
        tell_of_job(replace(store.jobs.get(job), result=result), store, progress)
    except Exception as error:  # noqa: BLE001 - a bug there loses no model
        progress.note(f"The tracking server was not told of this. {unexpected(error, store)}")


def unexpected(error: Exception, store: Store) -> str:
    """A sentence for a bug; its traceback goes to a log that holds no patient data."""
    log = store.home / "logs" / "errors.log"
    frames = traceback.extract_tb(error.__traceback__)
    # On a full disk the sentence still reaches the user.
    with suppress(OSError):
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {type(error).__name__}\n")
            file.writelines(f"  {one.filename}:{one.lineno} {one.name}\n" for one in frames)
    # TensorFlow has an error of its own for it, which this process may not have loaded.
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return (
            "There was not enough memory for this. Try it with less (rows, columns, pictures, "
            "inputs or folds), or on a larger machine."
        )
    return (
        f"Something went wrong inside the program ({type(error).__name__}). Nothing was lost. "
        "Try again; if it happens again, tell the developers and attach logs/errors.log."
    )


def serve(memory_mb: int) -> None:
    """Answer questions until the pipe closes. Libraries may print; they cannot reach the pipe."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _limit(memory_mb)
    for line in sys.stdin:
        answers.write(json.dumps(_answer(line)) + "\n")
        answers.flush()


def _limit(memory_mb: int) -> None:
    """Limit this process's memory where the system can; 0 for no limit."""
    if not memory_mb or os.name != "posix":
        return
    import resource

    # What it writes to, not the addresses it reserves: TensorFlow reserves far more than it uses.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory_mb * 2**20,) * 2)


def _answer(line: str) -> dict[str, Any]:
    question, chosen = json.loads(line), settings()
    if question["home"]:
        chosen = chosen.model_copy(update={"home": Path(question["home"])})
    store = open_store(chosen)
    try:
        if question["work"] is None:
            _warm()
            return {"result": ""}
        return {"result": run(from_plain(Work, question["work"]), store, Silent())}
    except UserError as error:
        said = error.on_screen()
        return {"error": [said.what, said.where, said.remedy]}
    except Exception as error:  # noqa: BLE001 - the outermost loop: a bug becomes a sentence
        return {"error": [unexpected(error, store), "", ""]}


def _warm() -> None:
    """Load what the first question would otherwise wait for: most ask about tables."""
    load_tensorflow()
    from pmed_core.modalities.tabular import consult, reasons

    _ = (consult, reasons)


def main(arguments: list[str]) -> None:
    """See the module's docstring."""
    keep_off_the_disk()
    match arguments:
        case ["job", job, token]:
            # The machine stays pleasant to use while a model is trained.
            if hasattr(os, "nice"):
                os.nice(NICE)
            signal.signal(signal.SIGTERM, _terminate)
            run_job(open_store(settings()), job, int(token), alone=True)
        case ["serve", *limit]:
            serve(int(limit[0]) if limit else 0)
        case _:
            raise SystemExit(f"Expected 'job ID TOKEN' or 'serve [MB]'. Received: {arguments}")


if __name__ == "__main__":
    main(sys.argv[1:])
