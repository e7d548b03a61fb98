"""What the commands of the shell do with molecules; see ``contracts.Shell``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from pmed_core.cohort import Cohort
from pmed_core.files import written_whole
from pmed_core.modalities.tabular import shell as tables
from pmed_core.modalities.tabular.shell import cohorts
from pmed_core.shell import terminal

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor

__all__ = ["cohorts", "explain"]


def explain(given: Namespace, predictor: Predictor, cohort: Cohort) -> None:
    """SHAP values of the pieces of one molecule as CSV, or the picture coloured by them as SVG."""
    if given.to is None or Path(given.to).suffix.lower() != ".svg":
        tables.explain(given, predictor, cohort)
        return
    from pmed_core.modalities.molecule.drawing import svg
    from pmed_core.modalities.molecule.ensemble import structures

    one, found = tables.explained(given, predictor, cohort)
    smiles = structures(one.table[predictor.ensemble.column])[0]
    terminal.say_of_training(found.notes, given.held_out)
    with written_whole(Path(given.to)) as beside:
        beside.write_text(svg(smiles, (520, 360), found.shap[0].tolist()), encoding="utf-8")
    terminal.say(
        f"shap: {found.quantity.explained}; orange speaks for a higher value, blue against it."
    )
