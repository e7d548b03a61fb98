"""What the commands of the shell do with variants; see ``contracts.Shell``."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

import pandas as pd

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.tabular import shell as tables
from pmed_core.modalities.tabular.shell import cohorts
from pmed_core.modalities.variants import words
from pmed_core.modalities.variants.risk_genes import risk_genes_of
from pmed_core.shell import terminal

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor

__all__ = ["cohorts", "explain"]


def explain(given: Namespace, predictor: Predictor, cohort: Cohort) -> None:
    """With ``--patient`` what moved the model for one patient; without, the genes of the cohort
    that the model was trained on, tested."""
    if given.patient is not None:
        tables.explain(given, predictor, cohort)
        return
    found = risk_genes_of(predictor.card)
    if found is None:
        raise UserError("This model was kept without its genes", predictor.name, "Train it again.")
    terminal.write(pd.DataFrame(words.gene_rows(found)), given.to)
    terminal.say(words.verdict(found))
    terminal.say(words.adjusted(found))
