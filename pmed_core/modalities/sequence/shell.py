"""What the commands of the shell do with sequences; see ``contracts.Shell``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from pmed_core.cohort import Cohort
from pmed_core.files import written_whole
from pmed_core.modalities.sequence.glyphs import svg
from pmed_core.modalities.tabular import shell as tables
from pmed_core.modalities.tabular.shell import cohorts
from pmed_core.shell import terminal

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor

__all__ = ["cohorts", "explain"]


def explain(given: Namespace, predictor: Predictor, cohort: Cohort) -> None:
    """SHAP values of the stretches of one sequence as CSV, or its letters as high as they matter as
    SVG."""
    if given.to is None or Path(given.to).suffix.lower() != ".svg":
        tables.explain(given, predictor, cohort)
        return
    from pmed_core.figures.logo import COLOURS
    from pmed_core.modalities.contracts import Question
    from pmed_core.modalities.sequence import computing, mutating
    from pmed_core.modalities.sequence.ensemble import letters

    one = predictor.as_cohort(tables.asked_for(given, cohort))
    label = given.label or predictor.labels[0]
    folds = computing.held_out_folds(predictor, one) if given.held_out else ()
    question = Question(label, 0.0, given.held_out, folds)
    ensemble, said = question.of_first(
        predictor.ensemble, lambda known: computing.said_of_training(predictor, one, known)
    )
    text = letters(one.table[ensemble.column].iloc[0])
    found = mutating.mutagenesis(ensemble, text, label, cohort.name)
    terminal.say(f"Explained for patient {given.patient}: {predictor.outcome.event(label)}.")
    terminal.say_of_training(said, given.held_out)
    with written_whole(Path(given.to)) as beside:
        drawn = svg(found.letters, found.importance.tolist(), found.first, COLOURS)
        beside.write_text(drawn, encoding="utf-8")
    terminal.say(
        f"Each letter is as high as it adds to the {found.quantity.scale}, against the mean of the "
        "four letters at its place; letters that hang down lower it."
    )
