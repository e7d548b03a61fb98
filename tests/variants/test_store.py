"""Genotypes are kept with their cohort, and come back as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pmed_core.cohort import Cohort
from pmed_core.genotypes import Genotypes
from pmed_core.modalities.variants.vcf import read_vcf
from pmed_core.store import genotypes as kept
from pmed_core.variable import Kind, Variable
from tests.variants.written import vcf

RECORDS = (
    "chr1 100 . A <NON_REF> . . END=199 GT 0/0 ./.",
    "chr1 200 rs1 A G,T,<NON_REF> . q10 AF=0.1,0.2 GT 0|1 2/.",
    "chrX 5 . A G . PASS . GT 1 0/1",
)


def written(records: tuple[str, ...], folder: Path) -> Genotypes:
    found, _ = read_vcf(vcf(records, head="##fileformat=VCFv4.2\n"), "x.vcf")
    table = pd.DataFrame({"variants": pd.array(["a", "b"], dtype="str")})
    cohort = Cohort("x", table, (Variable("variants", Kind.VARIANTS),), genotypes=found)
    sums = kept.write(cohort, folder, folder)
    assert list(sums) == [kept.FILE]
    return found


@pytest.mark.parametrize("records", [RECORDS, RECORDS[:1], RECORDS[2:]])
def test_they_come_back_as_they_were(records: tuple[str, ...], tmp_path: Path) -> None:
    found = written(records, tmp_path)
    again = kept.mapped(tmp_path, 1)
    assert again is not None
    assert list(again.digested()) == list(found.digested())
    assert (again.copies() == found.copies()).all()
    assert again.called_reference("a", "1", 100, 199) == found.called_reference("a", "1", 100, 199)


def test_calls_that_were_cut_off_are_damaged(tmp_path: Path) -> None:
    written(RECORDS, tmp_path)
    whole = (tmp_path / kept.FILE).read_bytes()
    (tmp_path / kept.FILE).write_bytes(whole[:-1])
    with pytest.raises(ValueError, match="another size"):
        kept.mapped(tmp_path, 2)


def test_a_cohort_without_genotypes_keeps_none(tmp_path: Path) -> None:
    table = pd.DataFrame({"age": [1.0]})
    assert kept.write(Cohort("x", table, ()), tmp_path, tmp_path) == {}
    assert kept.mapped(tmp_path, 3) is None


def test_a_change_of_one_call_is_another_cohort() -> None:
    first, _ = read_vcf(vcf(RECORDS[2:]), "x")
    second = Genotypes(
        first.samples, first.sites, np.array([[16, 1]], dtype=np.uint8), first.blocks,
        first.covered, first.build,
    )  # fmt: skip
    table = pd.DataFrame({"variants": pd.array(["a", "b"], dtype="str")})
    variables = (Variable("variants", Kind.VARIANTS),)
    digests = {Cohort("x", table, variables, genotypes=one).digest() for one in (first, second)}
    assert len(digests) == 2
