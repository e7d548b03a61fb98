"""What the commands of the shell do with sequences; see ``contracts.Shell``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.files import written_whole
from pmed_core.modalities.contracts import NOBODY
from pmed_core.modalities.sequence.glyphs import svg
from pmed_core.modalities.tabular import shell as tables
from pmed_core.modalities.tabular.shell import cohorts
from pmed_core.shell import terminal

if TYPE_CHECKING:
    from pmed_core.modalities.sequence.meme import Known
    from pmed_core.predictor import Predictor

__all__ = ["cohorts", "explain"]

MEME = "meme"


def explain(given: Namespace, predictor: Predictor, cohort: Cohort) -> None:
    """SHAP values of the stretches of one sequence as CSV, its letters as high as they matter as
    SVG, or the motifs that recur in all sequences in MEME format."""
    if terminal.named(given.to, MEME):
        _motifs(given, predictor, cohort)
        return
    if given.known_motifs:
        raise UserError(
            "Known motifs are compared with those that recur in all sequences", "--known-motifs",
            "Add --to motifs.meme.",
        )  # fmt: skip
    if given.to is None or Path(given.to).suffix.lower() != ".svg":
        tables.explain(given, predictor, cohort)
        return
    from pmed_core.modalities.contracts import Question
    from pmed_core.modalities.sequence import computing, mutating
    from pmed_core.modalities.sequence.ensemble import letters
    from pmed_core.modalities.sequence.logo_figures import COLOURS

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


def _motifs(given: Namespace, predictor: Predictor, cohort: Cohort) -> None:
    """What recurs in all sequences of a file with a known outcome, and what it resembles."""
    from pmed_core.modalities.sequence import computing
    from pmed_core.modalities.sequence import motifs_figures as drawn
    from pmed_core.modalities.sequence.learner import with_sequence
    from pmed_core.modalities.sequence.matching import best_match
    from pmed_core.modalities.sequence.meme import meme_text
    from pmed_core.modalities.sequence.motifs import SEQUENCES_AT_MOST
    from pmed_core.modalities.sequence.reading import unlabelled
    from pmed_core.modalities.sequence.recurrent import recurrent

    if given.patient or given.label:
        raise UserError(
            "Motifs are those of all sequences and all outcomes", "--to",
            "Leave out --patient and --label, or add --to logo.svg for one sequence.",
        )  # fmt: skip
    known, rows = _known(given), predictor.as_cohort(with_sequence(cohort))
    if column := next((c for c in rows.chosen_outcome().columns if c not in rows.table), ""):
        raise unlabelled(cohort, column)
    rows = rows.labelled()
    folds = computing.held_out_folds(predictor, rows)
    if given.held_out and not folds:
        raise computing.not_kept(predictor.name)
    terminal.say_of_training(
        () if given.held_out else computing.said_of_training(predictor, rows, folds), given.held_out
    )
    mine = np.array(folds) if given.held_out else np.full(len(rows), NOBODY)
    with terminal.watched() as progress:
        found = recurrent(predictor.ensemble, rows, mine, (SEQUENCES_AT_MOST, progress))
    matches = [best_match(one.shares, known) if known else None for _, one in found.named()]
    terminal.write_text(meme_text(found), given.to)
    for (name, one), match in zip(found.named(), matches, strict=True):
        event = predictor.outcome.event(one.label)
        terminal.say(f"{name}: {drawn.motif_caption(found, one, event, match)}")
    terminal.say(drawn.motifs_words(found))
    if not found.motifs:
        terminal.say("The file that was written holds none.")


def _known(given: Namespace) -> tuple[Known, ...]:
    from pmed_core.modalities.sequence.meme import parsed_motifs

    if not given.known_motifs:
        return ()
    file = Path(given.known_motifs)
    if not file.is_file():
        raise UserError("There is no such file", str(file), "Check the path.")
    return parsed_motifs(file.read_bytes(), file.name)
