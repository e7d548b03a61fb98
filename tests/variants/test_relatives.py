"""Relatives are found by genotypes alone, and unrelated people of mixed populations are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.modalities.variants.encoder import learn_encoder
from pmed_core.modalities.variants.kinship import families, informative, related
from pmed_core.modalities.variants.relatives import relatives
from pmed_core.modalities.variants.vcf import read_vcf
from pmed_core.variable import Kind, Variable
from tests.variants.written import vcf

DATA = Path("../shared/data")
Copies = NDArray[np.int8]


def people(draw: np.random.Generator, sites: int, many: int) -> Copies:
    """Of two populations."""
    frequency = draw.uniform(0.1, 0.9, (sites, 2))
    return draw.binomial(2, frequency[:, np.arange(many) % 2]).astype(np.int8)


def of_people(copies: Copies) -> Cohort:
    """A cohort of a sample a column."""
    written = {-1: "./.", 0: "0/0", 1: "0/1", 2: "1/1"}
    names = [f"s{k}" for k in range(copies.shape[1])]
    rows = [
        f"chr1 {100 + k} . A G . . . GT {' '.join(written[one] for one in site)}"
        for k, site in enumerate(copies.tolist())
    ]
    found, _ = read_vcf(vcf(rows, names), "x.vcf")
    table = pd.DataFrame({"variants": pd.array(names, dtype="str")})
    return Cohort("x", table, (Variable("variants", Kind.VARIANTS),), genotypes=found)


def child(draw: np.random.Generator, mother: Copies, father: Copies) -> Copies:
    handed = [draw.random(len(mother)) < one / 2 for one in (mother, father)]
    return np.asarray(handed[0].astype(np.int8) + handed[1], dtype=np.int8)


@settings(max_examples=10, deadline=None)
@given(st.integers(min_value=0, max_value=2**31))
def test_a_family_and_a_duplicate_are_found_and_nobody_else(seed: int) -> None:
    draw = np.random.default_rng(seed)
    found = people(draw, 1500, 30)
    first, second = (child(draw, found[:, 0], found[:, 2])[:, None] for _ in range(2))
    copies = np.concatenate([found, first, second, found[:, 5:6]], axis=1)
    copies[draw.random(copies.shape) < 0.02] = -1
    pairs = {(pair.first, pair.second): pair for pair in related(copies)}
    assert set(pairs) == {(0, 30), (0, 31), (2, 30), (2, 31), (30, 31), (5, 32)}
    assert [key for key, pair in pairs.items() if pair.same] == [(5, 32)]
    assert pairs[0, 30].opposite < 0.005 < pairs[30, 31].opposite


def test_relatives_of_relatives_are_one_family() -> None:
    draw = np.random.default_rng(1)
    found = people(draw, 1500, 8)
    copies = np.concatenate([found, child(draw, found[:, 0], found[:, 2])[:, None]], axis=1)
    family = families(related(copies), copies.shape[1])
    assert family[0] == family[2] == family[8]
    assert len(np.unique(family)) == 7


def test_too_few_sites_tell_nothing() -> None:
    draw = np.random.default_rng(2)
    assert related(people(draw, 50, 4)[:, [0, 0, 1, 2]]) == ()


def test_only_common_autosomal_sites_tell() -> None:
    copies = np.array([[0, 1, 2, 1], [0, 0, 0, 0], [0, 1, 2, 1], [-1, -1, 2, 1]], dtype=np.int8)
    autosomal = np.array([True, True, False, True])
    assert informative(copies, autosomal).tolist() == [0]


@pytest.mark.skipif(not DATA.exists(), reason="the shared data is not here")
def test_parents_and_ancestry_of_3202_people() -> None:
    found, _ = read_vcf((DATA / "genomes_1000g_3202.vcf.gz").read_bytes(), "genomes.vcf.gz")
    sheet = pd.read_csv(DATA / "genomes_1000g_3202_samples.csv", dtype=str).set_index("sample")
    sheet = sheet.loc[list(found.samples)]
    autosomal = (found.sites["chromosome"] != "X").to_numpy()
    copies = found.copies()
    # A third of the people, whole families together: the whole takes four times as long.
    kept = np.flatnonzero(sheet["SuperPop"].isin(["EUR", "AMR"]).to_numpy())
    sites = informative(copies[:, kept], autosomal)
    pairs = {(kept[p.first], kept[p.second]) for p in related(copies[np.ix_(sites, kept)])}
    mine = {one: k for k, one in enumerate(found.samples)}
    inside = set(kept.tolist())
    parents = {
        tuple(sorted((mine[one], mine[parent])))
        for one, *both in sheet[["PAT", "MAT"]].itertuples() for parent in both
        if parent in mine and mine[one] in inside
    }  # fmt: skip
    assert len(parents) > 400
    assert parents <= pairs
    # What the sheet does not list: siblings, and pairs that were published as close relatives.
    assert len(pairs - parents) < 12

    class Every:
        genes: tuple[str, ...] = ()
        variant = gene = np.empty(0, dtype=np.int64)
        weight = np.empty(0)

        def __init__(self) -> None:
            self.autosomal = autosomal

        def __len__(self) -> int:
            return len(copies)

    of = sheet["SuperPop"].to_numpy()
    some = np.flatnonzero((sheet["PAT"] == "0").to_numpy())[::3]
    encoder = learn_encoder(Every(), copies[:, some], 0.01, 4, np.arange(len(some)))  # type: ignore[arg-type]
    components = encoder.components(copies)
    centres = pd.DataFrame(components[some]).groupby(of[some]).mean()
    others = np.setdiff1d(np.arange(len(of)), some)
    distance = ((components[others, None] - centres.to_numpy()[None]) ** 2).sum(axis=2)
    told = centres.index.to_numpy()[distance.argmin(axis=1)]
    continents = np.isin(of[others], ["AFR", "EAS", "EUR", "SAS"])
    assert (told[continents] == of[others][continents]).mean() > 0.97


@settings(max_examples=10, deadline=None)
@given(st.integers(min_value=0, max_value=2**31))
def test_a_sample_with_few_calls_is_nobodys_relative_and_that_is_said(seed: int) -> None:
    draw = np.random.default_rng(seed)
    copies = people(draw, 1500, 30)
    copies[draw.permutation(1500)[:1450], 4] = -1
    assert related(copies) == ()
    told = relatives(of_people(copies), "variants")
    assert not told.pairs
    assert "Whether 1 patient is related to others cannot be told: fewer than 200" in told.counted
    assert told.sentence.startswith("No patients are first-degree relatives")
