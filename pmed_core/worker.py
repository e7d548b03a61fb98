"""The only door to the back: match the work, do it, report.

    python -m pmed_core.worker job ID TOKEN     one job, in a process of its own
    python -m pmed_core.worker serve            answers questions, a line of JSON each

Modules that load TensorFlow are imported by the branch that needs them, so that reading a file
starts at once.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np

from pmed_core.arrays import from_plain, to_json
from pmed_core.cohort import Cohort
from pmed_core.errors import Cancelled, UserError
from pmed_core.explanation import Explanation
from pmed_core.judgement import Judgement
from pmed_core.settings import settings
from pmed_core.store.store import Store, open_store
from pmed_core.work import (
    Cell,
    Consult,
    Consultation,
    Evaluate,
    Explain,
    Fit,
    Importance,
    Load,
    Read,
    Stop,
    Unwatched,
    Watch,
    Work,
    identify,
)

if TYPE_CHECKING:
    from pmed_core.explanations.consult import Companions
    from pmed_core.predictor import Predictor

MODELS_KEPT = 4
PAIRS_FOR_IMPORTANCE = 4
EXPLANATION_TOLERANCE = 0.03


def run(work: Work, store: Store, watch: Watch) -> str:
    """Do a work -> an id, or JSON; raises ``UserError`` and ``Cancelled``."""
    match work:
        case Read():
            return _read(work, store)
        case Fit():
            return _fit(work, store, watch)
        case Load():
            return _load(work, store)
        case Evaluate():
            return _evaluate(work, store)
        case Consult():
            return _consult(work, store)
        case Explain():
            return _explain(work, store)
        case Importance():
            return _importance(work, store, watch)
        case _:
            assert_never(work)


def _read(work: Read, store: Store) -> str:
    from pmed_core.readers import quality, tables

    path = store.cohorts.source(work.source)
    if work.model:
        entry = store.models.entry(work.model)
        cohort = tables.read_for(path, entry.variables, entry.outcome, entry.card.get("patient"))
    else:
        frame = tables.read_table(path)
        cohort = tables.as_cohort(frame, work.name, work.variables)
        if work.outcome is not None:
            positive = getattr(work.outcome, "positive", (tables.KEEP_CLASSES,))
            cohort = tables.with_outcome(cohort, work.outcome.column, positive)
    store.cohorts.add(identify(work), cohort, quality.check(cohort), work.source)
    if work.model:
        store.cohorts.unlist(identify(work))
    return identify(work)


def _fit(work: Fit, store: Store, watch: Watch) -> str:
    from pmed_core.training.fit import fit

    predictor = fit(store.cohorts.get(work.cohort), work.options, watch)
    predictor.name = work.name
    watch.stage("Saving", 0.98)
    identity = identify(work)
    predictor.save(store.models.new_package(identity))
    if predictor.out_of_fold is not None:
        store.models.keep_out_of_fold(identity, predictor.out_of_fold)
    store.models.add(identity, work.name, work.cohort)
    return identity


def _load(work: Load, store: Store) -> str:
    """Check an imported package by loading it, and list it."""
    predictor = _predictor(str(store.models.package(work.model)))
    store.models.add(work.model, predictor.name, "")
    return work.model


def _evaluate(work: Evaluate, store: Store) -> str:
    judgement = _model(work.model, store).evaluate(store.cohorts.get(work.cohort))
    store.models.keep_evaluation(work.model, judgement)
    return to_json(Judgement, judgement)


def _consult(work: Consult, store: Store) -> str:
    from pmed_core.explanations.consult import consult

    predictor = _model(work.model, store)
    row = _row(predictor, work.cells)
    answer = consult(predictor, row.table, work.patient, _companions(work.model, store))
    return to_json(Consultation, answer)


def _explain(work: Explain, store: Store) -> str:
    predictor = _model(work.model, store)
    row = _row(predictor, work.cells)
    answer = predictor.explain(row, work.label, tolerance=EXPLANATION_TOLERANCE)
    return to_json(Explanation, answer)


def _importance(work: Importance, store: Store, watch: Watch) -> str:
    from pmed_core.explanations.shapley import explain

    predictor = _model(work.model, store)
    cohort = store.cohorts.get(store.models.entry(work.model).cohort).labelled()
    generator = np.random.default_rng(0)
    rows = generator.permutation(len(cohort))[: work.patients]
    found = []
    for part in np.array_split(rows, max(1, len(rows) // 5)):
        if watch.stop():
            raise Cancelled
        watch.stage("Explaining patients", sum(map(len, found)) / len(rows))
        sample = predictor.as_cohort(cohort.select(part))
        found.append(
            explain(predictor, sample, predictor.labels[0], 0.05, PAIRS_FOR_IMPORTANCE)
        )
    store.models.keep_importance(work.model, _stacked(found))
    _companions.cache_clear()
    return work.model


def _stacked(parts: list[Explanation]) -> Explanation:
    first = parts[0]
    arrays = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("numbers", "shap", "standard_error", "base", "prediction")
    }
    patients = tuple(patient for part in parts for patient in part.patients)
    values = tuple(row for part in parts for row in part.values)
    return Explanation(patients, first.label, first.variables, values, **arrays)


def _model(identity: str, store: Store) -> Predictor:
    return _predictor(str(store.models.package(identity)))


@lru_cache(maxsize=MODELS_KEPT)
def _predictor(folder: str) -> Predictor:
    from pmed_core.predictor import Predictor

    return Predictor.load(folder)


@lru_cache(maxsize=MODELS_KEPT)
def _companions(model: str, store: Store) -> Companions | None:
    from pmed_core.explanations.consult import companions

    out_of_fold = store.models.out_of_fold(model)
    if out_of_fold is None:
        return None
    cohort = store.cohorts.get(store.models.entry(model).cohort).labelled()
    return companions(_model(model, store), cohort, out_of_fold, store.models.importance(model))


def _row(predictor: Predictor, cells: tuple[tuple[str, Cell], ...]) -> Cohort:
    from pmed_core.package import as_cohort_rows

    given = dict(cells)
    return as_cohort_rows(predictor, {v.name: [given.get(v.name)] for v in predictor.variables})


class JobWatch(Unwatched):
    """A watch that writes to the store, twice a second at most."""

    def __init__(self, store: Store, job: str, token: int) -> None:
        self.store, self.job, self.token = store, job, token
        self.pending: list[tuple[str, Any]] = []
        self.asked: Stop = ""
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.beating = threading.Thread(target=self._beat, daemon=True)
        self.beating.start()

    def stage(self, text: str, fraction: float) -> None:
        self._append("stage", (text, fraction))

    def epoch(self, values: dict[str, Any]) -> None:
        self._append("epoch", values)

    def note(self, sentence: str) -> None:
        self._append("note", sentence)

    def stop(self) -> Stop:
        return self.asked

    def close(self) -> None:
        """Write what is pending and stop beating."""
        self.ended.set()
        self.beating.join()
        self._flush()

    def _append(self, kind: str, body: Any) -> None:
        with self.lock:
            self.pending.append((kind, body))

    def _beat(self) -> None:
        while not self.ended.wait(0.4):
            self.asked = self.store.jobs.beat(self.job, self.token) or self.asked
            self._flush()

    def _flush(self) -> None:
        with self.lock:
            events, self.pending = self.pending, []
        if events:
            self.store.jobs.report(self.job, self.token, events)


def run_job(job: str, token: int) -> None:
    """Do a claimed job; whatever happens, it ends in a state with a sentence."""
    store = open_store(settings())
    watch = JobWatch(store, job, token)
    try:
        result = run(store.jobs.get(job).work, store, watch)
    except Cancelled:
        watch.close()
        store.jobs.finish(job, token, "cancelled", "")
    except UserError as error:
        watch.close()
        store.jobs.finish(job, token, "failed", str(error))
    except Exception as error:  # noqa: BLE001 - the outermost loop: a bug becomes a sentence
        watch.close()
        store.jobs.finish(job, token, "failed", unexpected(error, store))
    else:
        watch.close()
        store.jobs.finish(job, token, "done", result)


def unexpected(error: Exception, store: Store) -> str:
    """A sentence for a bug; its traceback goes to a log that holds no patient data."""
    log = store.home / "logs" / "errors.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    frames = traceback.extract_tb(error.__traceback__)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {type(error).__name__}\n")
        file.writelines(f"  {frame.filename}:{frame.lineno} {frame.name}\n" for frame in frames)
    if isinstance(error, MemoryError):
        return "There was not enough memory. Choose fewer inputs or folds, or a larger machine."
    return (
        f"Something went wrong inside the program ({type(error).__name__}). Nothing was lost. "
        "Try again; if it happens again, tell the developers and attach logs/errors.log."
    )


def serve() -> None:
    """Answer questions until the pipe closes. Libraries may print; they cannot reach the pipe."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    store = open_store(settings())
    for line in sys.stdin:
        print(json.dumps(_answered(line, store)), file=answers, flush=True)  # noqa: T201


def _answered(line: str, store: Store) -> dict[str, Any]:
    question = json.loads(line)
    try:
        if question["work"] is None:
            _warm()
            return {"result": ""}
        return {"result": run(from_plain(Work, question["work"]), store, Unwatched())}
    except UserError as error:
        return {"error": [error.what, error.where, error.remedy]}
    except Exception as error:  # noqa: BLE001 - the outermost loop: a bug becomes a sentence
        return {"error": [unexpected(error, store), "", ""]}


def _warm() -> None:
    """Load what the first question would otherwise wait for."""
    from pmed_core.explanations import consult, shapley

    _ = (consult, shapley)


def main(arguments: list[str]) -> None:
    """See the module's docstring."""
    commands: dict[str, Callable[..., None]] = {"serve": serve}
    if arguments[0] == "job":
        run_job(arguments[1], int(arguments[2]))
    else:
        commands[arguments[0]]()


if __name__ == "__main__":
    main(sys.argv[1:])
