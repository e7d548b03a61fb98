"""What each command of the shell does."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import pmed_core
from pmed_core.cohort import Cohort
from pmed_core.engine.python import command, environment
from pmed_core.errors import UserError
from pmed_core.figures.regions import UNGUARDED
from pmed_core.figures.standing import at_chance
from pmed_core.modalities import modality_of, modality_of_file
from pmed_core.modalities.kinds import computing, evaluable, reading, shell
from pmed_core.progress import Recorded
from pmed_core.sealing.keys import check
from pmed_core.settings import APP, RESEARCH_ONLY, settings
from pmed_core.shell import flags, terminal
from pmed_core.shell.joins import together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pmed_core.evaluation import Measure
    from pmed_core.predictor import Predictor


def fit(given: Namespace, started: float) -> None:
    """Train on a table or on scans and write the model; the evaluation goes to stdout."""
    if given.file is None and given.outcome and Path(given.outcome[-1]).exists():
        # Behind the names of columns the file looks like one more.
        given.file = given.outcome.pop()
    if given.file is None:
        raise UserError(
            "No table is given", "fit",
            "Put it first: fit FILE --outcome COL …; what follows --ignore and --positive are "
            "columns and values.",
        )  # fmt: skip
    folder = Path(given.to)
    _can_hold_a_model(folder)
    with together(given) as typed:
        file = modality_of_file(Path(typed.file))
        cohort, validation = shell(file).cohorts(typed)
    terminal.warn(cohort)
    options = flags.options(given, modality_of(cohort.variables))
    for flag in flags.idle(given, options):
        terminal.say(f"{flag} means nothing to '{options.network.title}', which is fitted at once.")
    start = pmed_core.load(given.start) if given.start else None
    with terminal.watched() as progress:
        recorded = Recorded(progress)
        predictor = pmed_core.fit(cohort, options, recorded, validation=validation, start=start)
    predictor.name = given.name or Path(given.file).stem
    predictor.save(folder)
    predictor.save_held_out(folder)
    _tell(predictor, folder, recorded)
    sys.stdout.write(terminal.evaluation_text(predictor.evaluation) + "\n\n")
    baselines = float(predictor.card.get("baseline_seconds", 0))
    sys.stdout.write(
        f"{time.monotonic() - started:.1f} seconds, everything included; the baselines took "
        f"{baselines:.1f} of them.\nThe model is in {folder}.\n"
    )
    terminal.say(RESEARCH_ONLY)


def _tell(predictor: Predictor, folder: Path, recorded: Recorded) -> None:
    """What was trained, to the tracking server where one is named."""
    if not settings().tracking_uri:
        return
    from pmed_core.loaded import package_digest
    from pmed_core.tracking.sending import tell_of_model
    from pmed_core.tracking.told import Source

    source = Source(
        package_digest(folder), predictor.outcome, predictor.options, predictor.card,
        predictor.evaluation, predictor.variables, recorded.epochs,
    )  # fmt: skip
    terminal.say(tell_of_model(source) or "The tracking server was told of this training.")


def _can_hold_a_model(folder: Path) -> None:
    """Raises ``UserError`` before anything is computed for nothing."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "manifest.json").exists():
        raise UserError(
            "This folder holds something else than a model", str(folder),
            "Choose another name with --to.",
        )  # fmt: skip
    if folder.exists() and not folder.is_dir():
        raise UserError("This is a file", str(folder), "Choose another name with --to.")
    above = next(parent for parent in folder.absolute().parents if parent.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise UserError(
            "This place cannot be written to", str(above), "Choose another folder with --to."
        )


def predict(given: Namespace) -> None:
    """A row for each patient of the table, or for each scan."""
    predictor, cohort = _read(given)
    predictions = predictor.predict(cohort, held_out=given.held_out)
    terminal.say_of_training(predictions.notes, given.held_out)
    kind = computing(predictor.modality)
    table = kind.prediction_table(predictions, predictor, cohort)
    if terminal.named(given.to, predictor.modality.writes):
        terminal.write_text("".join(kind.blocks(table, predictor, cohort)), given.to)
    else:
        terminal.write(table, given.to)
    strange = int(predictions.outside.sum())
    if strange:
        names = np.array(predictions.rows or predictions.patients)
        first = ", ".join(names[predictions.outside][:5])
        terminal.say(
            f"{strange} of {len(predictions)} {predictor.modality.one}s "
            f"{'is' if strange == 1 else 'are'} outside what the model has seen; do not rely on "
            f"{'its' if strange == 1 else 'their'} numbers: {first}{' …' * (strange > 5)}."
        )
    if doubt := at_chance(predictor.evaluation, predictions.labels):
        terminal.say(doubt)
    if not predictor.ensemble.guarded:
        terminal.say(UNGUARDED)
    if any(str(name).startswith("low") for name in table.columns):
        terminal.say(f"low and high: {predictions.interval}.")
    terminal.say(RESEARCH_ONLY)


def evaluate(given: Namespace) -> None:
    """The evaluation on patients with a known outcome, as a table or as JSON."""
    predictor, cohort = _read(given)
    known = evaluable(cohort)
    evaluation = predictor.evaluate(known, held_out=given.held_out)
    groups = (
        predictor.evaluate_groups(known, given.by, held_out=given.held_out) if given.by else None
    )
    if given.json:
        told: dict[str, Any] = _plain(evaluation.measures)
        if groups is not None:
            told["groups"] = {one.name: _plain(one.measures) for one in groups.groups}
        sys.stdout.write(json.dumps(told, indent=1) + "\n")
    else:
        sys.stdout.write(terminal.evaluation_text(evaluation) + "\n")
        if groups is not None:
            sys.stdout.write("\n" + terminal.groups_text(groups, evaluation.outcome) + "\n")
    terminal.say(RESEARCH_ONLY)


def _plain(measures: Mapping[str, Measure]) -> dict[str, dict[str, float | None]]:
    return {
        name: {end: _number(getattr(measure, end)) for end in ("value", "low", "high")}
        for name, measure in measures.items()
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def explain(given: Namespace) -> None:
    """What moved the model for one patient, or where on a scan it sees it."""
    predictor, cohort = _read(given)
    if given.label and given.label not in predictor.ensemble.explainable:
        raise UserError(
            f"The model does not predict '{given.label}'", given.model,
            f"It predicts: {', '.join(predictor.ensemble.explainable)}.",
        )  # fmt: skip
    for flag in flags.of_explain():
        if getattr(given, flag.name.replace("-", "_")) and flag not in predictor.modality.flags:
            raise UserError(
                f"A model of {predictor.modality.many} has no use for --{flag.name}", given.model,
                "Leave it out.",
            )  # fmt: skip
    shell(predictor.modality).explain(given, predictor, cohort)
    terminal.say(RESEARCH_ONLY)


def _read(given: Namespace) -> tuple[Predictor, Cohort]:
    """The model, and the table or the scans as the model reads them."""
    predictor = pmed_core.load(given.model)
    if given.horizon:
        predictor = predictor.at(tuple(sorted(set(given.horizon))))
    with together(given) as typed:
        cohort = reading(predictor.modality).inputs(
            Path(typed.file), predictor, settings().home, typed.looked_at, flags.choices(typed)
        )
    terminal.account(cohort)
    if predictor.recognise(cohort):
        terminal.say("This table is the one that the model was trained on.")
    return predictor, cohort


def app(port: int | None, processes: int = 1) -> None:
    """Open the app; this process becomes its server, or the door to several."""
    check(settings())
    if processes > 1:
        from pmed_core.door.processes import serve

        os.environ["PMED_HOME"] = str(settings().home.absolute())
        serve(processes, port)
        return
    where = ["--server.port", str(port)] if port else []
    line = command("streamlit", "run", str(APP / "app.py"), *where)
    _say_what_is_not_listed()
    home = str(settings().home.absolute())
    os.chdir(APP)  # where streamlit finds the app's own configuration
    os.execve(line[0], line, environment(PMED_HOME=home))


def _say_what_is_not_listed() -> None:
    from pmed_core.store.rebuild import unlisted
    from pmed_core.store.store import open_store

    missing = unlisted(open_store(settings()))
    if missing:
        terminal.say(
            f"{len(missing.cohorts):,} cohorts and {len(missing.models):,} models lie in "
            f"{settings().home} and are not in its list (pmed.sqlite is new or was replaced). "
            "'python -m pmed_core store check --mend' lists them again, and so does Home."
        )
