"""What each command of the shell does."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import pmed_core
from pmed_core import cli, scan_commands, terminal
from pmed_core.cohort import Cohort
from pmed_core.engine.python import ROOT, command, environment
from pmed_core.errors import UserError
from pmed_core.figures.regions import UNGUARDED
from pmed_core.files import written_whole
from pmed_core.predictions import Predictions
from pmed_core.settings import RESEARCH_ONLY, settings
from pmed_core.spreadsheets import as_csv

if TYPE_CHECKING:
    from pmed_core.explanation import Explanation
    from pmed_core.predictor import Predictor
    from pmed_core.scan_predictor import ScanPredictor


def fit(given: Namespace, started: float) -> None:
    """Train on a table or on scans and write the model; the judgement goes to stdout."""
    if given.file is None:
        raise UserError(
            "No table is given", "fit",
            "Put it first: fit FILE --outcome COL …; what follows --ignore and --positive are "
            "columns and values.",
        )  # fmt: skip
    folder = Path(given.to)
    _can_hold_a_model(folder)
    train = scan_commands.fit if _is_scans(given.file) else _fit_table
    predictor = train(given)
    predictor.name = given.name or Path(given.file).stem
    predictor.save(folder)
    _keep_held_out(predictor, folder)
    sys.stdout.write(terminal.judgement_text(predictor.judgement) + "\n\n")
    baselines = float(predictor.card.get("baseline_seconds", 0))
    sys.stdout.write(
        f"{time.monotonic() - started:.1f} seconds, everything included; the baselines took "
        f"{baselines:.1f} of them.\nThe model is in {folder}.\n"
    )
    terminal.say(RESEARCH_ONLY)


def _keep_held_out(predictor: Predictor | ScanPredictor, folder: Path) -> None:
    if not scan_commands.reads_scans(predictor):
        from pmed_core.package import save_held_out

        save_held_out(predictor, folder)


def _is_scans(file: str) -> bool:
    from pmed_core.readers.sniffing import is_scans

    return is_scans(Path(file))


def _fit_table(given: Namespace) -> Predictor:
    if given.outcome is None:
        raise UserError("No outcome is given", "fit", "Name the column: --outcome COL.")
    options = cli.options(given)
    cohort = pmed_core.read_cohort(
        given.file, outcome=given.outcome, patient=given.patient, ignore=given.ignore,
        positive=given.positive, choices=cli.choices(given), dictionary=given.dictionary,
        horizons=given.horizon, **cli.follow_up(given),
    )  # fmt: skip
    terminal.account(cohort)
    with terminal.watched() as watch:
        return pmed_core.fit(cohort, options, watch)


def _can_hold_a_model(folder: Path) -> None:
    """Raises ``UserError`` before anything is computed in vain."""
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
    """A row for each patient of the table."""
    predictor, cohort = _read(given)
    if scan_commands.reads_scans(predictor):
        _not_of_scans(given)
        predictions = predictor.predict(cohort)
    else:
        predictions = predictor.predict(cohort, held_out=given.held_out)
    _say_of_training(predictions.notes, given)
    _write(prediction_table(predictions, predictor, cohort), given.to)
    strange = int(predictions.outside.sum())
    if strange:
        what = "scans" if predictions.rows else "patients"
        names = np.array(predictions.rows or predictions.patients)
        first = ", ".join(names[predictions.outside][:5])
        terminal.say(
            f"{strange} of {len(predictions)} {what} are outside what the model has seen; do "
            f"not rely on their numbers: {first}{' …' * (strange > 5)}."
        )
    if scan_commands.reads_scans(predictor) and not predictor.bag.guarded:
        terminal.say(UNGUARDED)
    terminal.say(f"low and high: {predictions.interval}.")
    terminal.say(RESEARCH_ONLY)


def prediction_table(
    predictions: Predictions, predictor: Predictor | ScanPredictor, cohort: Cohort
) -> pd.DataFrame:
    """The patient column under its own name (``row`` where there is none), then probabilities."""
    if scan_commands.reads_scans(predictor):
        return scan_commands.prediction_table(predictions, predictor, cohort)
    columns: dict[str, Any] = {cohort.patient or "row": list(predictions.patients)}
    return pd.DataFrame(columns | predictor.outcome.columns_of(predictions))


def evaluate(given: Namespace) -> None:
    """The judgement on patients with a known outcome, as a table or as JSON."""
    from pmed_core.worker import judgeable

    predictor, cohort = _read(given)
    if scan_commands.reads_scans(predictor):
        _not_of_scans(given)
        judgement = predictor.evaluate(judgeable(cohort))
    else:
        judgement = predictor.evaluate(judgeable(cohort), held_out=given.held_out)
    if given.json:
        measures = {
            name: {end: _number(getattr(measure, end)) for end in ("value", "low", "high")}
            for name, measure in judgement.measures.items()
        }
        sys.stdout.write(json.dumps(measures, indent=1) + "\n")
    else:
        sys.stdout.write(terminal.judgement_text(judgement) + "\n")
    terminal.say(RESEARCH_ONLY)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def explain(given: Namespace) -> None:
    """What moved the model for one patient, in log-odds, or where on a scan it sees it."""
    predictor, cohort = _read(given)
    if given.label and given.label not in _explainable(predictor):
        raise UserError(
            f"The model does not predict '{given.label}'", given.model,
            f"It predicts: {', '.join(_explainable(predictor))}.",
        )  # fmt: skip
    if scan_commands.reads_scans(predictor):
        _not_of_scans(given)
        scan_commands.explain(given, predictor, cohort)
        return
    label = given.label or predictor.labels[0]
    if given.patient is None:
        raise UserError("No patient is named", "explain", "Add --patient ID.")
    one = cohort.select(_row_of(given.patient, cohort))
    terminal.say(f"Explaining '{label}' for patient {given.patient}.")
    found = predictor.explain(one, label, held_out=given.held_out)
    _say_of_training(found.notes, given)
    _write(explanation_table(found, _with_codes(found, one)), given.to)
    terminal.say("shap: log-odds of the calibrated probability; what moved the model, not causes.")
    terminal.say(RESEARCH_ONLY)


def _explainable(predictor: Predictor | ScanPredictor) -> tuple[str, ...]:
    return predictor.bag.classes if scan_commands.reads_scans(predictor) else predictor.labels


def _row_of(patient: str, cohort: Cohort) -> Any:
    ids = cohort.patients()
    rows = np.flatnonzero(ids == patient)
    if not len(rows):
        raise UserError(
            f"There is no patient '{patient}'", cohort.name,
            f"The first patients are: {', '.join(ids[:5])}.",
        )  # fmt: skip
    if len(rows) > 1:
        terminal.say(f"Patient {patient} has {len(rows)} rows; the first is explained.")
    return rows[:1]


def _with_codes(explanation: Explanation, one: Cohort) -> tuple[str, ...]:
    """The patient's values; codes that have a name with it: "0 (female)"."""
    cells = one.table.iloc[0]
    coded = {
        v.name: v.coded(cells[v.name]) for v in one.inputs if v.labels and pd.notna(cells[v.name])
    }
    pairs = zip(explanation.variables, explanation.values[0], strict=True)
    return tuple(coded.get(name) or value for name, value in pairs)


def explanation_table(
    explanation: Explanation, values: Sequence[str] | None = None
) -> pd.DataFrame:
    """variable, value, shap; largest first; then the base and the prediction as probabilities."""
    values = explanation.values[0] if values is None else values
    shap = explanation.shap[0]
    order = np.argsort(-np.abs(shap), kind="stable")
    ends = {"(base)": explanation.base[0], "(prediction)": explanation.prediction[0]}
    return pd.DataFrame(
        {
            "variable": [*(explanation.variables[j] for j in order), *ends],
            "value": [
                *(values[j] for j in order),
                *(f"{1 / (1 + np.exp(-odds)):.6g}" for odds in ends.values()),
            ],
            "shap": [*shap[order], *ends.values()],
        }
    )


def _read(given: Namespace) -> tuple[Predictor | ScanPredictor, Cohort]:
    """The model, and the table or the scans as the model reads them."""
    from pmed_core.readers.inputs import read_inputs

    predictor = pmed_core.load(given.model)
    if given.horizon:
        predictor = predictor.at(tuple(sorted(set(given.horizon))))
    cohort = read_inputs(
        Path(given.file), predictor, settings().home, given.looked_at, cli.choices(given)
    )
    terminal.account(cohort)
    if not scan_commands.reads_scans(predictor):
        predictor.recognise(cohort)
        if predictor.knows(cohort):
            terminal.say("This table is the one that the model was trained on.")
    return predictor, cohort


def _say_of_training(notes: Sequence[str], given: Namespace) -> None:
    for note in notes:
        terminal.say(note)
    if given.held_out and not notes:
        terminal.say("Whoever was in training is predicted by the networks that never saw them.")


def _not_of_scans(given: Namespace) -> None:
    if given.held_out:
        raise UserError(
            "--held-out is for models of tables", given.model,
            "A model of scans was judged on its held-out scans when it was trained.",
        )  # fmt: skip


def _write(table: pd.DataFrame, to: str | None) -> None:
    if to is None:
        sys.stdout.write(as_csv(table))
        return
    if Path(to).is_dir():
        raise UserError("This is a folder", to, "Give --to the name of a file.")
    with written_whole(Path(to)) as beside:
        beside.write_text(as_csv(table), encoding="utf-8")


def app(port: int | None, processes: int = 1) -> None:
    """Open the app; this process becomes its server, or the door to several."""
    if processes > 1:
        from pmed_core.door.processes import serve

        os.environ["PMED_HOME"] = str(settings().home.absolute())
        serve(processes, port)
        return
    where = ["--server.port", str(port)] if port else []
    line = command("streamlit", "run", str(ROOT / "app.py"), *where)
    _say_what_is_not_listed()
    home = str(settings().home.absolute())
    os.chdir(ROOT)  # where streamlit finds the app's own configuration
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


def supervise() -> None:
    """Look after queued jobs until this process is ended."""
    from pmed_core.engine.supervisor import supervise as look_after

    look_after(float("inf"))
