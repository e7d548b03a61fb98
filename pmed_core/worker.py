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
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np

from pmed_core.arrays import from_plain, to_json
from pmed_core.bounds import fitting
from pmed_core.cohort import Cohort
from pmed_core.errors import Cancelled, DiskFull, UserError
from pmed_core.evidence import Evidence, Example, SeriesOutline
from pmed_core.explanation import Explanation
from pmed_core.judgement import Judgement
from pmed_core.loaded import (
    any_model,
    asked_of,
    basis_of_scan,
    companions_of,
    in_room,
    keep_package,
    members_of,
    scan_model,
    table_model,
)
from pmed_core.options import FitOptions, ScanOptions
from pmed_core.quality import Quality
from pmed_core.quiet import load_tensorflow
from pmed_core.settings import settings
from pmed_core.store.jobs import Ended
from pmed_core.store.store import Store, open_store
from pmed_core.store.watch import JobWatch
from pmed_core.work import (
    Check,
    Consult,
    Consultation,
    Counter,
    Counterfactual,
    Describe,
    Evaluate,
    Explain,
    Fit,
    Importance,
    Inspect,
    Load,
    Look,
    Outline,
    Preview,
    Read,
    Trust,
    Unwatched,
    Watch,
    Work,
    identify,
)

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor
    from pmed_core.scan_predictor import ScanPredictor

NICE = 5
LABELLED = (
    "Put them into one folder for each label, or add a table of labels: predictions are judged by "
    "what was found."
)


def run(work: Work, store: Store, watch: Watch) -> str:  # noqa: C901 - a branch for each kind
    """Do a work -> an id, or JSON; raises ``UserError`` and ``Cancelled``."""
    match work:
        case Read():
            return _read(work, store)
        case Inspect() | Describe():
            from pmed_core.intake import inspect

            return inspect(work, store)
        case Fit():
            return _fit(work, store, watch)
        case Load():
            return keep_package(work, store)
        case Evaluate():
            return _evaluate(work, store)
        case Consult():
            return _consult(work, store)
        case Explain():
            return _explain(work, store)
        case Counter():
            return _counter(work, store)
        case Check():
            return _check(work, store)
        case Look():
            return _look(work, store)
        case Outline():
            return _outline(work, store)
        case Preview():
            return _preview(work, store)
        case Importance():
            return _importance(work, store, watch)
        case _:
            assert_never(work)


def _read(work: Read, store: Store) -> str:
    from pmed_core import intake
    from pmed_core.readers.inputs import read_inputs

    if work.model:
        entry = store.models.entry(work.model)
        # Held-out patients are kept in the room of their file, and go with it.
        path = store.passing.file(work.source)
        cohort = read_inputs(path, entry, store.home, work.looked_at, dict(work.choices))
        quality = Quality(len(cohort), (), ())
        in_room(work.source, store).add_passing(work.source, judgeable(cohort), quality)
        return work.source
    return intake.read(work, store)


def judgeable(cohort: Cohort) -> Cohort:
    """The cohort itself; raises ``UserError`` where it does not say what happened."""
    asked = cohort.chosen_outcome().columns
    if column := next((name for name in asked if name not in cohort.table.columns), ""):
        if cohort.scans is not None:
            raise UserError("The scans have no labels", cohort.name, LABELLED)
        raise UserError(
            f"The outcome '{column}' is missing", cohort.name,
            "Add the column with that name: predictions are judged by what happened.",
        )  # fmt: skip
    return cohort


def _fit(work: Fit, store: Store, watch: Watch) -> str:
    load_tensorflow()
    start = scan_model(work.start, store) if work.start else None
    predictor = _trained(store.cohorts.get(work.cohort), work.options, watch, start)
    predictor.name = fitting(work.name)
    watch.stage("Saving", 0.98)
    identity = identify(work)
    predictor.save(store.models.new_package(identity))
    if predictor.out_of_fold is not None:
        store.models.keep_out_of_fold(identity, predictor.out_of_fold)
    if parts := getattr(predictor, "parts", None):  # of scans alone
        from pmed_core.training.scan_membership import Parts

        store.models.keep_parts(identity, to_json(Parts, parts))
    store.models.add(identity, predictor.name, work.cohort)
    return identity


def _trained(
    cohort: Cohort, options: FitOptions | ScanOptions, watch: Watch, start: ScanPredictor | None
) -> Predictor | ScanPredictor:
    if isinstance(options, ScanOptions):
        from pmed_core.training.scans import fit_scans

        return fit_scans(cohort, options, watch, start=start)
    from pmed_core.training.fit import fit

    return fit(cohort, options, watch)


def _evaluate(work: Evaluate, store: Store) -> str:
    predictor, cohort = any_model(work.model, store), in_room(work.cohort, store).get(work.cohort)
    judgement = predictor.evaluate(cohort)
    store.cohorts.release()
    members = None if cohort.scans else members_of(work.model, store)
    if members is not None:
        from pmed_core.training.membership import known_rows

        said = known_rows(members, cohort, predictor.variables)
        judgement = replace(judgement, notes=(*said, *judgement.notes))
    store.models.keep_evaluation(work.model, judgement)
    return to_json(Judgement, judgement)


def _consult(work: Consult, store: Store) -> str:
    load_tensorflow()
    from pmed_core.explanations.consult import consult

    asked = asked_of(work, store)
    others = companions_of(work.model, store)
    answer = consult(asked.predictor, asked.row.table, work.patient, others)
    found = asked.found
    return to_json(
        Consultation,
        replace(answer, basis=asked.basis, known_as=found.patient, alike=found.alike),
    )


def _explain(work: Explain, store: Store) -> str:
    asked = asked_of(work, store)
    from pmed_core.explanations.reasons import AT_ONCE, explain

    predictor = asked.predictor
    if work.lived:
        predictor = predictor.having_lived(work.lived)
    row = predictor.as_cohort(asked.row)
    return to_json(Explanation, explain(predictor, row, work.label, AT_ONCE))


def _counter(work: Counter, store: Store) -> str:
    predictor = asked_of(work, store).predictor
    from pmed_core.explanations.counterfactual import Search, counterfactuals

    cells = dict(work.cells)
    variables = tuple(
        v for v in predictor.variables
        if v.name in work.changeable and cells.get(v.name) is not None
    )  # fmt: skip
    label = predictor.labels.index(work.label)
    search = Search(predictor, cells, label, work.threshold, variables)
    return to_json(tuple[Counterfactual, ...], counterfactuals(search))


def _check(work: Check, store: Store) -> str:
    load_tensorflow()
    from pmed_core.explanations.trust import check, check_scan

    if work.scan:
        one = _one_scan(work.cohort, work.scan, store)
        return to_json(Trust, check_scan(scan_model(work.model, store), one, work.label))
    asked = asked_of(work, store)
    return to_json(Trust, check(asked.predictor, asked.row, work.label))


def _one_scan(cohort: str, scan: str, store: Store) -> Cohort:
    held = store.cohorts.get(cohort)
    names = held.table[held.scan].tolist() if held.scan else []
    if scan not in names:
        raise UserError(f"There is no scan '{scan}'", held.name, "Pick one from the list.")
    return held.select(np.array([names.index(scan)]))


def _look(work: Look, store: Store) -> str:
    load_tensorflow()
    from pmed_core.explanations.evidence import explain_scan

    predictor, one = scan_model(work.model, store), _one_scan(work.cohort, work.scan, store)
    found = explain_scan(predictor, one, work.label)
    return to_json(Evidence, replace(found, basis=basis_of_scan(work, one, store)))


def _outline(work: Outline, store: Store) -> str:
    load_tensorflow()
    from pmed_core.explanations.lesions import whole_series

    segmenter = scan_model(work.model, store).bag.segmenter
    scans = store.cohorts.scans(work.cohort)
    if segmenter is None or scans is None or work.scan not in scans.frames:
        raise UserError("This model outlines nothing", work.scan, "Train one on outlined scans.")
    return to_json(SeriesOutline, whole_series(segmenter, scans, work.scan))


def _preview(work: Preview, store: Store) -> str:
    load_tensorflow()
    from pmed_core.training.preview import examples

    found = examples(store.cohorts.get(work.cohort), work.options, work.scans)
    return to_json(tuple[Example, ...], found)


def _importance(work: Importance, store: Store, watch: Watch) -> str:
    load_tensorflow()
    from pmed_core.explanations.importance import importance

    predictor = table_model(work.model, store)
    cohort = store.cohorts.get(store.models.entry(work.model).cohort).labelled()
    rows = np.sort(np.random.default_rng(0).permutation(len(cohort))[: work.patients])
    sample = predictor.as_cohort(cohort.select(rows))
    found = importance(predictor, sample, predictor.labels[0], watch)
    store.models.keep_importance(work.model, found)
    return work.model


def run_job(job: str, token: int, *, alone: bool = False) -> None:
    """Do a claimed job; whatever happens, it ends in a state with a sentence."""
    store = open_store(settings())
    watch = JobWatch(store.jobs, job, token, alone=alone)
    state, text = _done(job, store, watch)
    watch.close()
    try:
        store.jobs.finish(job, token, state, text)
    except DiskFull:
        if not alone:
            raise
        # Nothing can be written here; the supervisor says it once there is room again.
        raise SystemExit(errno.ENOSPC) from None


def _done(job: str, store: Store, watch: Watch) -> tuple[Ended, str]:
    try:
        return "done", run(store.jobs.get(job).work, store, watch)
    except Cancelled:
        return "cancelled", ""
    except UserError as error:
        return "failed", str(error.on_screen())
    except Exception as error:  # noqa: BLE001 - the outermost loop: a bug becomes a sentence
        return "failed", unexpected(error, store)


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
    if isinstance(error, MemoryError):
        return "There was not enough memory. Choose fewer inputs or folds, or a larger machine."
    return (
        f"Something went wrong inside the program ({type(error).__name__}). Nothing was lost. "
        "Try again; if it happens again, tell the developers and attach logs/errors.log."
    )


def serve(memory_mb: int) -> None:
    """Answer questions until the pipe closes. Libraries may print; they cannot reach the pipe."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _limit(memory_mb)
    store = open_store(settings())
    for line in sys.stdin:
        answers.write(json.dumps(_answered(line, store)) + "\n")
        answers.flush()


def _limit(memory_mb: int) -> None:
    """Limit this process's memory where the system can; 0 for no limit."""
    if not memory_mb or os.name != "posix":
        return
    import resource

    # What it writes to, not the addresses it reserves: TensorFlow reserves far more than it uses.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory_mb * 2**20,) * 2)


def _answered(line: str, store: Store) -> dict[str, Any]:
    question = json.loads(line)
    try:
        if question["work"] is None:
            _warm()
            return {"result": ""}
        return {"result": run(from_plain(Work, question["work"]), store, Unwatched())}
    except UserError as error:
        said = error.on_screen()
        return {"error": [said.what, said.where, said.remedy]}
    except Exception as error:  # noqa: BLE001 - the outermost loop: a bug becomes a sentence
        return {"error": [unexpected(error, store), "", ""]}


def _warm() -> None:
    """Load what the first question would otherwise wait for."""
    load_tensorflow()
    from pmed_core.explanations import consult, reasons

    _ = (consult, reasons)


def main(arguments: list[str]) -> None:
    """See the module's docstring."""
    match arguments:
        case ["job", job, token]:
            # The machine stays pleasant to use while a model is trained.
            if hasattr(os, "nice"):
                os.nice(NICE)
            run_job(job, int(token), alone=True)
        case ["serve", *limit]:
            serve(int(limit[0]) if limit else 0)
        case _:
            raise SystemExit(f"Expected 'job ID TOKEN' or 'serve [MB]'. Received: {arguments}")


if __name__ == "__main__":
    main(sys.argv[1:])
