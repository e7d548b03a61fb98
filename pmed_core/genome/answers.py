"""What the worker answers about genomes of a cohort."""

from __future__ import annotations

import numpy as np

from pmed_core.arrays import to_json
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.genome.pharmacogenes import call
from pmed_core.genome.polygenic import score
from pmed_core.genome.told import GeneCall, PolygenicScores
from pmed_core.genome.weights import read_weights
from pmed_core.genome.work import CallGenes, ScoreGenomes
from pmed_core.genotypes import Genotypes
from pmed_core.modalities.variants import naming
from pmed_core.sealing import files
from pmed_core.store.store import Store


def answer(work: CallGenes | ScoreGenomes, store: Store) -> str:
    """As JSON; raises ``UserError``."""
    cohort = store.cohorts.get(work.cohort)
    if isinstance(work, CallGenes):
        return to_json(tuple[GeneCall, ...], genes_of(cohort, work.patient, work.build))
    with files.reading(store.passing.file(work.source)) as file:
        found = scores_of(cohort, (file.read(), work.name), work.build, work.group)
    return to_json(PolygenicScores, found)


def genes_of(cohort: Cohort, patient: str, build: str = "") -> tuple[GeneCall, ...]:
    """Pharmacogenes of one of its patients; raises ``UserError``."""
    samples, genotypes = of_patients(cohort)
    if patient not in samples:
        raise UserError("No genome of this patient is in the cohort", patient, "Choose another.")
    return call(genotypes, samples[patient], build)


def scores_of(
    cohort: Cohort, file: tuple[bytes, str], build: str = "", group: str = ""
) -> PolygenicScores:
    """Of every patient with a genome, by the bytes and the name of a scoring file; raises
    ``UserError``."""
    weights = read_weights(*file)
    samples, genotypes = of_patients(cohort)
    groups: tuple[str, ...] = ()
    if group:
        cells = cohort.table[cohort.variable(group).name].astype("str").fillna("")
        of = dict(zip(cohort.patients().tolist(), cells.tolist(), strict=True))
        groups = tuple(of[one] for one in samples)
    own = genotypes.of(list(samples.values()))
    return score(weights, own, list(samples), build=build, groups=groups)


def of_patients(cohort: Cohort) -> tuple[dict[str, str], Genotypes]:
    """Patients with a genome -> the sample of each, and the genotypes of the file.

    Raises ``UserError`` where there are none.
    """
    column, genotypes = naming(cohort.variables), cohort.genotypes
    if column is None or genotypes is None:
        raise UserError(
            "This cohort has no genomes", cohort.name, "Choose one that was read from a VCF file."
        )
    cells = cohort.table[column]
    rows = np.flatnonzero(cells.notna())
    pairs = list(zip(cohort.patients()[rows].tolist(), cells.iloc[rows].astype(str), strict=True))
    of = dict(pairs)
    if twice := next((patient for patient, sample in pairs if of[patient] != sample), ""):
        raise UserError(
            "Two genomes are listed for a patient",
            twice,
            "Give each patient the one that is meant.",
        )
    return of, genotypes
