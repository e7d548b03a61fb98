"""A model of sequences from FASTA to a typed variant, in the shell, in Python and on the page."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pmed_core.errors import UserError
from pmed_core.modalities.sequence.kmers import NO_WORDS
from pmed_core.modalities.sequence.letters import encoded, other_strand, reverse_complement
from pmed_core.modalities.sequence.mutagenesis import Mutagenesis
from pmed_core.modalities.sequence.mutating import mutagenesis
from pmed_core.modalities.sequence.novelty import learn_novelty
from pmed_core.modalities.sequence.options import PositionsOptions, SequenceOptions, WordsOptions
from pmed_core.modalities.sequence.package import packed, unpacked
from pmed_core.predictor import Predictor
from pmed_core.readers.tables import read_cohort
from pmed_core.samples.promoters import promoters
from pmed_core.service import cohorts, models, patients, sequences
from pmed_core.training.fit import fit
from tests.epochs import at_most
from tests.once import made_once
from tests.pages.conftest import Open, installed, on_panel, opened, trained_on
from tests.shell.typed import shell

__all__ = ["opened"]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
QUICK = SequenceOptions(network=WordsOptions(), folds=3, baselines=False)


@dataclass(frozen=True)
class Made:
    """Simulated promoters as FASTA, one of them twice on the other strand, and a model of them."""

    file: Path
    model: Path


def _train(folder: Path) -> None:
    folder.mkdir()
    made = promoters(60, 60, seed=4)
    text = "".join(f">{one.name} label={one.label}\n{one.letters}\n" for one in made)
    text += (
        f">again label={made[0].label}\n{reverse_complement(made[0].letters)}\n>empty label=other\n"
    )
    (folder / "promoters.fa").write_text(text)
    with at_most(12):
        code = shell(
            "fit", folder / "promoters.fa", "--outcome", "label", "--positive", "promoter",
            "--patient", "id", "--to", folder / "model", "--folds", "2", "--strands", "one",
        )  # fmt: skip
    assert code == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = made_once(tmp_path_factory, "sequences", _train)
    return Made(folder / "promoters.fa", folder / "model")


def test_a_reverse_complement_is_on_the_side_of_its_twin(made: Made) -> None:
    predictor = Predictor.load(made.model)
    cohort = read_cohort(made.file, outcome=predictor.outcome, patient="id")
    assert predictor.recognise(cohort), "the row without letters does not hide the training file"
    folds = np.array(predictor.predict(cohort, held_out=True).folds)
    assert folds[0] == folds[120]
    assert folds[121] == -1, "nothing was learnt from a record without letters"
    assert set(folds[:121]) == {0, 1}


@pytest.mark.slow
def test_predictions_evaluation_and_reasons_in_the_shell(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell("predict", made.model, made.file, "--held-out", "--to", tmp_path / "p.csv") == 0
    told = pd.read_csv(tmp_path / "p.csv")
    assert list(told.columns)[:2] == ["id", "probability"]
    assert told.probability[:121].between(0, 1).all()
    assert np.isnan(told.probability[121])
    capsys.readouterr()
    assert shell("evaluate", made.model, made.file) == 2, "these were trained on"
    assert shell("evaluate", made.model, made.file, "--held-out", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["measures"]["auroc"] if "measures" in found else found["auroc"]) >= {
        "value", "low", "high"
    }  # fmt: skip
    for suffix in ("svg", "csv"):
        to = tmp_path / f"logo.{suffix}"
        assert shell("explain", made.model, made.file, "--patient", "S0001", "--to", to) == 0
    assert (tmp_path / "logo.svg").read_text().count("<path") == 60, "a shape for each letter"
    assert "too good" in capsys.readouterr().err
    held_out = ("explain", made.model, made.file, "--patient", "S0001", "--held-out")
    assert shell(*held_out, "--to", tmp_path / "held.svg") == 0
    assert "too good" not in capsys.readouterr().err, "the fold that speaks never saw it"
    shares = pd.read_csv(tmp_path / "logo.csv").set_index("variable").shap
    assert shares.iloc[:-1].sum() == pytest.approx(shares["(prediction)"], abs=1e-4)
    assert shares.index.str.startswith("positions").sum() == 30


def test_every_exchange_is_what_is_predicted_of_the_changed_sequence(made: Made) -> None:
    ensemble = Predictor.load(made.model).ensemble
    letters = promoters(60, 60, seed=4)[1].letters
    found = mutagenesis(ensemble, letters, "promoter", "test")
    assert found.letters == letters
    changed = letters[:9] + ("A" if letters[9] != "A" else "C") + letters[10:]
    value, _, _ = ensemble.risks(ensemble.codes([letters, changed]))
    column = "ACGT".index(changed[9])
    assert found.value == pytest.approx(value[0, 0], abs=1e-5)
    assert found.changed[9, column] == pytest.approx(value[1, 0], abs=1e-5)
    one = found.variant(f"position 10 {letters[9]}>{changed[9]}")
    assert one.changed - one.value == pytest.approx(value[1, 0] - value[0, 0], abs=1e-5)
    assert one.low <= one.changed - one.value <= one.high
    own = ["ACGT".index(letter) for letter in letters]
    assert (found.change[np.arange(60), own] == 0).all()
    scores = found.change - found.change.mean(axis=1, keepdims=True)
    assert found.importance == pytest.approx(scores[np.arange(60), own]), "centred at each place"


TYPED = Mutagenesis(
    "ACGT", 11, 30, "x", 0.5, np.zeros((4, 4)), np.full((4, 4), 0.5), np.zeros((4, 4)),
    np.zeros((4, 4)), 6,
)  # fmt: skip


@pytest.mark.parametrize("text", ["12 C>A", "C12A", "position 12: C > A", "g.12C>A", "12 c to a"])
def test_variants_are_understood_as_people_write_them(text: str) -> None:
    found = TYPED.variant(text)
    assert (found.position, found.reference, found.alternative) == (12, "C", "A")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("12 G>A", "At position 12 stands C, not G"), ("40 C>A", "There is no position 40"),
        ("0 C>A", "There is no position 0"), ("2 C>A", "reads 11 to 14"),
        ("12 C>AA", "no exchange"), ("hello", "no exchange"), ("12 C>N", "no exchange"),
        ("c.12C>A", "first codon of a transcript"), ("c.-12C>A", "first codon of a transcript"),
    ],
)  # fmt: skip
def test_a_variant_that_does_not_fit_is_refused(text: str, what: str) -> None:
    with pytest.raises(UserError) as told:
        TYPED.variant(text)
    assert what in told.value.what


def test_averaged_over_strands_both_strands_are_told_the_same(made: Made) -> None:
    ensemble = Predictor.load(made.model).ensemble
    folds = tuple(replace(f, words=replace(f.words, both=True)) for f in ensemble.folds)
    members = tuple(replace(one, positions=None) for one in ensemble.members)
    both = replace(ensemble, folds=folds, members=members)
    codes = encoded([one.letters for one in promoters(5, 60)], 60)
    assert both.scores(other_strand(codes)) == pytest.approx(both.scores(codes), abs=1e-5)
    short = [one.letters[k:] for k, one in enumerate(promoters(5, 60))]
    each, others = both.codes(short), both.codes([reverse_complement(one) for one in short])
    assert both.scores(others) == pytest.approx(both.scores(each), abs=1e-5), "of any length"
    before = replace(both, mirrored=False)
    assert np.abs(before.scores(others) - before.scores(each)).max() > 1e-5


def test_letters_of_another_composition_are_outside() -> None:
    draw = np.random.default_rng(0)
    known = encoded(["".join(draw.choice(list("ACGT"), 60)) for _ in range(200)], 60)
    novelty = learn_novelty(known, 0)
    assert novelty.unlike(known).mean() < 0.02
    strange = encoded(["GC" * 30, "A" * 60, "ACGTTGCA"], 60)
    assert novelty.unlike(strange).all()


def test_a_package_whose_parts_do_not_fit_is_refused(made: Made) -> None:
    predictor = Predictor.load(made.model)
    parts = packed(predictor.ensemble)
    assert unpacked(parts, predictor.outcome, predictor.variables).length == 60
    for wrong in (
        replace(parts, spec=parts.spec | {"length": 10_000_000}),
        replace(parts, spec=parts.spec | {"members": [0, 0, 7, 7]}),
        replace(parts, tensors={k: v for k, v in parts.tensors.items() if "gru" not in k}),
        replace(parts, tensors=parts.tensors | {"0/words/start": np.array([np.nan])}),
    ):
        with pytest.raises(ValueError, match="Expected"):
            unpacked(wrong, predictor.outcome, predictor.variables)


def test_no_sequence_of_training_is_in_the_package(made: Made) -> None:
    every = "".join(path.read_text(errors="replace") for path in made.model.glob("*.json")
                    if path.name != "held_out.json")  # fmt: skip
    assert not any(one.letters[10:40] in every for one in promoters(60, 60, seed=4))


def _home(folder: Path) -> None:
    with installed(folder):
        trained_on(cohorts.bring_in_sample("promoters"), "Promoters", QUICK)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "promoters", _home)


@pytest.fixture
def model(home: Path, tmp_path: Path) -> str:
    shutil.copytree(home, tmp_path / "home", dirs_exist_ok=True)
    return models.models()[0].id


def test_the_page_shows_letters_stretches_and_a_typed_variant(model: str, opened: Open) -> None:
    app = opened("patient", model=model)
    next(one for one in app.button if one.label == "Next").click().run()
    (panels,) = (one for one in app.segmented_control if "Letters" in one.options)
    assert list(panels.options) == ["Letters", "Stretches", "Variant", "In context"]
    app = on_panel(app, "Variant")
    (box,) = (one for one in app.text_input if one.label == "Exchange of one letter")
    box.set_value(box.placeholder).run()
    assert any("The change lies between" in one.value for one in app.markdown)
    box.set_value("999 A>G").run()
    assert any("There is no position 999" in one.value for one in (*app.error, *app.warning))
    app = on_panel(app, "Stretches")
    assert not app.exception


def test_whoever_was_in_training_is_answered_by_the_fold_that_held_it_out(model: str) -> None:
    entry = models.model(model)
    cells = {entry.variables[0].name: promoters()[0].letters}
    known = patients.consult(model, cells)
    assert known.basis == "held-out"
    twin = {entry.variables[0].name: reverse_complement(promoters()[0].letters).lower()}
    assert patients.consult(model, twin).basis == "held-out", "so is its reverse complement"
    turned = patients.consult(model, {entry.variables[0].name: promoters(3, seed=1)[0].letters})
    assert turned.basis == "new"
    found = sequences.mutate(model, cells, "promoter")
    assert (
        found.models
        < sequences.mutate(
            model, {entry.variables[0].name: promoters(3, seed=1)[0].letters}, "promoter"
        ).models
    )
    explained = patients.explain(model, cells, "promoter")
    assert patients.report(model, cells, "S0001", known, explained)[:4] == b"%PDF"
    with pytest.raises(UserError) as told:
        patients.consult(model, {entry.variables[0].name: "MKTAYIAKQRQISF"})
    assert "protein" in told.value.what


def test_the_label_that_headers_name_is_the_outcome_where_none_is_typed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = np.random.default_rng(4)
    texts = ["".join(draw.choice(list("ACGT"), 30)) for _ in range(80)]
    labels = [int(one[14] in "GC") for one in texts]
    text = "".join(
        f">s{k}|{y}\n{one}\n" for k, (one, y) in enumerate(zip(texts, labels, strict=True))
    )
    (tmp_path / "x.fa").write_text(text)
    (tmp_path / "none.fa").write_text("".join(f">s{k}\n{one}\n" for k, one in enumerate(texts)))
    quick = ("--model", "positions", "--folds", "2", "--no-baselines", "--to", tmp_path / "model")
    assert shell("fit", tmp_path / "none.fa", *quick) == 2
    assert "No outcome is given" in capsys.readouterr().err
    assert shell("fit", tmp_path / "x.fa", *quick) == 0
    assert Predictor.load(tmp_path / "model").outcome.columns == ("label",)


def test_a_regression_of_positions_is_a_model_where_positions_mean_the_same(
    tmp_path: Path,
) -> None:
    draw = np.random.default_rng(2)
    site = draw.integers(0, 2, 120)
    texts = ["".join(draw.choice(list("ACGT"), 40)) for _ in site]
    texts = [
        text[:20] + ("GT" if one else "AA") + text[22:]
        for text, one in zip(texts, site, strict=True)
    ]
    table = pd.DataFrame({"letters": texts, "site": np.where(site, "yes", "no")})
    cohort = read_cohort(table, outcome="site")
    positions = QUICK.model_copy(update={"network": PositionsOptions()})
    found = fit(cohort, positions)
    assert found.card["model"] == "Logistic regression of positions"
    assert {fold.words for fold in found.ensemble.folds} == {NO_WORDS}, "nothing is chosen for it"
    assert found.evaluation.measures["auroc"].value > 0.95
    why = found.explain(cohort.select(np.array([1])))
    assert float(why.gap[0]) < 1e-4
    assert "21" in why.variables[int(np.abs(why.shap[0]).argmax())]
    found.save(tmp_path / "model")
    again = Predictor.load(tmp_path / "model")
    assert again.predict(cohort).value == pytest.approx(found.predict(cohort).value, abs=1e-6)
    with pytest.raises(UserError, match="positions cannot read sequences of both strands"):
        fit(cohort, positions.model_copy(update={"strands": "both"}))
    uneven = read_cohort(table.assign(letters=[texts[0][:30], *texts[1:]]), outcome="site")
    with pytest.raises(UserError, match="cannot read sequences of different lengths"):
        fit(uneven, positions)
