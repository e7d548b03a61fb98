"""Motifs that recur in a cohort: cut out, grouped, tested, compared with known ones, written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.errors import Cancelled, UserError
from pmed_core.modalities.sequence import motifs_figures as drawn
from pmed_core.modalities.sequence.letters import (
    FRACTIONS,
    encoded,
    other_strand,
    reverse_complement,
)
from pmed_core.modalities.sequence.matching import best_match
from pmed_core.modalities.sequence.meme import Known, meme_text, parsed_motifs
from pmed_core.modalities.sequence.motifs import FindMotifs, Motif, Motifs, Place
from pmed_core.modalities.sequence.recurrent import Explained, found_in, recurrent
from pmed_core.modalities.sequence.seqlets import WIDTH, Seqlets, patterns, seqlets
from pmed_core.outcomes import YesNo
from pmed_core.predictor import Predictor
from pmed_core.progress import Silent
from pmed_core.readers.tables import read_cohort
from pmed_core.samples.promoters import MOTIFS, Simulated, promoters
from pmed_core.service import models
from pmed_core.service import sequences as asked
from pmed_core.service.hub import hub
from tests.pages.conftest import Open, opened
from tests.sequences.test_models import Made, home, made, model
from tests.shell.typed import shell

__all__ = ["home", "made", "model", "opened"]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
LENGTH = 80
MADE = promoters(120, LENGTH, seed=3)


def explained(given: tuple[Simulated, ...], seed: int = 0, strength: float = 1.0) -> Explained:
    """As a model would that relies on the letters of planted motifs, with noise beside."""
    codes = encoded([one.letters for one in given], LENGTH)
    draw = np.random.default_rng(seed)
    adds = draw.normal(0, 0.1, codes.shape)
    for row, one in enumerate(given):
        for place, motif in zip(one.places, MOTIFS if one.places else (), strict=True):
            adds[row, place : place + 6] += strength * np.array(
                [one.letters[place + k] == letter for k, letter in enumerate(motif)]
            )
    return Explained(
        codes, adds[..., None], np.array([[one.label == "promoter"] for one in given]),
        tuple(one.name for one in given), np.full(len(given), LENGTH),
    )  # fmt: skip


def ensemble(both: bool = False) -> Any:
    """What ``found_in`` reads of a model."""
    folds = (SimpleNamespace(words=SimpleNamespace(both=both)),)
    return SimpleNamespace(outcome=YesNo("label", ("promoter",)), folds=folds)


def test_planted_motifs_are_found_where_they_were_planted() -> None:
    found = found_in(explained(MADE), ensemble(), 240)
    assert sorted(one.consensus for one in found.motifs) == sorted(MOTIFS)
    assert found.groups == (("promoter", 120),)
    truth = {(one.name, place + 1) for one in MADE for place in one.places}
    for one in found.motifs:
        assert one.raises
        assert one.within >= 110
        assert one.others <= 3
        places = {(place.sequence, place.position) for place in one.places}
        assert len(places & truth) >= 0.95 * len(places)
        assert {place.strand for place in one.places} == {"+"}


def test_on_either_strand_they_are_one_motif_and_the_strand_is_told() -> None:
    told = explained(MADE)
    turned = np.arange(len(MADE)) % 2 == 1
    codes, adds = told.codes.copy(), told.contribution.copy()
    codes[turned], adds[turned] = other_strand(codes[turned]), adds[turned][:, ::-1]
    told = replace(told, codes=codes, contribution=adds)
    found = found_in(told, ensemble(both=True), 240)
    either = {frozenset((one, reverse_complement(one))) for one in MOTIFS}
    assert {frozenset((o.consensus, reverse_complement(o.consensus))) for o in found.motifs} == (
        either
    )
    named = {one.name: k for k, one in enumerate(MADE)}
    for one in found.motifs:
        strands = {
            (place.strand == "-") ^ bool(turned[named[place.sequence]]) for place in one.places
        }
        assert len(strands) == 1, "as it was planted, or its reverse complement, throughout"
        motif = one.consensus
        for place in one.places:
            k = named[place.sequence]
            letters = reverse_complement(MADE[k].letters) if turned[k] else MADE[k].letters
            there = letters[place.position - 1 : place.position - 1 + len(motif)]
            there = reverse_complement(there) if place.strand == "-" else there
            assert sum(a == b for a, b in zip(there, motif, strict=True)) >= len(motif) - 2
    one_strand = found_in(told, ensemble(both=False), 240)
    assert len(one_strand.motifs) > 2, "where strands differ, each is a pattern of its own"


@pytest.mark.parametrize("seed", range(8))
def test_without_signal_there_is_no_motif(seed: int) -> None:
    """Patterns recur, for the model has learnt some, and labels have nothing to do with them."""
    told = explained(MADE, seed)
    labels = np.random.default_rng(seed).permutation(told.has)
    found = found_in(replace(told, has=labels), ensemble(), 240)
    assert found.tested >= 2
    assert not found.motifs
    assert drawn.motifs_words(found).startswith("No recurrent motif: none of the")
    noise = replace(told, contribution=np.random.default_rng(seed).normal(size=(240, LENGTH, 1)))
    assert not found_in(noise, ensemble(), 240).motifs


def test_a_weak_pattern_is_not_hidden_by_a_strong_one() -> None:
    told = explained(MADE)
    adds = told.contribution.copy()
    for row, one in enumerate(MADE):
        for place in one.places[:1]:
            adds[row, place : place + 6] *= 10
    found = found_in(replace(told, contribution=adds), ensemble(), 240)
    assert sorted(one.consensus for one in found.motifs) == sorted(MOTIFS)


def test_a_motif_that_the_end_of_a_sequence_cuts_off_is_aligned() -> None:
    """All but one hold all its 13 letters, of which the first matter most; one ends after six, so
    that its seqlet is moved by four places, and its middle lies beyond the end."""
    motif, n = encoded(["ACGTAACTGCACT"], 13)[0], 30
    codes = np.array([1, 2, 4, 8], np.uint8)[np.random.default_rng(0).integers(0, 4, (n, 40))]
    codes[:-1, 10:23], codes[-1, -6:] = motif, motif[:6]
    adds = np.repeat([3.0, 1.0], [6, 7])
    told = np.zeros((n, WIDTH))
    told[:-1, 1:14], told[-1, 5:11] = adds, adds[:6]
    middle = np.r_[np.full(n - 1, 16), 36]
    letters = FRACTIONS[np.stack([np.r_[row, [0] * 8][m - 7 : m + 8]
                                  for row, m in zip(codes, middle, strict=True)])]  # fmt: skip
    cut = Seqlets(np.arange(n), middle, letters * told[..., None])
    (one,) = patterns(codes, cut, 8, both=False, background=np.full(4, 0.25))
    assert one.start.tolist() == [10] * (n - 1) + [34]
    twice = Seqlets(*(np.concatenate([a, a]) for a in (cut.row, cut.middle, cut.told)))
    (again,) = patterns(codes, twice, 8, both=False, background=np.full(4, 0.25))
    assert again.start.tolist() == one.start.tolist()
    assert again.counts == pytest.approx(one.counts), "the same place counts once"


def test_seqlets_do_not_overlap_and_short_sequences_have_none() -> None:
    told = explained(MADE)
    found = seqlets(told.codes, told.contribution[..., 0])
    for row in np.unique(found.row):
        middle = np.sort(found.middle[found.row == row])
        assert (np.diff(middle) >= 4).all()
    assert len(seqlets(told.codes[:, :5], told.contribution[:, :5, 0])) == 0


# -- known motifs


def known(name: str, letters: str, share: float = 0.94) -> Known:
    shares = np.full((len(letters), 4), (1 - share) / 3)
    shares[np.arange(len(letters)), ["ACGT".index(letter) for letter in letters]] = share
    return Known(name, "", shares)


LIBRARY = (known("box", "TATAAT"), known("other", "GGGCGGGG"), known("long", "CACGTGACGT"))


def test_a_motif_is_told_by_its_library_on_either_strand() -> None:
    mine = known("", "TTATAATG", 0.8).shares
    found = best_match(mine, LIBRARY)
    assert (found.known.name, found.turned, found.overlap, found.clear) == ("box", False, 6, True)
    turned = best_match(mine[::-1, ::-1], LIBRARY)
    assert (turned.known.name, turned.turned) == ("box", True)
    assert turned.p == pytest.approx(found.p)


def test_rna_has_no_other_strand() -> None:
    text = GOOD.replace("ACGT", "ACGU").replace("w= 2", "w= 8").replace(ROWS, "".join(
        "  ".join(f"{share:.3f}" for share in row) + "\n" for row in known("", "GGAACGAG").shares
    ))  # fmt: skip
    (rna,), (dna,) = parsed_motifs(text.encode(), "r"), parsed_motifs(text.replace("CGU", "CGT")
                                                                     .encode(), "d")  # fmt: skip
    mine = known("", "CTCGTTCC", 0.8).shares
    turned = best_match(mine, [dna])
    assert turned.turned
    assert turned.clear
    assert not best_match(mine, [rna]).turned
    assert not best_match(mine, [rna]).clear
    there = best_match(mine[::-1, ::-1], [rna])
    assert there.clear
    assert there.p < turned.p, "half as many overlaps were tried"
    assert best_match(mine, [rna, dna]).known is dna


def test_chance_is_called_chance_whatever_the_size_of_the_library() -> None:
    draw = np.random.default_rng(5)
    for size in (1, 25):
        library = [Known(str(k), "", draw.dirichlet([0.3] * 4, 9)) for k in range(size)]
        clear = [best_match(draw.dirichlet([0.3] * 4, 8), library).clear for _ in range(200)]
        assert np.mean(clear) <= 0.1


def motifs(shares: np.ndarray[Any, Any], n: int = 30) -> Motifs:
    places = tuple(Place(f"S{k}", k + 1, "+") for k in range(n))
    one = Motif("promoter", True, shares, n - 5, 5, 1e-9, places)
    return Motifs((one, replace(one, raises=False)), 100, 200, (("promoter", 50),), 5, 8,
                  np.array([0.3, 0.2, 0.2, 0.3]), False)  # fmt: skip


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=4, max_size=4), min_size=1, max_size=20))
def test_what_is_written_in_meme_format_is_read_again(rows: list[list[float]]) -> None:
    shares = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    found = motifs(shares)
    again = parsed_motifs(meme_text(found).encode(), "written")
    assert [one.name for one in again] == [name for name, _ in found.named()]
    for one in again:
        assert one.shares == pytest.approx(shares, abs=1e-5)


def test_sentences_say_what_was_counted() -> None:
    found = motifs(known("", "TATAAT").shares)
    assert drawn.motifs_words(found) == (
        "2 motifs recur where the model relies on them, and tell outcomes apart. Looked at: 100 of "
        "200 sequences."
    )
    none = replace(found, motifs=(), of=100)
    assert drawn.motifs_words(none).endswith("would. Looked at: all 100 sequences.")
    assert "none of the 5 patterns" in drawn.motifs_words(none)
    assert "the one pattern that recurs does not" in drawn.motifs_words(replace(none, tested=1))
    assert "in 8 sequences or more." in drawn.motifs_words(replace(none, tested=0))
    caption = drawn.motif_caption(found, found.motifs[0], "label is promoter", None)
    assert "in 25 of 50 sequences with this outcome (50 %) and in 5 of 50 others (10 %)" in caption


HEAD = "MEME version 5.5.7\n\nALPHABET= ACGT\n\nstrands: + -\n\n"
BACK = "Background letter frequencies (from a file):\nA 0.25 C 0.25 G 0.25 T 0.25\n\n"
ROWS = "0.9 0.05 0.05 0\n0 1 0 0\n"
MATRIX = "letter-probability matrix: alength= 4 w= 2 nsites= 20 E= 0"
GOOD = f"{HEAD}{BACK}MOTIF MA1 Arnt\n{MATRIX}\n{ROWS}"


def test_the_files_of_databases_are_read() -> None:
    (one,) = parsed_motifs(GOOD.encode(), "jaspar.meme")
    assert (one.title, one.shares.shape) == ("MA1 (Arnt)", (2, 4))
    without = GOOD.replace(" alength= 4 w= 2 nsites= 20 E= 0", "").replace(BACK, "")
    rna = without.replace("ACGT", "ACGU").replace("\n", "\r\n") + "URL http://example.org\r\n"
    (again,) = parsed_motifs(("\ufeff" + rna).encode(), "jaspar.meme")
    assert again.shares == pytest.approx(one.shares)
    narrow = GOOD.replace(" w= 2", "")
    for after in (
        "",
        "\nMOTIF b\n",
        "MOTIF b\n",
        "URL http://x.org\nMOTIF b\n",
        "-----\nMOTIF b\n",
    ):
        more = f"{after}{MATRIX}\n{ROWS}" if after else ""
        (first, *rest) = parsed_motifs((narrow + more).encode(), "without widths")
        assert first.shares == pytest.approx(one.shares)
        assert len(rest) == bool(after)
    logs = GOOD.replace("letter-p", "log-odds matrix: alength= 4 w= 1\n-12 3 4 5\nletter-p")
    assert len(parsed_motifs(logs.encode(), "streme.txt")) == 1


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "holds no motif"), (">seq\nACGT\n", "holds no motif"), (HEAD + BACK, "holds no motif"),
        (GOOD.replace("MEME version 5.5.7\n", ""), "before the line 'MEME version"),
        (GOOD.replace("5.5.7", "five"), "names no version"),
        (GOOD.replace("ACGT", "ACDEFGHIKLMNPQRSTVWY"), "another alphabet"),
        (GOOD.replace("alength= 4", "alength= 20"), "another alphabet"),
        (GOOD.replace("A 0.25", "A 0.75"), "background"),
        (GOOD.replace("A 0.25 C", "A 0.25 A"), "background"),
        (GOOD.replace("T 0.25", "T"), "background"),
        (GOOD.replace("0.9 0.05", "0.9 0.95"), "no probabilities"),
        (GOOD.replace("0.9 0.05", "1.9 -0.95"), "no probabilities"),
        (GOOD.replace("0.9 0.05", "nan 0.05"), "a number is expected"),
        (GOOD.replace("0.9 0.05", "1e999 0.05"), "no probabilities"),
        (GOOD.replace("0 1 0 0\n", "0 1 0\n"), "3 numbers"),
        (GOOD.replace("0 1 0 0\n", ""), "too early"),
        (GOOD + "0 1 0 0\n", "one place more"),
        (GOOD.replace("w= 2", "w= 0.5"), "0.5 places"),
        (GOOD.replace("w= 2", "w= 1.5"), "1.5 places"), (GOOD.replace("w= 2", "w= 0"), "0 places"),
        (GOOD + "\n\n0 1 0 0\n", "one place more"),
        (GOOD.replace(" w= 2", "") + "\n0 1 0 0\n", "one place more"),
        (GOOD.replace(" w= 2", "") + "nan 0 0 1\n", "a number is expected"),
        (GOOD.replace(" w= 2", "") + "0 1 0\n", "3 numbers"),
        (GOOD.replace("Arnt", "A\x1b[31mrnt"), "cannot be shown"),
        (GOOD.replace("MA1", "MA\u202e1"), "cannot be shown"),
        (GOOD.replace("0.05 0\n", "0.05 0\x1e"), "8 numbers"),
        (GOOD.replace("w= 2", "w= 1000000000"), "places"),
        (GOOD + GOOD[GOOD.index("MOTIF"):], "there already"),
        (GOOD + "MOTIF last\n", "'last' has no matrix"),
        (GOOD + "MOTIF\n", "without a name"),
        (GOOD.replace("MOTIF MA1 Arnt\n", ""), "belongs to no motif"),
        (GOOD + GOOD[GOOD.index("letter-p"):], "belongs to no motif"),
    ],
)  # fmt: skip
def test_a_broken_file_gets_one_sentence(text: str, what: str) -> None:
    with pytest.raises(UserError) as told:
        parsed_motifs(text.encode(), "known.meme")
    assert what in told.value.what
    assert told.value.remedy


@given(st.binary(max_size=60), st.integers(0, len(GOOD)), st.integers(0, 40))
def test_damaged_files_are_refused_or_read_right(noise: bytes, at: int, cut: int) -> None:
    data = GOOD.encode()
    try:
        found = parsed_motifs(data[:at] + noise + data[at + cut :], "damaged")
    except UserError:
        return
    for one in found:
        assert one.shares.sum(axis=1) == pytest.approx(1)
        assert ((one.shares >= 0) & (one.shares <= 1)).all()


def test_too_large_a_file_and_a_binary_one_are_refused() -> None:
    for data in (b"\xff\xfe\x00", b" " * 20_000_001):
        with pytest.raises(UserError):
            parsed_motifs(data, "known.meme")


# -- from a model


class Stopping(Silent):
    """Somebody cancels."""

    def stop(self) -> Any:
        return "cancel"


def test_too_few_sequences_and_a_cancelled_search(made: Made) -> None:
    predictor = Predictor.load(made.model)
    cohort = read_cohort(made.file, outcome=predictor.outcome, patient="id").select(np.arange(120))
    rows = predictor.as_cohort(cohort)
    with pytest.raises(Cancelled):
        recurrent(predictor.ensemble, rows, np.zeros(120, np.int64), (30, Stopping()))
    few = rows.select(np.arange(12))
    with pytest.raises(UserError, match="only 12 different"):
        recurrent(predictor.ensemble, few, np.zeros(12, np.int64), (30, Silent()))


def test_motifs_in_the_shell(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pmed_core.modalities.sequence.motifs.SEQUENCES_AT_MOST", 40)
    to, library = tmp_path / "found.meme", tmp_path / "known.meme"
    library.write_text(GOOD)
    typed = ("explain", made.model, made.file, "--held-out", "--to", to)
    assert shell(*typed, "--known-motifs", library) == 0
    said = capsys.readouterr().err
    assert "Looked at: 40 of 121 sequences." in said
    assert to.read_text().startswith("MEME version 4")
    assert shell(*typed, "--known-motifs", tmp_path / "none.meme") == 2
    assert shell("explain", made.model, made.file, "--known-motifs", library) == 2
    assert "--to motifs.meme" in capsys.readouterr().err
    # Of one sequence, or one outcome, there is nothing that recurs; and of some of the patients of
    # training nobody knows which fold held them out.
    assert shell(*typed, "--patient", "S1") == 2
    assert "Leave out --patient" in capsys.readouterr().err
    some = tmp_path / "some.fa"
    some.write_text("".join(made.file.read_text().splitlines(keepends=True)[:100]))
    assert shell("explain", made.model, some, "--held-out", "--to", to) == 2
    assert "held-out predictions" in capsys.readouterr().err
    bare = tmp_path / "bare.csv"
    bare.write_text("id,sequence\n" + "".join(f"{k},{'ACGT' * 15}\n" for k in range(30)))
    assert shell("explain", made.model, bare, "--to", to) == 2
    assert "The outcome 'label' is missing" in capsys.readouterr().err


def test_motifs_on_the_page_of_the_model(model: str, opened: Open) -> None:
    def shown() -> Any:
        app = opened("models", model=model)
        (views,) = (one for one in app.segmented_control if "Motifs" in one.options)
        return views.set_value("Motifs").run()

    app = shown()
    assert "Look for motifs" in {one.label for one in app.button}
    assert asked.motifs(model) is None
    hub().engine.submit(FindMotifs(model, 40), again=False)
    found = asked.motifs(model)
    assert found is not None
    assert (found.explained, found.of) == (40, 800)
    shares = known("", "TATAAT").shares
    kept = replace(motifs(shares), motifs=motifs(shares).motifs[:1])
    keep(model, kept)
    app = shown()
    assert not app.exception
    assert "1-TATAAT" in {one.value for one in app.subheader}
    said = (
        "1 motif recurs where the model relies on it, and tells outcomes apart. Looked at: 100 of"
    )
    assert any(said in one.value.replace("\\", "") for one in app.success)
    keep(model, replace(kept, motifs=()))
    assert any("No recurrent motif" in one.value for one in shown().info)


def keep(model: str, found: Motifs) -> None:
    from pmed_core.arrays import to_json

    hub().store.models.keep_beside(model, "motifs", to_json(Motifs, found))


def test_of_an_imported_model_there_is_nothing_to_look_in(
    model: str, opened: Open, tmp_path: Path
) -> None:
    package = models.export(model)
    models.remove(model)
    with pytest.raises(UserError, match="no such model"):
        keep(model, motifs(known("", "TATAAT").shares))
    assert not (hub().store.home / "models" / model).exists(), "of its sequences nothing is left"
    again = models.bring_in("model.zip", package)
    app = opened("models", model=again)
    (views,) = (one for one in app.segmented_control if "Motifs" in one.options)
    app = views.set_value("Motifs").run()
    assert any("came without its sequences" in one.value for one in app.info)
    job = asked.find_motifs(again)
    assert "held-out predictions" in str(hub().store.jobs.get(job).error)
