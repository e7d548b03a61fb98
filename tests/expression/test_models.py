"""A model of expression from a matrix to the genes of one patient, in the shell, in Python and on
the page."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu, ttest_ind

from pmed_core import fit
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.expression import describing
from pmed_core.modalities.expression.describing import compared, differences, rank_test
from pmed_core.modalities.expression.encoder import fit_encoder
from pmed_core.modalities.expression.figures import heat_caption, heat_map, volcano, volcano_caption
from pmed_core.modalities.expression.options import ExpressionOptions, RidgeOptions
from pmed_core.modalities.expression.package import packed, unpacked
from pmed_core.outcomes import Classes, YesNo
from pmed_core.predictor import Predictor
from pmed_core.profiles import Profiles
from pmed_core.readers.tables import read_cohort
from pmed_core.samples.expression import FILES, expression, gene_sets, planted
from pmed_core.service import cohorts, models, patients
from pmed_core.service.expression import genes
from pmed_core.variable import Kind, Role, Variable
from tests.once import made_once
from tests.pages.conftest import Open, installed, opened, trained_on
from tests.shell.typed import shell

__all__ = ["opened"]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
QUICK = ExpressionOptions(network=RidgeOptions(), folds=3, baselines=False)
OUTCOME = YesNo("case", ("yes",))


def made_of(
    values: NDArray[np.float64], labels: list[str], patients_: list[str] | None = None
) -> Cohort:
    """A cohort of profiles; ``labels`` (n,)."""
    names = [f"s{k}" for k in range(len(values))]
    table = pd.DataFrame({
        "patient": pd.array(patients_ or names, dtype="str"),
        "case": pd.array(labels, dtype="str"), "expression": pd.array(names, dtype="str"),
    })  # fmt: skip
    variables = (
        Variable("patient", Kind.IDENTIFIER, Role.PATIENT),
        Variable("case", Kind.YES_NO, Role.OUTCOME, categories=tuple(sorted(set(labels)))),
        Variable("expression", Kind.EXPRESSION),
    )
    genes_ = tuple(f"g{k}" for k in range(values.shape[1]))
    profiles = Profiles(tuple(names), genes_, values.astype(np.float32))
    return Cohort("made", table, variables, OUTCOME, profiles=profiles)


def noise(rows: int, columns: int, seed: int) -> Cohort:
    draw = np.random.default_rng(seed)
    labels = np.where(draw.permutation(rows) < rows // 2, "yes", "no").tolist()
    return made_of(draw.normal(size=(rows, columns)), labels)


def test_twenty_thousand_columns_of_noise_predict_nothing() -> None:
    found = fit(noise(80, 20_000, 1), QUICK).evaluation.measures["auroc"]
    assert found.low < 0.5 < found.high


@pytest.mark.slow
def test_genes_that_tell_held_out_patients_are_not_chosen_by_them() -> None:
    """Labels that only the held-out patients' own genes could tell: whoever chose genes, a penalty
    or a scale by all patients would do better than chance."""
    scores = []
    for seed in range(3):
        cohort = noise(60, 1_500, seed)
        scores.append(fit(cohort, QUICK.model_copy(update={"seed": seed})).evaluation)
    mean = np.mean([one.measures["auroc"].value for one in scores])
    assert abs(mean - 0.5) < 0.15, "selection before the split gives about 0.9 here"


def test_an_encoder_knows_nothing_of_other_rows() -> None:
    draw = np.random.default_rng(0)
    values = draw.normal(size=(30, 200))
    encoder, coordinates = fit_encoder(values[:20], 50)
    changed = values.copy()
    changed[20:] = 1e6
    again, _ = fit_encoder(changed[:20], 50)
    assert (encoder.genes == again.genes).all()
    variance = values[:20].var(axis=0)
    assert set(encoder.genes) == set(np.argsort(-variance)[:50].tolist())
    whole = encoder.standardised(values[:20]) / np.sqrt(50)
    assert coordinates.rows @ coordinates.rows.T == pytest.approx(whole @ whole.T), "distances"


@dataclass(frozen=True)
class Made:
    """A matrix, its sheet, and a model of both."""

    matrix: Path
    sheet: Path
    model: Path


def _train(folder: Path) -> None:
    folder.mkdir()
    matrix, sheet = expression()
    sheet.loc[3, "sample"] = "S900"
    matrix.to_csv(folder / FILES[0], sep="\t", index=False)
    sheet.to_csv(folder / FILES[1], index=False)
    code = shell(
        "fit", folder / FILES[0], "--phenotypes", folder / FILES[1], "--outcome", "response",
        "--positive", "responder", "--to", folder / "model", "--folds", "2", "--no-baselines",
    )  # fmt: skip
    assert code == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = made_once(tmp_path_factory, "expression", _train)
    return Made(folder / FILES[0], folder / FILES[1], folder / "model")


@pytest.mark.slow
def test_predictions_evaluation_and_genes_in_the_shell(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = ("--phenotypes", made.sheet)
    to = tmp_path / "p.csv"
    assert shell("predict", made.model, made.matrix, *beside, "--held-out", "--to", to) == 0
    told = pd.read_csv(to)
    assert list(told.columns) == ["sample", "probability", "low", "high"]
    assert np.isnan(told.probability[3]), "of no profile nothing is said"
    capsys.readouterr()
    assert shell("evaluate", made.model, made.matrix, *beside) == 2, "these were trained on"
    assert shell("evaluate", made.model, made.matrix, *beside, "--held-out", "--json") == 0
    assert json.loads(capsys.readouterr().out)["auroc"]["value"] > 0.95
    to = tmp_path / "genes.csv"
    assert shell("explain", made.model, made.matrix, *beside, "--patient", "S007", "--to", to) == 0
    shares = pd.read_csv(to).set_index("variable").shap
    assert shares.iloc[:-1].sum() == pytest.approx(shares["(prediction)"], abs=1e-4)
    assert len(set(shares.index[:12]) & set(planted())) >= 8


def test_a_matrix_without_a_sheet_is_turned_as_the_model_says(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, table in (
        ("rows", pd.read_csv(made.matrix, sep="\t")),
        ("columns", pd.read_csv(made.matrix, sep="\t").set_index("gene").T.reset_index()),
    ):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        to = tmp_path / f"{name}.out.csv"
        assert shell("predict", made.model, tmp_path / f"{name}.csv", "--to", to) == 0
    first, second = (pd.read_csv(tmp_path / f"{name}.out.csv") for name in ("rows", "columns"))
    assert first.probability.tolist() == pytest.approx(second.probability.tolist(), abs=1e-6)
    assert len(first) == 120


def whole(made: Made) -> Cohort:
    predictor = Predictor.load(made.model)
    found = read_cohort(made.matrix, choices={"expression": "genes in rows"})
    return predictor.as_cohort(found)


def test_other_values_under_a_known_name_are_not_taken_for_training(made: Made) -> None:
    predictor, cohort = Predictor.load(made.model), whole(made)
    assert cohort.profiles is not None
    rest = np.array([k for k in range(120) if k != 3])
    sheet = pd.read_csv(made.sheet)
    training = cohort.select(rest)
    training = replace(
        training, table=training.table.assign(response=sheet.response.to_numpy()[rest])
    )
    assert predictor.knows(training)
    values = cohort.profiles.values.copy()
    values[0, :50] += 40
    assert not predictor.knows(replace(training, profiles=replace(cohort.profiles, values=values)))
    ids = tuple(f"again{k}" for k in range(120))
    table = training.table.assign(expression=pd.array([ids[k] for k in rest], dtype="str"))
    assert predictor.knows(
        replace(training, table=table, profiles=replace(cohort.profiles, ids=ids))
    ), "the same profiles under other names are the same patients"


def test_profiles_that_are_not_like_training_are_outside_and_said(made: Made) -> None:
    predictor, cohort = Predictor.load(made.model), whole(made)
    assert cohort.profiles is not None
    assert predictor.predict(cohort).outside.sum() <= 2
    logs = np.log2(cohort.profiles.values + 1)
    other = replace(cohort, profiles=replace(cohort.profiles, values=logs))
    assert predictor.predict(other).outside.all(), "logarithms are no counts"
    raw = predictor.ensemble.raw(other.select(np.array([0])))
    assert "another scale" in predictor.ensemble.outside(raw)[0]
    shuffled = cohort.profiles.values[:, np.random.default_rng(0).permutation(2_000)]
    other = replace(cohort, profiles=replace(cohort.profiles, values=shuffled))
    assert predictor.predict(other).outside.mean() > 0.9
    few = Profiles(
        cohort.profiles.ids, cohort.profiles.names[:900], cohort.profiles.values[:, :900]
    )
    with pytest.raises(UserError, match="1,100 of the model's 2,000 genes are not in the file"):
        predictor.predict(replace(cohort, profiles=few))


def test_mixed_scales_and_other_outcomes_are_refused() -> None:
    draw = np.random.default_rng(0)
    counts = draw.poisson(300, (40, 60)).astype(float)
    counts[:5] = np.log2(counts[:5])
    with pytest.raises(UserError, match="5 samples of 40 look like logarithms among raw values"):
        fit(made_of(counts, ["yes", "no"] * 20), QUICK)
    options = QUICK.model_copy(update={"scale": "counts"})
    with pytest.raises(UserError, match="below zero"):
        fit(made_of(draw.normal(200, 300, (40, 60)), ["yes", "no"] * 20), options)


def test_samples_of_one_patient_stay_on_one_side() -> None:
    draw = np.random.default_rng(0)
    ids = [f"P{k // 3}" for k in range(60)]
    found = fit(made_of(draw.normal(size=(60, 40)), ["yes", "no", "no"] * 20, ids), QUICK)
    folds = pd.Series(found.held_out().folds)
    assert (folds.groupby(ids).nunique() == 1).all()


def test_of_classes_the_shares_of_genes_add_up() -> None:
    draw = np.random.default_rng(2)
    code = np.arange(60) % 3
    values = draw.normal(size=(60, 80))
    values[np.arange(60), code] += 4
    cohort = made_of(values, [("a", "b", "c")[k] for k in code])
    cohort = replace(cohort, outcome=Classes("case", ("a", "b", "c")))
    options = ExpressionOptions(folds=2, baselines=False)
    model = fit(cohort, options)
    found = model.explain(cohort.select(np.array([4])), "b")
    assert float(found.gap[0]) < 1e-6
    assert found.variables[int(np.argmax(found.shap[0]))] == "g1"
    parts = packed(model.ensemble)
    for wrong in (
        replace(parts, spec=parts.spec | {"genes": parts.spec["genes"][:-1]}),
        replace(parts, spec=parts.spec | {"members": [0] * 10}),
        replace(parts, tensors=parts.tensors | {"member/0/few/start": np.array([np.nan])}),
        replace(parts, tensors=parts.tensors | {"fold/0/genes": np.arange(80) - 1}),
    ):
        with pytest.raises(ValueError, match=r"Expected|not all numbers"):
            unpacked(wrong, model.outcome, model.variables)


def test_differences_are_those_of_welch_and_constants_have_none() -> None:
    draw = np.random.default_rng(0)
    values, inside = draw.normal(size=(30, 5)), np.arange(30) < 12
    values[inside, 1] += 2
    values[:, 4] = 3.0
    values[0, 2] = np.nan
    apart, t, p = differences(values, inside)
    known = ttest_ind(values[inside, 1], values[~inside, 1], equal_var=False)
    assert (t[1], p[1]) == pytest.approx((known.statistic, known.pvalue))
    assert apart[1] == pytest.approx(values[inside, 1].mean() - values[~inside, 1].mean())
    assert (t[4], p[4]) == (0, 1)
    assert np.isfinite(p).all()


def test_without_correlation_the_test_of_sets_is_that_of_mann_and_whitney(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = np.random.default_rng(0)
    t, members = draw.normal(size=200), np.arange(200) < 20
    t[members] += 0.6
    allowed = rank_test(t, members)
    monkeypatch.setattr(describing, "BETWEEN_GENES", 0.0)
    higher, p = rank_test(t, members)
    known = mannwhitneyu(t[members], t[~members], method="asymptotic")
    assert higher
    assert p == pytest.approx(known.pvalue, rel=0.02)
    assert allowed[1] > p, "genes that vary together are less evidence"


def test_sets_without_signal_are_rarely_found() -> None:
    draw = np.random.default_rng(3)
    names = tuple(f"g{k}" for k in range(1_000))
    sets = tuple(
        (f"s{k}", tuple(draw.choice(names, 20, replace=False).tolist())) for k in range(200)
    )
    found, unknown = compared((*sets, ("none", ("x", "y", "z"))), names, draw.normal(size=1_000))
    assert unknown == 1
    assert sum(one.q < 0.1 for one in found) == 0
    assert 0 < sum(one.p < 0.05 for one in found) < 22


def _home(folder: Path) -> None:
    with installed(folder):
        trained_on(cohorts.bring_in_sample("expression"), "Responders", QUICK)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "responders", _home)


@pytest.fixture
def model(home: Path, tmp_path: Path) -> str:
    shutil.copytree(home, tmp_path / "home", dirs_exist_ok=True)
    return models.models()[0].id


def test_planted_genes_and_their_set_are_found_and_shown(model: str, opened: Open) -> None:
    found = genes(model, "responder", tuple(gene_sets().items()))
    assert {one.name for one in found.shown if one.q <= 0.05} == set(planted())
    assert {one.name for one in found.shown if 0 < one.place <= 15} >= set(planted())
    assert found.sets[0].name == "PATHWAY_02"
    assert found.sets[0].q < 0.05
    assert not found.sets[0].higher
    assert set(planted()) <= set(found.heat.genes)
    assert len(volcano(found).data) == 3
    assert "no evaluation" in volcano_caption(found)
    assert "look different even where nothing does" in heat_caption(found)
    assert heat_map(found).data[0].z.shape == found.heat.values.shape
    app = opened("models", model=model)
    (views,) = (one for one in app.segmented_control if "Genes" in one.options)
    views.set_value("Genes").run()
    assert not app.exception
    assert [one.value for one in app.subheader] == [
        "Differences between the groups", "Risk genes", "Heat map",
    ]  # fmt: skip


def test_a_patient_is_answered_by_the_fold_that_held_them_out(model: str, opened: Open) -> None:
    entry = models.model(model)
    cells = cohorts.cells(entry.cohort, "S007")
    known = patients.consult(model, cells, "S007")
    assert known.basis == "held-out"
    found = patients.explain(model, cells, "responder", "S007")
    assert found.variables[-1].endswith("other genes")
    assert float(found.gap[0]) < 1e-6
    assert patients.report(model, cells, "S007", known, found)[:4] == b"%PDF"
    nobody = patients.consult(model, {"expression": "S999"})
    assert "no profile" in nobody.outside[0]
    app = opened("patient", model=model)
    next(one for one in app.button if one.label == "Next").click().run()
    (panels,) = (one for one in app.segmented_control if "Genes" in one.options)
    assert list(panels.options) == ["Genes", "In context"]
