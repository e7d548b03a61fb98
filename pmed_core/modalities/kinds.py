"""The one place where the kinds of input are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from pmed_core import modalities
from pmed_core.modalities import Modality, modality_of

if TYPE_CHECKING:
    from pmed_core.cohort import Cohort
    from pmed_core.modalities.contracts import (
        Answering,
        Computing,
        Costing,
        Exporting,
        Folder,
        Reading,
        Shell,
    )


def _folder(modality: Modality) -> Folder:
    match modality:
        case modalities.Tabular():
            from pmed_core.modalities.tabular import folder as of_tables

            return of_tables
        case modalities.Scan():
            from pmed_core.modalities.scan import folder as of_scans

            return of_scans
        case modalities.Molecule():
            from pmed_core.modalities.molecule import folder as of_molecules

            return of_molecules
        case modalities.Response():
            from pmed_core.modalities.response import folder as of_response

            return of_response
        case modalities.Sequence():
            from pmed_core.modalities.sequence import folder as of_sequences

            return of_sequences
        case modalities.Expression():
            from pmed_core.modalities.expression import folder as of_expression

            return of_expression
        case modalities.Treatment():
            from pmed_core.modalities.treatment import folder as of_treatment

            return of_treatment
        case modalities.Variants():
            from pmed_core.modalities.variants import folder as of_variants

            return of_variants
        case _:
            assert_never(modality)


def answering(modality: Modality) -> Answering:
    """How questions about its models are answered."""
    return _folder(modality).answering()


def computing(modality: Modality) -> Computing:
    """What computes with it; loads Keras."""
    return _folder(modality).computing()


def costing(modality: Modality) -> Costing:
    """What a training costs; loads nothing that computes."""
    return _folder(modality).costing()


def exporting(modality: Modality) -> Exporting:
    """How its models are written as ONNX."""
    return _folder(modality).exporting()


def reading(modality: Modality) -> Reading:
    """How its files come in."""
    return _folder(modality).reading()


def shell(modality: Modality) -> Shell:
    """What the commands of the shell do with it."""
    return _folder(modality).shell()


def evaluable(cohort: Cohort) -> Cohort:
    """The cohort itself; raises ``UserError`` where it does not say what happened."""
    asked = cohort.chosen_outcome().columns
    if column := next((name for name in asked if name not in cohort.table.columns), ""):
        raise reading(modality_of(cohort.variables)).unlabelled(cohort, column)
    return cohort
