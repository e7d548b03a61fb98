"""Genes are tested against chance, with ancestry taken off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pmed_core.modalities.variants import figures, words
from pmed_core.modalities.variants.association import (
    GeneVariants,
    false_discovery_rates,
    genes_to_test,
    inflation,
    null_model,
    p_values,
    ranked,
)
from pmed_core.modalities.variants.carried import Carried
from pmed_core.modalities.variants.catalogue import KEY, Catalogue, catalogue, weight_of
from pmed_core.modalities.variants.encoder import learn_encoder
from pmed_core.modalities.variants.risk_genes import Gene, RiskGenes, risk_genes_of
from pmed_core.modalities.variants.vcf import read_vcf
from pmed_core.samples.risk_genes import PATIENTS, Study, risk_genes
from tests.variants.written import vcf


def known(study: Study) -> Catalogue:
    names: dict[str, int] = {}
    links = [
        (row, names.setdefault(gene, len(names)), weight_of(terms))
        for row, (gene, terms) in enumerate(
            zip(study.sites["gene"], study.sites["consequence"], strict=True)
        )
        if gene
    ]
    variant, gene, weight = map(np.array, zip(*links, strict=True))
    table = study.sites[KEY].astype({"chromosome": "str"})
    return Catalogue(table, tuple(names), variant, gene, weight)


@pytest.fixture(scope="module")
def study() -> Study:
    return risk_genes()


def found_in(study: Study, draws: tuple[int, ...] = (999, 99_999)) -> tuple[Gene, ...]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pmed_core.modalities.variants.association.DRAWS", draws)
        patch.setattr("pmed_core.modalities.variants.association.ALPHA", (0.01,) * (len(draws) - 1))
        catalogue = known(study)
        children = [22 + 3 * k for k in range(8)]
        alone = np.setdiff1d(np.arange(PATIENTS - 1), children)
        copies = study.copies[:, alone]
        encoder = learn_encoder(catalogue, copies, 0.01, 5, np.arange(len(alone)))
        event = (study.sheet["case"] == "yes").to_numpy()[alone]
        null = null_model(event, encoder.components(copies))
        return ranked(catalogue, genes_to_test(catalogue, copies, 0.01), null, 0)[0]


@pytest.mark.slow
def test_planted_genes_come_first(study: Study) -> None:
    genes = found_in(study)
    assert {gene.name for gene in genes[:6]} == set(study.causal)
    reported = RiskGenes(genes, 483, 260, (), 1.0, 1e-4, 0.01).reported
    assert set(study.causal) <= {gene.name for gene in reported}


def test_without_signal_chance_is_all_there_is() -> None:
    p = np.array([gene.p for gene in found_in(risk_genes(3, odds=1.0), (999,))])
    assert 0.02 < (p < 0.05).mean() < 0.09
    assert 0.44 < (p < 0.5).mean() < 0.58


def one_gene(weighted: NDArray[np.float32]) -> GeneVariants:
    carried = np.asarray(weighted.any(axis=0), dtype=bool)
    return GeneVariants("G", np.arange(len(weighted)), weighted, carried)


def test_ancestry_that_goes_with_the_disease_is_taken_off() -> None:
    draw = np.random.default_rng(5)
    population = np.repeat([0, 1], 300)
    event = draw.random(600) < np.array([0.25, 0.75])[population]
    weighted = (draw.random((4, 600)) < np.array([0.01, 0.08])[population]).astype(np.float32)
    gene = [one_gene(weighted)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pmed_core.modalities.variants.association.DRAWS", (999,))
        patch.setattr("pmed_core.modalities.variants.association.ALPHA", ())
        alone, _ = p_values(gene, null_model(event, np.empty((600, 0))), 0)
        adjusted, _ = p_values(gene, null_model(event, population[:, None].astype(float)), 0)
    assert alone[0, 2] < 0.01
    assert adjusted[0, 2] > 0.05


def test_the_null_model_is_that_of_logistic_regression() -> None:
    draw = np.random.default_rng(6)
    covariates = draw.standard_normal((400, 3))
    event = draw.random(400) < 1 / (1 + np.exp(-covariates @ [1.0, -0.5, 0.0]))
    null = null_model(event, covariates)
    # At the maximum, residuals are uncorrelated with everything in the model.
    assert np.abs(covariates.T @ null.residual).max() < 1e-5
    assert abs(null.residual.sum()) < 1e-5
    drawn = next(null.drawn(200, 0))
    assert np.abs(covariates.T @ drawn).max() < 1e-2


def several(draw: np.random.Generator, weak: float) -> tuple[list[GeneVariants], NDArray[np.bool_]]:
    """Four genes whose carriers nearly all have the event, one whose have it with the odds
    ``weak``, and 40 that mean nothing; 600 people."""
    carried = draw.random((45, 600)) < np.array([0.1] * 4 + [0.04] * 41)[:, None]
    odds = -1.5 + 4.0 * carried[:4].sum(axis=0) + np.log(weak) * carried[4]
    event = draw.random(600) < 1 / (1 + np.exp(-odds))
    genes = [one_gene(one[None].astype(np.float32)) for one in carried]
    return [replace(g, name=f"G{k}", rows=np.array([k])) for k, g in enumerate(genes)], event


def catalogue_of(genes: list[GeneVariants]) -> Catalogue:
    table = pd.DataFrame({"chromosome": "1", "position": np.arange(len(genes))})
    empty = np.empty(0, dtype=np.int64)
    return Catalogue(table, tuple(one.name for one in genes), empty, empty, np.empty(0))


def test_genes_are_tested_given_those_that_stand_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has the event for another reason hides a weak gene; genes without risk stay as they
    were, and one person's burden is not taken for another's."""
    monkeypatch.setattr("pmed_core.modalities.variants.association.DRAWS", (1999,))
    monkeypatch.setattr("pmed_core.modalities.variants.association.LOOKED_AGAIN", 1999)
    monkeypatch.setattr("pmed_core.modalities.variants.association.ALPHA", ())
    better, small = list[bool](), list[float]()
    for seed in range(6):
        genes, event = several(np.random.default_rng(seed), 5.0)
        null = null_model(event, np.empty((600, 0)))
        found, _, _, given = ranked(catalogue_of(genes), genes, null, seed)
        assert {"G0", "G1", "G2", "G3"} <= set(given)
        p = {one.name: one.p for one in found}
        alone = p_values([genes[4]], null, seed)[0][0, 2]
        better.append("G4" in given or p["G4"] <= alone)
        small += [p[f"G{k}"] < 0.05 for k in range(5, 45)]
    assert np.mean(better) >= 0.8
    assert 0.02 < np.mean(small) < 0.09


def test_genes_that_overlap_do_not_hide_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """One variant may lie in two genes: given its twin, the gene of risk itself tells nothing."""
    monkeypatch.setattr("pmed_core.modalities.variants.association.DRAWS", (1999,))
    monkeypatch.setattr("pmed_core.modalities.variants.association.LOOKED_AGAIN", 1999)
    monkeypatch.setattr("pmed_core.modalities.variants.association.ALPHA", ())
    genes, event = several(np.random.default_rng(4), 1.0)
    part = (genes[0].weighted > 0) & (np.random.default_rng(5).random(600) < 0.8)
    genes.append(replace(genes[0], name="twin", rows=np.array([45])))
    genes.append(replace(one_gene(part.astype(np.float32)), name="part", rows=np.array([46])))
    null = null_model(event, np.empty((600, 0)))
    found, _, _, given = ranked(catalogue_of(genes), genes, null, 0)
    assert {"G0", "twin", "part"} <= set(given)
    told = RiskGenes(found, 600, int(event.sum()), (), 1.0, 1 / 2000, 0.01, (), given)
    assert {"G0", "twin", "part"} <= {one.name for one in told.reported}
    assert "much the same carriers" in words.adjusted(told)
    assert "the one that stands out by itself (G0)." in words.adjusted(replace(told, given=("G0",)))


def test_where_no_gene_stands_out_nothing_is_tested_twice() -> None:
    genes, _ = several(np.random.default_rng(0), 1.0)
    event = np.random.default_rng(1).random(600) < 0.4
    null = null_model(event, np.empty((600, 0)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pmed_core.modalities.variants.association.DRAWS", (999,))
        patch.setattr("pmed_core.modalities.variants.association.ALPHA", ())
        found, _, _, given = ranked(catalogue_of(genes), genes, null, 3)
        alone, _ = p_values(genes, null, 3)
    assert given == ()
    assert {one.name: one.p for one in found} == {
        one.name: p for one, p in zip(genes, alone[:, 2].tolist(), strict=True)
    }


def test_carriers_who_all_have_the_event_leave_a_model_that_can_be_tested_against() -> None:
    draw = np.random.default_rng(2)
    weighted = (draw.random((1, 300)) < 0.1).astype(np.float32)
    event = (draw.random(300) < 0.3) | (weighted[0] > 0)
    given = null_model(event, np.empty((300, 0))).given([one_gene(weighted)])
    assert np.isfinite(given.residual).all()
    left = abs(given.residual @ weighted[0]) / weighted.sum()
    assert left < 0.01, "hardly anything of the gene is left to be found"
    assert 0.8 < given.risk[weighted[0] > 0].min() < 0.999


def test_effects_that_cancel_are_seen_by_skat_alone() -> None:
    draw = np.random.default_rng(7)
    event = np.repeat([True, False], 150)
    weighted = np.zeros((6, 300), dtype=np.float32)
    for row in range(6):
        weighted[row, draw.permutation(150)[:12] + (0 if row % 2 else 150)] = 1
    gene = [one_gene(weighted)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pmed_core.modalities.variants.association.DRAWS", (1999,))
        patch.setattr("pmed_core.modalities.variants.association.ALPHA", ())
        (p,), _ = p_values(gene, null_model(event, np.empty((300, 0))), 0)
    assert p[0] > 0.2
    assert p[1] < 0.002
    assert p[2] < 0.01


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(min_value=1e-6, max_value=1), min_size=1, max_size=60))
def test_false_discovery_rates_are_those_of_scipy(p: list[float]) -> None:
    from scipy.stats import false_discovery_control

    assert np.allclose(false_discovery_rates(np.array(p)), false_discovery_control(p))


def test_inflation_of_even_p_values_is_one() -> None:
    assert inflation((np.arange(999) + 0.5) / 999) == pytest.approx(1, abs=0.01)


def gene(name: str, p: float, q: float, **more: object) -> Gene:
    plain = Gene(name, "1", 100, 3, 0.1, 0.02, p, p, p, q, 0.1)
    return replace(plain, **more)  # type: ignore[arg-type]


def test_nothing_is_reported_where_the_best_gene_is_what_chance_gives() -> None:
    genes = tuple(
        gene(f"G{k}", p, q)
        for k, (p, q) in enumerate([(0.001, 0.09), (0.002, 0.09), *[(0.5, 0.6)] * 98])
    )
    found = RiskGenes(genes, 100, 50, (), 1.0, 1e-4, 0.01)
    assert found.reported == ()
    assert words.verdict(found).startswith("No more than chance")
    strong = replace(found, genes=(gene("G", 1e-5, 0.001), *genes[1:]))
    assert [one.name for one in strong.reported] == ["G", "G1"]
    assert "2 of 100 genes are associated beyond chance" in words.verdict(strong)


def test_figures_show_every_gene_once() -> None:
    genes = tuple(
        gene(f"G{k}", p, q, chromosome=c, position=k)
        for k, (p, q, c) in enumerate(
            [(1e-6, 1e-4, "X"), (2e-5, 1e-3, "2"), *[(0.4, 0.8, str(n)) for n in range(1, 20)]]
        )
    )
    found = RiskGenes(genes, 100, 50, ("age",), 1.02, 1e-6, 0.01)
    for drawn in (figures.qq(found), figures.manhattan(found)):
        traces = [one for one in drawn.data if one.hoverinfo != "skip"]
        points = [name for trace in traces if trace.text is not None for name in trace.text]
        assert sorted(points) == sorted(one.name for one in genes)
    # Reported genes have numbers in the order of the genome, which the caption names.
    (numbers,) = (one for one in figures.manhattan(found).data if one.mode == "markers+text")
    assert list(numbers.text) == ["1", "2"]
    assert list(numbers.x) == sorted(numbers.x)
    assert "1 G1, 2 G0" in figures.manhattan_caption(found)
    assert len(figures.table(found)) == len(genes)
    assert "1.02" in figures.qq_caption(found)
    assert "adjusted by age" in words.adjusted(found)
    order = figures.manhattan(found).layout.xaxis.ticktext
    assert list(order)[-1] == "X"


def test_what_cannot_be_read_is_none() -> None:
    assert risk_genes_of({}) is None
    assert risk_genes_of({"risk_genes": {"genes": 3}}) is None


def test_what_a_patient_carries_in_words() -> None:
    one = Carried("G1", "1", 5, "A", "G", "stop gained", "heterozygous", 0.001, "", 0.1, 0.2)
    assert words.carried((), set()) == "No rare variant of a gene was called in this patient."
    assert "none in a risk gene" in words.carried((one,), {"G2"})
    assert "1 in risk genes (G1)" in words.carried((one,), {"G1"})


def test_the_only_x_of_a_man_counts_as_it_is_written_either_way() -> None:
    """And nobody carries the rarer allele who has none of it, or was not called."""
    names = [f"s{k}" for k in range(200)]
    head = "##fileformat=VCFv4.2\n"

    def read(man: str) -> tuple[Catalogue, NDArray[np.int8]]:
        of = [man if k % 2 else "1/1" for k in range(199)] + ["0/1"]
        of[:50] = ["./."] * 50
        found, _ = read_vcf(vcf(["X 5000000 . A G . . . GT " + " ".join(of)], names, head), "a.vcf")
        found = replace(found, sites=found.sites.assign(genes="G1"))
        known = catalogue(found, np.array([0]))
        return known, known.copies(found, names)

    (known, one), (_, both) = read("1"), read("1/1")
    assert (one == both).all()
    encoder = learn_encoder(known, one, 0.01, 0, np.arange(200))
    assert encoder.frequency[0] == 299 / 300
    assert not encoder.read.any(), "one woman alone carries the rarer allele"
    assert not genes_to_test(known, one, 0.01)


def test_weights_follow_consequences() -> None:
    told = ["stop_gained", "missense_variant&splice_region_variant", "synonymous_variant", ""]
    assert [weight_of(one) for one in told] == [1.0, 0.5, 0.1, 1.0]


def test_the_sample_is_what_it_says(study: Study) -> None:
    assert len(study.causal) == 6
    assert pd.Series(study.sheet["patient"]).is_unique
    assert (np.where(study.copies[:, 0] < 0, study.copies[:, -1], study.copies[:, 0])
            == study.copies[:, -1]).mean() > 0.98  # fmt: skip
