"""Models of drug response: what the question keeps apart, what is learnt, and how it is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pmed_core import fit
from pmed_core.arrays import from_json, to_json
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evaluation import Evaluation
from pmed_core.figures.standing import standing
from pmed_core.modalities.response.baselines import means, means_in_tissues
from pmed_core.modalities.response.drug import order
from pmed_core.modalities.response.evaluation import BEYOND, WITHIN, Tables, within
from pmed_core.modalities.response.factors import FACTORS, encoder, factors, structures
from pmed_core.modalities.response.options import IN_TISSUES, MEANS, RIDGE, FactorsOptions
from pmed_core.modalities.response.ranking import ranked
from pmed_core.modalities.response.tissues import tissues
from pmed_core.options import ResponseOptions
from pmed_core.outcomes import Number
from pmed_core.predictor import Predictor
from pmed_core.profiles import Profiles
from pmed_core.progress import Silent
from pmed_core.readers.tables import read_cohort
from pmed_core.samples.drug_response import FILES, drug_response
from pmed_core.shell.joins import packed
from pmed_core.shell.main import main
from pmed_core.variable import Role

Tables_ = dict[str, pd.DataFrame]


def options(split: str = "cell_line", **more: object) -> ResponseOptions:
    plain = {"network": FactorsOptions(), "folds": 3, "baselines": False}
    return ResponseOptions.model_validate(plain | {"split": split} | more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("response")
    for name, table in drug_response().items():
        table.to_csv(found / name, index=False)
    return found


def read(folder: Path, pairs: str = FILES[0]) -> Cohort:
    joins = [("cell_line", folder / FILES[1]), ("drug", folder / FILES[2])]
    with packed(folder / pairs, joins) as (path, choices):
        return read_cohort(path, outcome=Number("ln_ic50_uM"), choices=choices)


@pytest.fixture(scope="module")
def cohort(folder: Path) -> Cohort:
    return read(folder)


@pytest.fixture(scope="module")
def model(cohort: Cohort) -> Predictor:
    return fit(cohort, options())


@pytest.mark.parametrize(
    ("split", "column"),
    [("cell_line", "cell_line"), ("tissue", "tissue"), ("drug", "smiles"), ("pair", "")],
)
def test_what_the_question_is_about_stays_on_one_side(
    cohort: Cohort, split: str, column: str
) -> None:
    held_out = fit(cohort, options(split)).held_out()
    folds = pd.Series(held_out.folds)
    if column:
        assert (folds.groupby(cohort.table[column]).nunique() == 1).all()
    else:
        assert (folds.groupby(cohort.table["smiles"]).nunique() > 1).all()


def test_new_lines_are_told_far_better_than_by_the_means(model: Predictor) -> None:
    found = model.evaluation.measures
    assert next(iter(found)) == WITHIN
    assert found[WITHIN].low > 0.6
    assert found[BEYOND].low > 0.4
    assert 0.85 < found["coverage"].value < 0.95
    assert any("knows how potent each drug is" in note for note in model.evaluation.notes)


def test_what_no_profile_tells_of_a_line_is_told_by_its_own_measurements() -> None:
    draw = np.random.default_rng(3)
    hidden, profiles = draw.normal(size=(60, 1)), draw.normal(size=(60, 30))
    truth = profiles[:, :1] + 1.5 * hidden + draw.normal(size=12)
    seen = truth + 0.3 * draw.normal(size=truth.shape)
    gaps = draw.random(truth.shape) < 0.2
    components = encoder(profiles)(profiles)
    found = factors(components, np.where(gaps, np.nan, seen))
    told = found.start + components @ found.weights
    errors = [
        np.abs(found.drugs.mean + found.drugs.spread * (one @ found.drugs.loadings) - truth)[gaps]
        for one in (told, told + found.own)
    ]
    assert errors[1].mean() < 0.5 * errors[0].mean()


def test_held_out_pairs_are_evaluated_again_as_they_were_in_training(
    cohort: Cohort, model: Predictor
) -> None:
    again = model.evaluate(cohort, held_out=True).measures
    for name in ("per_drug_r", "r2", "rmse"):
        assert again[name].value == pytest.approx(model.evaluation.measures[name].value, abs=1e-6)


def test_noise_is_no_better_than_the_means_and_that_is_said(cohort: Cohort) -> None:
    assert cohort.profiles is not None
    draw = np.random.default_rng(2)
    values = draw.standard_normal(cohort.profiles.values.shape).astype(np.float32)
    noise = Profiles(cohort.profiles.ids, cohort.profiles.names, values)
    found = fit(replace(cohort, profiles=noise), options()).evaluation
    assert found.measures[WITHIN].low < 0.1
    assert any("no better than the means" in note for note in found.notes)


def test_the_genes_that_drive_a_drug_come_first(cohort: Cohort, model: Predictor) -> None:
    rows = cohort.table.index[cohort.table["drug"] == "C3-113"][:12]
    total: dict[str, float] = {}
    for row in rows:
        found = model.explain(cohort.select(np.array([row])), tolerance=0.1)
        assert found.of == "pair", "no patient is spoken of"
        assert float(found.gap[0]) < 1e-6
        for name, share in zip(found.variables[1:], found.shap[0, 1:], strict=True):
            total[name] = total.get(name, 0) + abs(float(share))
    total.pop("other genes")
    assert set(sorted(total, key=lambda one: -total[one])[:3]) == {"growth", "driver_5", "driver_6"}


def test_rows_without_profile_or_structure_are_left_out_and_said(
    folder: Path, cohort: Cohort, model: Predictor
) -> None:
    part = pd.read_csv(folder / FILES[0]).head(60)
    part.loc[:4, "cell_line"], part.loc[5:7, "drug"] = "L999", "no such drug"
    part.to_csv(folder / "some.csv", index=False)
    found = model.predict(read(folder, "some.csv"))
    assert found.outside[:8].all()
    assert not found.outside[8:].any()
    assert any("8 of 60 rows have no profile or no structure" in note for note in found.notes)


def test_genes_are_read_by_name_and_those_that_lack_are_typical(
    cohort: Cohort, model: Predictor
) -> None:
    some = cohort.select(np.arange(30))
    assert some.profiles is not None
    known = model.predict(some).value
    order = np.random.default_rng(0).permutation(len(some.profiles.names))
    turned = Profiles(
        some.profiles.ids, tuple(some.profiles.names[k] for k in order),
        some.profiles.values[:, order],
    )  # fmt: skip
    assert model.predict(replace(some, profiles=turned)).value == pytest.approx(known, abs=1e-9)
    whole = model.predict(replace(some, profiles=turned)).notes
    assert not any("not in the profiles" in note for note in whole)
    most = Profiles(some.profiles.ids, some.profiles.names[:40], some.profiles.values[:, :40])
    said = model.predict(replace(some, profiles=most)).notes
    assert any("10 of the model's 50 genes are not in the profiles" in note for note in said)
    few = Profiles(some.profiles.ids, some.profiles.names[:9], some.profiles.values[:, :9])
    with pytest.raises(UserError, match="of the model's 50 genes"):
        model.predict(replace(some, profiles=few))


def test_models_are_compared_within_drugs(cohort: Cohort) -> None:
    found = fit(cohort, options(baselines=True)).evaluation
    assert found.discrimination == WITHIN
    assert "correlation within a drug" in found.verdict
    assert standing(found).score.startswith("Correlation within a drug")
    names = [one.name for one in found.baselines]
    assert {MEANS, IN_TISSUES, RIDGE} <= set(names)
    assert any("'tissue' tells 4 tissues" in note for note in found.notes)
    scores = [one.measures[WITHIN].value for one in found.baselines]
    assert scores == sorted(scores, reverse=True)
    for one in found.baselines:
        gap = found.measures[WITHIN].value - one.measures[WITHIN].value
        assert one.difference.value == pytest.approx(gap)
        assert one.difference.low <= gap <= one.difference.high
    kept = from_json(Evaluation, to_json(Evaluation, found))
    assert (kept.discrimination, kept.grades) == (WITHIN, found.grades)


def test_a_tissue_has_a_mean_of_each_drug() -> None:
    draw = np.random.default_rng(0)
    tissue = np.r_[np.repeat([0, 1, 2], 40), [0, 1, -1]]
    drug, more = draw.normal(size=6) * 3, draw.normal(size=(3, 6))
    responses = drug + np.vstack([more, np.zeros(6)])[tissue] + 0.1 * draw.normal(size=(123, 6))
    truth = responses[120:].copy()
    responses[120:] = np.nan
    told = means_in_tissues(responses, tissue)
    assert told[120:122] == pytest.approx(truth[:2], abs=0.5)
    assert told[122] == pytest.approx(means(responses)[122])
    nowhere = means_in_tissues(responses, np.full(123, -1))
    assert nowhere == pytest.approx(means(responses))


def test_which_column_holds_the_tissues_is_told_or_asked(cohort: Cohort) -> None:
    lines = pd.Series(cohort.table["cell_line"].unique())
    found = tissues(cohort, "cell_line", lines)
    assert found is not None
    first = cohort.table.drop_duplicates("cell_line")["tissue"]
    assert [found.names[k] for k in found.of] == list(first)
    renamed = replace(
        cohort, table=cohort.table.rename(columns={"tissue": "origin"}),
        variables=tuple(replace(v, name="origin") if v.name == "tissue" else v
                        for v in cohort.variables),
    )  # fmt: skip
    assert tissues(renamed, "cell_line", lines) is None
    asked = tissues(renamed, "cell_line", lines, "origin")
    assert asked is not None
    assert asked.of.tolist() == found.of.tolist()
    with pytest.raises(UserError, match="No column says of which tissue"):
        fit(renamed, options("tissue"))
    with pytest.raises(UserError, match="'ln_ic50_uM' is no column of tissues"):
        fit(cohort, options("tissue", tissue="ln_ic50_uM"))
    table = cohort.table.copy()
    table.loc[0, "tissue"] = "lung" if table.loc[0, "tissue"] != "lung" else "skin"
    doubtful = replace(cohort, table=table)
    with pytest.raises(UserError, match="has the tissues"):
        tissues(doubtful, "cell_line", lines)
    ignored = [replace(v, role=Role.IGNORE) if v.name == "tissue" else v for v in cohort.variables]
    assert tissues(replace(doubtful, variables=tuple(ignored)), "cell_line", lines) is None


class Notes(Silent):
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


def test_pairs_that_repeat_are_said(cohort: Cohort) -> None:
    rows = np.r_[np.arange(len(cohort)), [0, 1]]
    notes = Notes()
    fit(cohort.select(rows), options(), notes)
    assert any("2 rows repeat a pair" in note for note in notes.said)


def test_without_structures_nothing_is_trained(cohort: Cohort) -> None:
    variables = tuple(v for v in cohort.variables if v.name != "smiles")
    without = replace(cohort, table=cohort.table.drop(columns="smiles"), variables=variables)
    with pytest.raises(UserError, match="No column holds the structures"):
        fit(without, options())


def test_correlations_within_drugs_are_those_of_the_textbook() -> None:
    draw = np.random.default_rng(0)
    said, actual = draw.normal(size=(2, 40, 3))
    actual[draw.random(actual.shape) < 0.2] = np.nan
    said = np.where(np.isfinite(actual), said, np.nan)
    found = Tables(said, actual).correlations(np.ones((1, 40)))[0]
    for drug in range(3):
        there = np.isfinite(actual[:, drug])
        textbook = np.corrcoef(said[there, drug], actual[there, drug])[0, 1]
        assert found[drug] == pytest.approx(textbook)


def test_the_means_of_drugs_correlate_with_nothing_within_a_drug() -> None:
    draw = np.random.default_rng(1)
    actual = draw.normal(size=(50, 4)) + np.arange(4)
    folds = []
    for fold in range(5):
        mine = np.arange(50) % 5 == fold
        said = np.where(mine[:, None], actual[~mine].mean(axis=0), np.nan)
        folds.append(Tables(said, np.where(np.isfinite(said), actual, np.nan)))
    assert abs(within(folds).value) < 1e-6


def test_a_drug_nobody_measured_is_told_from_those_like_it() -> None:
    draw = np.random.default_rng(0)
    kinds, lines = np.arange(12) % 2, draw.normal(size=(80, 6))
    responses = lines[:, kinds] * 2 + kinds * 3.0 + 0.1 * draw.normal(size=(80, 12))
    similar = np.where(kinds[:, None] == kinds, 0.8, 0.1) + 0.2 * np.eye(12)
    responses[:, 11] = np.nan
    found = factors(encoder(lines)(lines), responses)
    told = structures(similar, found.drugs, found.measured)(similar[[11]])
    assert told.mean[0] == pytest.approx(3.0, abs=0.5)
    said = (found.lines @ told.loadings)[:, 0]
    assert found.lines.shape == (80, FACTORS)
    assert np.corrcoef(said, lines[:, 1])[0, 1] > 0.9


@pytest.mark.parametrize(
    ("response", "high"),
    [("pIC50", True), ("GI50 inhibition %", True), ("AAC", True), ("act_area", True),
     ("ln_ic50_uM", False), ("auc", False), ("viability", False)],
)  # fmt: skip
def test_drugs_stand_as_the_name_of_the_response_says(
    cohort: Cohort, model: Predictor, response: str, high: bool
) -> None:
    ensemble = replace(model.ensemble, outcome=Number(response))
    found = ranked(ensemble, cohort.select(np.arange(1)))
    values = [one.value for one in found]
    assert values == sorted(values, reverse=high)
    assert ("highest" in order(response)) is high


def test_the_verbs_of_the_shell(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    joins = [f"--join={k}={folder / f}" for k, f in (("cell_line", FILES[1]), ("drug", FILES[2]))]
    whole = pd.read_csv(folder / FILES[0])
    new = whole["cell_line"].isin([f"L{number:03d}" for number in range(1, 16)])
    whole[~new].to_csv(tmp_path / "old.csv", index=False)
    whole[new].to_csv(tmp_path / "new.csv", index=False)
    kept, others = str(tmp_path / "model"), str(tmp_path / "new.csv")
    fitted = ["fit", str(tmp_path / "old.csv"), "--outcome", "ln_ic50_uM", "--to", kept, *joins]
    least = ["--model", "factors", "--split", "cell_line", "--folds", "3", "--no-baselines"]
    assert main([*fitted, *least], 0.0) == 0
    assert main(["predict", kept, others, *joins, "--to", str(tmp_path / "p.csv")], 0.0) == 0
    said = pd.read_csv(tmp_path / "p.csv")
    assert list(said.columns) == ["cell_line", "drug", "value", "low", "high"]
    assert len(said) == int(new.sum())
    assert (said["low"] <= said["value"]).all()
    capsys.readouterr()
    assert main(["evaluate", kept, others, *joins, "--json"], 0.0) == 0
    assert json.loads(capsys.readouterr().out)[WITHIN]["value"] > 0.6
    asked = ["explain", kept, others, *joins, "--patient", "L003"]
    assert main([*asked, "--to", str(tmp_path / "drugs.csv")], 0.0) == 0
    drugs = pd.read_csv(tmp_path / "drugs.csv")
    assert drugs["value"].is_monotonic_increasing
    mine = said[said["cell_line"] == "L003"].set_index("drug")["value"]
    told = drugs.set_index("drug")["value"].loc[mine.index]
    assert mine.to_numpy() == pytest.approx(told.to_numpy())
    assert main([*asked, "--label", "C3-113", "--to", str(tmp_path / "why.csv")], 0.0) == 0
    why = pd.read_csv(tmp_path / "why.csv").set_index("variable")["shap"]
    assert why.drop("(prediction)").sum() == pytest.approx(why["(prediction)"], abs=1e-6)
