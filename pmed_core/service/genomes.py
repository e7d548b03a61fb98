"""What a user may ask about the genomes of a cohort, without a model."""

from __future__ import annotations

from typing import BinaryIO

from pmed_core.accounts import Right
from pmed_core.arrays import from_json
from pmed_core.genome.told import GeneCall, PolygenicScores
from pmed_core.genome.work import CallGenes, ScoreGenomes
from pmed_core.modalities.variants import naming
from pmed_core.service import cohorts
from pmed_core.service.access import may
from pmed_core.service.entries import CohortEntry
from pmed_core.service.hub import SECONDS, hub
from pmed_core.service.uploads import stream
from pmed_core.settings import settings
from pmed_core.variable import Kind, Variable

BUILD = "build"
"""The decision of the reader that says whose positions a file has."""


@may(Right.ASK, recorded=False)
def genomes() -> tuple[CohortEntry, ...]:
    """Cohorts that were read from a VCF file, newest first."""
    return tuple(one for one in cohorts.cohorts() if naming(one.variables))


@may(Right.ASK, recorded=False)
def build_of(entry: CohortEntry) -> str:
    """The build of a cohort's positions, as its file says; empty where it does not."""
    return next((one.value for one in entry.reading if one.rule == BUILD), "")


@may(Right.ASK, recorded=False)
def groupings(entry: CohortEntry) -> tuple[Variable, ...]:
    """Variables that may tell groups of like ancestry."""
    return tuple(v for v in entry.variables if v.kind in (Kind.CATEGORY, Kind.YES_NO))


@may(Right.ASK)
def pharmacogenes(cohort_id: str, patient: str, build: str = "") -> tuple[GeneCall, ...]:
    """Alleles and phenotypes of a patient; ``build``: where the file does not tell. Raises
    ``UserError``."""
    answer = hub().engine.ask(CallGenes(cohort_id, patient, build), SECONDS)
    return from_json(tuple[GeneCall, ...], answer)  # type: ignore[no-any-return]


@may(Right.ASK)
def polygenic(
    cohort_id: str, file_name: str, data: bytes | BinaryIO, build: str = "", group: str = ""
) -> PolygenicScores:
    """The score of every patient by a scoring file, which is not kept; raises ``UserError``."""
    with hub().store.passing.upload(file_name, stream(data)) as token:
        work = ScoreGenomes(cohort_id, token, file_name, build, group)
        answer = hub().engine.ask(work, settings().read_seconds)
    return from_json(PolygenicScores, answer)  # type: ignore[no-any-return]
