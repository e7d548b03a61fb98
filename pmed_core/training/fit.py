"""The one road from a cohort to a model: train, predict the held-out part once, evaluate."""

from __future__ import annotations

import datetime
import time
from functools import partial
from typing import Any

import keras

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evaluation import Evaluation
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.evaluations.words import advised
from pmed_core.modalities import Modality, advice, modality_of
from pmed_core.modalities.contracts import Run, Trained
from pmed_core.modalities.kinds import computing
from pmed_core.modalities.options import offered
from pmed_core.options import AnyOptions
from pmed_core.predictor import Predictor
from pmed_core.progress import Progress, Silent
from pmed_core.training import devices


def fit(
    cohort: Cohort,
    options: AnyOptions | None = None,
    progress: Progress | None = None,
    *,
    validation: Cohort | None = None,
    start: Predictor | None = None,
) -> Predictor:
    """Train, calibrate and evaluate a model of the cohort's outcome.

    Args:
        validation: scans of other patients that choose the epoch, calibrate and evaluate; without
            them patients of the cohort are held out.
        start: the model of scans to continue; what it reads is taken over, its weights are refined.

    Raises ``UserError`` where the cohort cannot train a model, ``Cancelled`` where ``progress``
    says so.
    """
    modality, progress = modality_of(cohort.variables), progress or Silent()
    options = options or modality.Options()
    _agree(modality, cohort, options, start)
    started, kind = time.monotonic(), computing(modality)
    cohort = kind.trainable(cohort, progress)
    _offered(cohort, options)
    keras.utils.set_random_seed(options.seed)
    with devices.on(options.device) as device:
        found = kind.trained(cohort, Run(options, progress, device, validation, start))
    progress.stage("Evaluating", 0.97)
    threshold = float((cohort.observed() == 1).mean())
    outcome = cohort.chosen_outcome()
    if found.ensemble.outcome == outcome:
        # The same, with what training has settled: how many decimals its numbers are told with.
        outcome = found.ensemble.outcome
    evaluation = evaluate(found.held_out, outcome, threshold, found.on, found.baselines)
    advise = partial(advice, modality, outcome)
    # A model that goes on stays what it is.
    title = found.card.get("model", options.network.title)
    evaluation = found.completed(advised(evaluation, advise, title))
    beside = sum(seconds for _, seconds in found.baselines.values())
    card = _card(cohort, found, evaluation) | {
        "device": device,
        "seed": options.seed,
        "seconds": round(time.monotonic() - started - beside, 1),
        "baseline_seconds": round(beside, 1),
    }
    card = {"model": title} | card
    return Predictor(
        cohort.name, found.variables, cohort.patient, options, found.ensemble, threshold,
        evaluation, card, found.held_out, found.learnt, found.baselines,
    )  # fmt: skip


def _agree(
    modality: Modality, cohort: Cohort, options: AnyOptions, start: Predictor | None
) -> None:
    """Raise where options or a model to continue are of another modality."""
    if not isinstance(options, modality.Options):
        raise TypeError(f"Expected {modality.Options.__name__}. Received: {options!r}")
    if start is not None and start.modality != modality:
        raise UserError(
            f"The model to continue reads {start.modality.many}", start.name,
            f"Give one of {modality.many}.",
        )  # fmt: skip


def _offered(cohort: Cohort, options: AnyOptions) -> None:
    """Raise ``UserError`` where the network cannot be trained for the outcome."""
    outcome, network = cohort.chosen_outcome(), options.network
    if not offered((type(network),), outcome):
        raise UserError(
            f"'{network.title}' cannot be the model of an outcome of the kind '{outcome.kind}'",
            cohort.name, "Choose another model.",
        )  # fmt: skip


def _card(cohort: Cohort, found: Trained, evaluation: Evaluation) -> dict[str, Any]:
    """What it was trained on."""
    facts: dict[str, Any] = found.ensemble.facts() | found.card
    return {
        "cohort": cohort.name,
        "cohort_digest": cohort.digest(),
        "rows": len(cohort),
        "patients": len(set(cohort.patients())),
        "events": list(evaluation.events),
        "inputs": len(found.variables),
        "patient": cohort.patient,
        "trained": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "notes": list(cohort.notes),
    } | facts
