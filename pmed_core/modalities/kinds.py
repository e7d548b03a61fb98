"""The one place where the kinds of input are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from pmed_core.modalities import Modality, Scan, Tabular, modality_of

if TYPE_CHECKING:
    from pmed_core.cohort import Cohort
    from pmed_core.modalities.contracts import Answering, Computing, Costing, Reading, Shell


def answering(modality: Modality) -> Answering:
    """How questions about its models are answered."""
    match modality:
        case Tabular():
            from pmed_core.modalities.tabular import answers as of_tables

            return of_tables
        case Scan():
            from pmed_core.modalities.scan import answers as of_scans

            return of_scans
        case _:
            assert_never(modality)


def computing(modality: Modality) -> Computing:
    """What computes with it; loads Keras."""
    match modality:
        case Tabular():
            from pmed_core.modalities.tabular import computing as of_tables

            return of_tables
        case Scan():
            from pmed_core.modalities.scan import computing as of_scans

            return of_scans
        case _:
            assert_never(modality)


def costing(modality: Modality) -> Costing:
    """What a training costs."""
    match modality:
        case Tabular():
            from pmed_core.modalities.tabular import cost as of_tables

            return of_tables
        case Scan():
            from pmed_core.modalities.scan import cost as of_scans

            return of_scans
        case _:
            assert_never(modality)


def reading(modality: Modality) -> Reading:
    """How its files come in."""
    match modality:
        case Tabular():
            from pmed_core.modalities.tabular import reading as of_tables

            return of_tables
        case Scan():
            from pmed_core.modalities.scan import reading as of_scans

            return of_scans
        case _:
            assert_never(modality)


def shell(modality: Modality) -> Shell:
    """What the commands of the shell do with it."""
    match modality:
        case Tabular():
            from pmed_core.modalities.tabular import shell as of_tables

            return of_tables
        case Scan():
            from pmed_core.modalities.scan import shell as of_scans

            return of_scans
        case _:
            assert_never(modality)


def judgeable(cohort: Cohort) -> Cohort:
    """The cohort itself; raises ``UserError`` where it does not say what happened."""
    asked = cohort.chosen_outcome().columns
    if column := next((name for name in asked if name not in cohort.table.columns), ""):
        raise reading(modality_of(cohort.variables)).unlabelled(cohort, column)
    return cohort
