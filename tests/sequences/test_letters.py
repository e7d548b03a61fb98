"""Letters of DNA and RNA: what is a sequence, and how it becomes numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.modalities.sequence.letters import (
    COMPLEMENT,
    FRACTIONS,
    IUPAC,
    Unreadable,
    cleaned,
    decoded,
    either_strand,
    encoded,
    gc_content,
    gc_of,
    offset,
    other_strand,
    reverse_complement,
    turned,
)

DNA = st.text("ACGTNRYSWKMBDHV", min_size=1, max_size=60)


def test_ambiguity_is_kept_as_equal_shares_of_the_bases_it_stands_for() -> None:
    shares = {letter: FRACTIONS[IUPAC.index(letter)].tolist() for letter in IUPAC}
    assert shares["N"] == [0.25] * 4
    assert shares["R"] == [0.5, 0, 0.5, 0], "a purine is A or G"
    assert shares["Y"] == [0, 0.5, 0, 0.5]
    assert shares["B"] == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3]), "anything but A"
    assert shares["-"] == [0] * 4


def test_complements_are_those_of_the_nomenclature() -> None:
    told = {IUPAC[k]: IUPAC[COMPLEMENT[k]] for k in range(16)}
    assert "".join(told[x] for x in "ACGTRYSWKMBDHVN") == "TGCAYRSWMKVHDBN"
    assert reverse_complement("AACGTR") == "YACGTT"


@given(DNA)
def test_turning_a_sequence_twice_gives_it_back(letters: str) -> None:
    codes = encoded([letters], len(letters))
    assert decoded(other_strand(other_strand(codes))[0]) == letters
    assert either_strand(letters) == either_strand(reverse_complement(letters))
    turned = FRACTIONS[other_strand(codes)[0]]
    assert np.array_equal(turned, FRACTIONS[codes[0]][::-1, ::-1])


@given(DNA, st.integers(0, 30))
def test_the_other_strand_is_read_as_if_it_had_been_given(letters: str, more: int) -> None:
    length = len(letters) + more
    codes, given_so = (encoded([one], length) for one in (letters, reverse_complement(letters)))
    assert np.array_equal(turned(codes), given_so)
    assert np.array_equal(turned(given_so), codes)


@given(DNA, st.integers(1, 80))
def test_longer_ones_are_cropped_round_the_centre_and_shorter_ones_padded(
    letters: str, length: int
) -> None:
    (codes,) = encoded([letters], length)
    start, before = offset(len(letters), length)
    read = decoded(codes).strip("-")
    assert letters[start : start + length] == read
    assert abs((len(letters) - length) - 2 * (start - before)) <= 1, "as much on both sides"


def test_small_letters_and_uracil_are_read_and_counted() -> None:
    found = cleaned("acgu ACGU\nNN")
    assert (found.letters, found.masked, found.uracil, found.ambiguous) == ("ACGTACGTNN", 4, 2, 2)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ACGT--ACGT", "gaps"), ("MKTAYIAKQRQISFVKSHF", "protein"), ("ACGT*", "protein"),
        ("MKDRHSVWYKMDRHSVWYK", "proteins"), ("ACG1T", "other signs"), ("  ", "empty"),
        ("A" * 1_000_001, "more than"), ("ACGT\N{CYRILLIC CAPITAL LETTER A}", "other signs"),
    ],
)  # fmt: skip
def test_what_is_no_sequence_is_refused_with_a_reason(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        cleaned(text)


def test_gc_content_counts_ambiguous_letters_by_their_shares() -> None:
    codes = encoded(["GGCC", "ATAT", "NNNN", "S", "AG"], 4)
    assert gc_content(codes) == pytest.approx([1, 0, 0.5, 1, 0.5])
    assert gc_of("GGSAT") == pytest.approx(0.6)
    assert np.isnan(gc_content(np.zeros((1, 4), dtype=np.uint8))[0])
