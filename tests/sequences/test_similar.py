"""Near-identical sequences, reverse complements and chromosomes stay together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pmed_core.errors import UserError
from pmed_core.modalities.sequence import learner
from pmed_core.modalities.sequence.kmers import Words, counted_words, features, fit_words
from pmed_core.modalities.sequence.letters import encoded, reverse_complement
from pmed_core.modalities.sequence.similar import chromosomes, copies, grouped, groups, together
from pmed_core.readers.tables import read_cohort

RANDOM = np.random.default_rng(1)
MADE = ["".join(RANDOM.choice(list("ACGT"), 120)) for _ in range(30)]


def exchanged(letters: str, count: int) -> str:
    found = list(letters)
    for place in np.linspace(5, len(letters) - 6, count).astype(int):
        found[place] = "CGTA"["ACGT".index(found[place])]
    return "".join(found)


def test_copies_are_found_on_either_strand() -> None:
    codes = copies([MADE[0], MADE[1], reverse_complement(MADE[0]), MADE[1]])
    assert codes.tolist() == [0, 1, 0, 1]


def test_near_identical_ones_are_one_group_and_strangers_are_not() -> None:
    near = exchanged(MADE[0], 4)
    shifted = MADE[1][8:] + "".join(RANDOM.choice(list("ACGT"), 8))
    turned = reverse_complement(exchanged(MADE[2], 3))
    found = groups([*MADE, near, shifted, turned])
    assert found[0] == found[30]
    assert found[1] == found[31]
    assert found[2] == found[32]
    assert len(np.unique(found)) == 30


def test_a_tiled_genome_does_not_become_one_group_in_silence() -> None:
    genome = "".join(RANDOM.choice(list("ACGT"), 2000))
    windows = [genome[start : start + 100] for start in range(0, 1900, 25)]
    found, holds = grouped(windows)
    assert not holds
    assert len(np.unique(found)) == len(windows)


def test_ids_or_a_column_say_the_chromosome_only_where_all_do() -> None:
    table = pd.DataFrame({"id": ["chr1:100-200", "chrX_5_9"], "chrom": ["1", "X"],
                          "other": ["chr1:1-2", "no"]})  # fmt: skip
    assert chromosomes(table, ["id"]) is not None
    assert list(chromosomes(table, ["id"])) == ["chr1", "chrX"]  # type: ignore[arg-type]
    assert list(chromosomes(table, ["chrom"])) == ["1", "X"]  # type: ignore[arg-type]
    assert chromosomes(table, ["other"]) is None
    numbers = pd.DataFrame({"chr": [1.0, 2.0]})
    assert list(chromosomes(numbers, ["chr"])) == ["1.0", "2.0"]  # type: ignore[arg-type]


def test_places_are_read_as_ucsc_ensembl_and_ncbi_write_them() -> None:
    written = ["promoter_1::chr7:5-65(+)", "cdna chromosome:GRCh38:X:5:65:-1 gene:ENSG1",
               "NC_000002.12:c65-5 Homo sapiens"]  # fmt: skip
    found = chromosomes(pd.DataFrame({"description": written}), ["description"])
    assert found is not None
    assert list(found) == ["chr7", "X", "NC_000002.12"]


def test_two_chromosomes_are_no_overlap() -> None:
    alike, holds = grouped(MADE)
    assert holds
    found = together(alike, [np.array(["chr1"] * 20 + ["chr2"] * 10)])
    assert np.bincount(found).tolist() == [20, 10]


def test_words_are_counted_and_ambiguous_ones_are_not() -> None:
    found = counted_words(encoded(["ACAC", "ACNC"], 4), 2).toarray()
    places = {"AC": 0 * 4 + 1, "CA": 1 * 4 + 0}
    assert found[0, places["AC"]] == 2
    assert found[0, places["CA"]] == 1
    assert found[1].sum() == 3, "as if each had as many places"
    assert found[1, places["AC"]] == 3


def test_both_strands_count_the_same() -> None:
    codes = encoded(MADE, 120)
    turned = encoded([reverse_complement(one) for one in MADE], 120)
    assert np.allclose(features(codes, (3,), True).toarray(),
                       features(turned, (3,), True).toarray())  # fmt: skip


def test_a_linear_model_of_words_finds_a_planted_word_and_says_it_by_arrays_alone() -> None:
    labels = np.arange(30) % 2
    letters = [one[:50] + ("GATTACAG" if label else "") + one[50:112 if label else 120]
               for one, label in zip(MADE, labels, strict=True)]  # fmt: skip
    codes, words = encoded(letters, 120), Words((3, 4, 5), False, 1e-2)
    fitted = fit_words(words, codes, labels, 1)
    said = words.logits(fitted, codes)[:, 0]
    assert said[labels == 1].min() > said[labels == 0].max()
    two = fit_words(words, codes, labels, 2)
    assert np.allclose(np.diff(words.logits(two, codes), axis=1)[:, 0], said, atol=1e-6)


@pytest.mark.parametrize(("every", "groups_of"), [(5, 5), (6, 60)])
def test_chromosomes_that_tell_the_outcome_cannot_stay_together(
    tmp_path: Path, every: int, groups_of: int
) -> None:
    """Of six, one outcome value lies on 1, 3 and 5, and the other on the rest."""
    letters = np.random.default_rng(1).choice(list("ACGT"), (60, 50))
    records = [f">s{k}|chr{k % every + 1}|{'ab'[k % 2]}\n{''.join(row)}\n"
               for k, row in enumerate(letters)]  # fmt: skip
    (tmp_path / "a.fa").write_text("".join(records))
    cohort = read_cohort(tmp_path / "a.fa", outcome="label", positive=["a"])
    texts = cohort.table["sequence"].tolist()
    owners, said = learner._owners(cohort, texts, "auto")
    assert len(set(owners)) == groups_of
    assert ("lies on 3 chromosomes alone" in said[0]) == (groups_of == 60)
    assert len(said) == 1, "those of one chromosome are not said to be similar"
    if groups_of == 60:
        with pytest.raises(UserError, match="lies on 3 chromosomes alone"):
            learner._owners(cohort, texts, "chromosome")
