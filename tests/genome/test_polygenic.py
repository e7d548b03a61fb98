"""Polygenic scores: the plain sum, whatever strand and order the alleles come in."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.genome.polygenic import percentiles, score
from pmed_core.genome.told import PolygenicScores
from pmed_core.genome.weights import read_weights
from pmed_core.genotypes import Genotypes
from pmed_core.modalities.variants.vcf import read_vcf
from tests.genome.made import HEAD, UNTOLD, written

COMPLEMENT = str.maketrans("ACGT", "TGCA")
PAIRS = [(a, b) for a in "ACGT" for b in "ACGT" if a != b]
SAFE = [pair for pair in PAIRS if pair[0].translate(COMPLEMENT) != pair[1]]


def genomes(sites: list[tuple[str, str]], calls: list[list[str]], head: str = HEAD) -> Genotypes:
    """A site every ten bases of chromosome 1; ``calls``: of each site, of each sample."""
    lines = [
        f"chr1\t{10 * (k + 1)}\t.\t{ref}\t{alt}\t.\t.\t.\tGT\t" + "\t".join(calls[k])
        for k, (ref, alt) in enumerate(sites)
    ]
    samples = [f"S{k}" for k in range(len(calls[0]))]
    return read_vcf(written(lines, samples, head), "a.vcf")[0]


def scored(
    rows: list[tuple[int, str, str, float]], found: Genotypes, build: str = "GRCh38",
    columns: str = "", groups: tuple[str, ...] = (), said: str = "",
) -> PolygenicScores:  # fmt: skip
    text = "\n".join(f"1\t{p}\t{e}\t{o}\t{w!r}{columns and chr(9) + 'True'}" for p, e, o, w in rows)
    title = f"chr_name\tchr_position\teffect_allele\tother_allele\teffect_weight{columns}\n"
    head = f"#genome_build={build}\n" if build else ""
    weights = read_weights((head + title + text + "\n").encode(), "w.txt")
    return score(weights, found, found.samples, groups=groups, build=said)


@settings(max_examples=60)
@given(st.data())
def test_the_plain_sum(data: st.DataObject) -> None:
    many = data.draw(st.integers(1, 8))
    sites = [data.draw(st.sampled_from(SAFE)) for _ in range(many)]
    calls = [
        [data.draw(st.sampled_from(["0/0", "0|1", "1/0", "1|1", "0", "1"])) for _ in range(4)]
        for _ in sites
    ]
    rows, expected = [], np.zeros(4)
    for k, (ref, alt) in enumerate(sites):
        weight, counts_alt, turned = (
            data.draw(st.floats(-3, 3)), data.draw(st.booleans()), data.draw(st.booleans()),
        )  # fmt: skip
        effect, other = (alt, ref) if counts_alt else (ref, alt)
        copies = [call.count("1" if counts_alt else "0") for call in calls[k]]
        expected += weight * np.array(copies)
        if turned:
            effect, other = effect.translate(COMPLEMENT), other.translate(COMPLEMENT)
        rows.append((10 * (k + 1), effect, other, weight))
    found = scored(rows, genomes(sites, calls))
    assert found.scores == pytest.approx(expected.tolist(), abs=1e-9)
    assert found.matched.matched == many


def test_calls_of_one_allele_are_said() -> None:
    rows, sites = [(10, "G", "A", 1.0)], [("A", "G")]
    said = scored(rows, genomes(sites, [["1", "1/1"]])).notes
    assert said == ("1 call has one allele, as on the X of men, and counts one copy at most: "
                    "compare men with men.",)  # fmt: skip
    assert not scored(rows, genomes(sites, [["0/1", "1/1"]])).notes


def test_a_third_allele_is_neither() -> None:
    found = scored([(10, "A", "C", 1.0)], genomes([("A", "C,G")], [["1/2", "0/2", "0/0", "2/2"]]))
    assert found.scores == (0, 1, 2, 0)


def test_a_variant_is_found_however_long_its_site_is_written() -> None:
    written_long = genomes([("CAC", "CC,CAT")], [["1/2", "2/2", "0/0"]])
    assert scored([(12, "T", "C", 1.0)], written_long).scores == (1, 2, 0)
    assert scored([(10, "C", "CA", 1.0)], written_long).scores == (1, 0, 0)
    short = genomes([("CA", "C")], [["0/1", "1/1", "0/0"]])
    assert scored([(10, "CC", "CAC", 1.0)], short).scores == (1, 2, 0)


def test_of_several_rows_that_which_is_written_as_the_score_counts() -> None:
    rows = [("CA", "C", "0/1\t0/0"), ("CAG", "CG", "0/0\t1/1")]
    lines = [f"chr1\t10\t.\t{ref}\t{alt}\t.\t.\t.\tGT\t{calls}" for ref, alt, calls in rows]
    both = read_vcf(written(lines, ["S0", "S1"], HEAD), "a.vcf")[0]
    assert scored([(10, "C", "CA", 1.0)], both).scores == (1, 0)
    assert scored([(10, "CG", "CAG", 1.0)], both).scores == (0, 2)


def test_where_the_strand_cannot_be_seen_the_others_decide() -> None:
    seen = [("A", "G")] * 20
    calls = [["1/1", "0/0"]] * 21
    rows = [(10 * (k + 1), "G", "A", 0.0) for k in range(20)]
    twin = (210, "T", "A", 1.0)
    forward = scored([*rows, twin], genomes([*seen, ("A", "T")], calls))
    assert (forward.scores, forward.matched.ambiguous_used) == ((2, 0), True)
    turned = [(place, "C", "T", 0.0) for place, *_ in rows[:1]] + rows[1:]
    mixed = scored([*turned, twin], genomes([*seen, ("A", "T")], calls))
    assert (mixed.scores, mixed.matched.ambiguous_used) == ((0, 0), False)
    assert (mixed.matched.ambiguous, mixed.matched.matched) == (1, 20)


def test_what_is_absent_is_counted_and_too_little_is_refused() -> None:
    sites, calls = [("A", "G")] * 4, [["0/1", "1/1"]] * 4
    rows = [(10 * (k + 1), "G", "A", 1.0) for k in range(4)]
    found = scored([*rows, (999, "G", "A", 5.0)], genomes(sites, calls))
    assert found.scores == (4, 8)
    assert (found.matched.absent, found.matched.variants) == (1, 5)
    assert found.matched.weight == pytest.approx(4 / 9)
    with pytest.raises(UserError, match="Only 4 of 6"):
        scored([*rows, (999, "G", "A", 5.0), (998, "G", "A", 5.0)], genomes(sites, calls))


def test_other_alleles_at_the_place_do_not_match() -> None:
    sites, calls = [("A", "G")] * 4, [["0/1"]] * 4
    rows = [(10, "G", "A", 1.0), (20, "G", "A", 1.0), (30, "G", "A", 1.0), (40, "A", "C", 9.0)]
    found = scored(rows, genomes(sites, calls))
    assert (found.scores, found.matched.other) == ((3,), 1)


@pytest.mark.parametrize("again", [("A", "G"), ("C", "T"), ("G", "")])
def test_one_variant_does_not_count_twice(again: tuple[str, str]) -> None:
    """By its other allele, by the other strand, or with the other allele not told."""
    found = genomes([("A", "G")], [["0/1", "1/1"]])
    with pytest.raises(UserError, match="are the same variant, at position 10 of chromosome 1"):
        scored([(10, "G", "A", 1.0), (10, *again, 0.5)], found)


def test_a_missing_call_is_twice_the_frequency_or_makes_the_score_unknown() -> None:
    many = ["0/1"] * 30 + ["1/1"] * 30 + ["./."]
    found = scored([(10, "G", "A", 1.0)], genomes([("A", "G")], [many]))
    assert found.scores[-1] == pytest.approx(1.5)
    assert found.filled[-1] == 1
    few = scored([(10, "G", "A", 1.0)], genomes([("A", "G")], [["0/1", "./1"]]))
    assert few.scores[0] == 1
    assert np.isnan(few.scores[1])


def test_dominant_and_recessive() -> None:
    calls = [["0/0", "0/1", "1/1"]]
    for model, expected in (("is_dominant", (0, 1, 1)), ("is_recessive", (0, 0, 1))):
        found = scored([(10, "G", "A", 1.0)], genomes([("A", "G")], calls), columns=f"\t{model}")
        assert found.scores == expected


def test_builds_must_agree_and_somebody_must_know() -> None:
    rows, calls = [(10, "G", "A", 1.0)], [["0/1"]]
    here, untold = genomes([("A", "G")], calls), genomes([("A", "G")], calls, UNTOLD)
    with pytest.raises(UserError, match="GRCh37"):
        scored(rows, here, "GRCh37")
    with pytest.raises(UserError, match="file of the genomes does not tell"):
        scored(rows, untold)
    with pytest.raises(UserError, match="scoring file does not tell"):
        scored(rows, here, "")
    assert scored(rows, untold, "", said="GRCh38").scores == (1,)
    with pytest.raises(UserError, match="GRCh37"):
        scored(rows, here, "", said="GRCh37")


@given(st.lists(st.integers(-5, 5), min_size=20, max_size=60))
def test_percentiles_keep_the_order_and_lie_within(values: list[int]) -> None:
    found = percentiles(np.array(values, dtype=float))
    assert ((found > 0) & (found < 100)).all()
    assert found.mean() == pytest.approx(50)
    order = np.argsort(values, kind="stable")
    assert (np.diff(found[order]) >= 0).all()


def test_a_percentile_of_a_small_group_is_not_told() -> None:
    calls = [["0/0"] * 10 + ["0/1"] * 10 + ["1/1"] * 5]
    groups = ("a",) * 20 + ("b",) * 5
    found = scored([(10, "G", "A", 1.0)], genomes([("A", "G")], calls), groups=groups)
    assert np.isfinite(found.within[:20]).all()
    assert np.isnan(found.within[20:]).all()
    assert np.isfinite(found.percentile).all()


def test_the_published_score_of_real_genomes_is_a_plain_sum(real_tables: Path) -> None:
    genotypes = read_vcf((real_tables / "genomes_1000g_3202.vcf.gz").read_bytes(), "g.vcf.gz")[0]
    file = real_tables / "genomes_pgs001229_weights_matched.csv"
    found = score(
        read_weights(file.read_bytes(), file.name), genotypes, genotypes.samples, build="GRCh38"
    )
    with file.open() as lines:
        told = {(r["chr_name"], int(float(r["chr_position"]))): r for r in csv.DictReader(lines)}
    expected = np.zeros(len(genotypes.samples))
    with gzip.open(real_tables / "genomes_1000g_3202.vcf.gz", "rt") as lines:
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            row = told.get((cells[0], int(cells[1]))) if line[0] != "#" else None
            if row is None:
                continue
            pair, wanted = cells[3:5], {row["effect_allele"], row["other_allele"]}
            if wanted != set(pair):
                pair = [one.translate(COMPLEMENT) for one in pair]
            if wanted == set(pair):
                number = str(pair.index(row["effect_allele"]))
                copies = np.array([cell.count(number) for cell in cells[9:]])
                expected += float(row["effect_weight"]) * copies
    assert found.matched.matched == len(told)
    assert np.abs(expected - np.array(found.scores)).max() < 1e-6
