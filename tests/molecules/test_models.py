"""A model of molecules: trained and used from the shell, and asked about one in the app."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pypdf import PdfReader
from rdkit import Chem

from pages.parts.outcome import with_outcome
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.molecule import reading
from pmed_core.modalities.molecule.ensemble import structures
from pmed_core.modalities.molecule.facts import facts, measured
from pmed_core.modalities.molecule.learner import groups, trainable, with_structure
from pmed_core.modalities.molecule.package import packed, unpacked
from pmed_core.options import MLPOptions, MoleculeOptions
from pmed_core.outcomes import Number, TimeToEvent
from pmed_core.predictor import Predictor
from pmed_core.progress import Silent
from pmed_core.readers.tables import read_cohort, read_for, read_table
from pmed_core.service import cohorts, models, molecules, patients
from tests.molecules.test_structures import SAMPLE
from tests.pages.conftest import Open, installed, on_panel, opened, trained_on
from tests.shell.typed import shell

__all__ = ["opened"]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
BROKEN = [4, 40, 41]
"""Rows whose SMILES is none."""
QUICK = MoleculeOptions(network=MLPOptions(), folds=2)


@dataclass(frozen=True)
class Made:
    """A table of two assays, one of which has gaps, and a model of both."""

    file: Path
    model: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    place = tmp_path_factory.mktemp("molecules")
    table = pd.read_csv(SAMPLE).iloc[::7].reset_index(drop=True)
    table.loc[BROKEN, "smiles"] = ["C1CC", "*CC*", "none of these"]
    table["soluble"] = np.where(table.log_solubility > -2.5, "yes", "no")
    table["aliphatic"] = np.where(table.smiles.str.contains("c1"), "no", "yes")
    table.loc[::5, "aliphatic"] = None
    file, model = place / "assays.csv", place / "model"
    table.drop(columns=["molecule_id", "log_solubility"]).to_csv(file, index=False)
    code = shell(
        "fit", file, "--outcome", "soluble", "aliphatic", "--molecule", "smiles", "--split",
        "scaffold", "--to", model, "--model", "mlp", "--folds", "2", "--no-baselines",
    )  # fmt: skip
    assert code == 0
    return Made(file, model)


def test_no_scaffold_is_on_two_sides_and_row_numbers_are_those_of_the_file(made: Made) -> None:
    predictor = Predictor.load(made.model)
    cohort = read_for(made.file, predictor.variables, predictor.outcome)
    assert predictor.recognise(cohort), "rows without a molecule do not hide the training table"
    folds = np.array(predictor.predict(cohort, held_out=True).folds)
    assert (folds[BROKEN] == -1).all()
    known = with_structure(cohort.numbered())
    owners = groups(known, "scaffold")
    of_known = np.delete(folds, BROKEN)
    assert all(len(set(of_known[owners == one])) == 1 for one in set(owners))
    assert "5" not in known.patients()
    assert known.patients()[4] == "6"


def test_predictions_say_nothing_of_what_is_no_molecule(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell("predict", made.model, made.file, "--held-out", "--to", tmp_path / "p.csv") == 0
    told = pd.read_csv(tmp_path / "p.csv")
    assert list(told.columns)[:2] == ["row", "probability_soluble"]
    assert sorted(np.flatnonzero(told.probability_soluble.isna())) == BROKEN
    assert told.probability_soluble.dropna().between(0, 1).all()
    assert "3 of 88 molecules are outside" in capsys.readouterr().err


def test_molecules_of_an_sdf_are_predicted_as_those_of_a_table(made: Made, tmp_path: Path) -> None:
    smiles = ["CCO", "c1ccccc1Cl", "CC(=O)[O-].[Na+]"]
    pd.DataFrame({"smiles": smiles}).to_csv(tmp_path / "x.csv", index=False)
    blocks = [Chem.MolToMolBlock(Chem.MolFromSmiles(one)) for one in smiles]
    (tmp_path / "x.sdf").write_text("$$$$\n".join([*blocks, "torn\n"]))
    for file in ("x.csv", "x.sdf"):
        assert shell("predict", made.model, tmp_path / file, "--to", tmp_path / f"{file}.out") == 0
    plain, found = (pd.read_csv(tmp_path / f"x.{kind}.out") for kind in ("csv", "sdf"))
    pd.testing.assert_frame_equal(found.iloc[:3, 1:], plain.iloc[:, 1:])
    assert found.iloc[3, 1:].isna().all(), "nothing is said of a block that is no molecule"
    assert shell("predict", made.model, tmp_path / "x.sdf", "--to", tmp_path / "y.sdf") == 0
    again = read_table(tmp_path / "y.sdf").cells
    assert list(again["smiles"]) == ["CCO", "Clc1ccccc1", "CC(=O)O", ""]
    assert again["probability_soluble"].iloc[0] == f"{found.probability_soluble.iloc[0]:.9g}"


def test_titles_of_an_sdf_are_the_ids_of_a_model_with_ids(model: str, tmp_path: Path) -> None:
    blocks = []
    for smiles, title in (("CCO", "CMP-7"), ("CCN", "CMP-8")):
        molecule = Chem.MolFromSmiles(smiles)
        molecule.SetProp("_Name", title)
        blocks.append(Chem.MolToMolBlock(molecule))
    found = models.predict(model, "new.sdf", "$$$$\n".join(blocks).encode())
    assert found.columns["molecule_id"] == ["CMP-7", "CMP-8"]
    assert [one.split("\n")[0] for one in found.blocks] == ["CMP-7", "CMP-8"]


def test_its_own_table_is_not_evaluated_on_but_held_out(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell("evaluate", made.model, made.file) == 2
    capsys.readouterr()
    assert shell("evaluate", made.model, made.file, "--held-out", "--json") == 0
    measures = json.loads(capsys.readouterr().out)
    assert any(name.startswith("auroc") for name in measures)


def test_pieces_add_up_and_colour_the_picture(made: Made, tmp_path: Path) -> None:
    where = ("--patient", "3", "--label", "soluble", "--held-out")
    assert shell("explain", made.model, made.file, *where, "--to", tmp_path / "s.csv") == 0
    table = pd.read_csv(tmp_path / "s.csv")
    assert list(table.variable[-2:]) == ["(base)", "(prediction)"]
    base, prediction = table.shap.iloc[-2:]
    assert table.shap[:-2].sum() + base == pytest.approx(prediction, abs=1e-6)
    assert shell("explain", made.model, made.file, *where, "--to", tmp_path / "s.svg") == 0
    picture = (tmp_path / "s.svg").read_text()
    assert picture.startswith("<svg")
    assert "script" not in picture


def test_two_columns_of_molecules_are_asked_about() -> None:
    table = pd.read_csv(SAMPLE).iloc[:40]
    table["partner"] = table.smiles.iloc[::-1].to_numpy()
    cohort = read_cohort(table, outcome="log_solubility")
    with pytest.raises(UserError, match="2 columns of molecules"):
        trainable(cohort, Silent())


def test_what_a_new_molecule_needs_beside_its_structure_is_said() -> None:
    class Noted(Silent):
        said = ""

        def note(self, text: str) -> None:
            self.said += text

    table = pd.read_csv(SAMPLE).iloc[:60]
    table["assay"] = np.where(np.arange(60) % 3, "yes", "no")
    noted = Noted()
    trainable(read_cohort(table, outcome="log_solubility"), noted)
    assert "Beside the structure the model reads 1 input: 'assay'" in noted.said
    noted = Noted()
    trainable(read_cohort(table, outcome="log_solubility", ignore=["assay"]), noted)
    assert "Beside" not in noted.said


def test_a_second_column_of_the_same_molecules_is_left_out_and_said() -> None:
    class Noted(Silent):
        notes: list[str] = []

        def note(self, text: str) -> None:
            self.notes.append(text)

    table, progress = pd.read_csv(SAMPLE).iloc[:40], Noted()
    to_inchi: Callable[[object], str] = Chem.MolToInchi
    table["inchi"] = [to_inchi(Chem.MolFromSmiles(one)) for one in table.smiles]
    found = trainable(read_cohort(table, outcome="log_solubility"), progress)
    assert [v.name for v in found.inputs] == ["smiles"]
    assert "'inchi' holds the same molecules as 'smiles'" in progress.notes[0]


def test_a_structure_with_two_labels_is_named_before_it_is_learnt() -> None:
    notes: list[str] = []

    class Noted(Silent):
        def note(self, text: str) -> None:
            notes.append(text)

    table = pd.read_csv(SAMPLE).iloc[:40][["smiles"]].assign(toxic=["yes", "no"] * 20)
    table.loc[3:4, "smiles"] = ["Oc1ccccn1", "O=c1cccc[nH]1"]
    trainable(read_cohort(table, outcome="toxic"), Noted())
    assert any("1 structure has different outcomes in different rows" in note for note in notes)


def test_a_time_to_an_event_is_not_predicted_from_molecules() -> None:
    table = pd.read_csv(SAMPLE).iloc[:60]
    table["months"] = np.arange(60) + 1.5
    table["died"] = ["yes", "no"] * 30
    cohort = read_cohort(table, outcome=TimeToEvent("died", "months", ("yes",)))
    with pytest.raises(UserError, match="not predicted from molecules"):
        trainable(cohort, Silent())


@pytest.fixture(scope="module")
def home_with_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with installed(tmp_path_factory.mktemp("home")) as home:
        part = pd.read_csv(SAMPLE).iloc[::6]
        first = cohorts.bring_in("solubility.csv", part.to_csv(index=False).encode())
        entry = cohorts.cohort(first)
        asked = Number("log_solubility")
        chosen = cohorts.revise(first, with_outcome(entry.variables, asked), asked)
        trained_on(chosen, "Solubility", QUICK)
    return home


@pytest.fixture
def model(home_with_model: Path, tmp_path: Path) -> str:
    shutil.copytree(home_with_model, tmp_path / "home", dirs_exist_ok=True)
    return models.models()[0].id


def test_a_random_split_stands_beside_that_by_scaffold(model: str) -> None:
    evaluation = models.model(model).evaluation
    forest = next(one for one in evaluation.baselines if one.name == "Random forest")
    note = next(one for one in evaluation.notes if one.startswith("Split at random"))
    assert "the random forest's R²" in note
    assert f"not {forest.measures['r2'].value:.3f}" in note
    assert evaluation.of == "molecule"


def test_a_molecule_of_training_is_answered_by_the_fold_that_held_it_out(model: str) -> None:
    entry = models.model(model)
    molecule = cohorts.patients(entry.cohort)[3]
    cells = cohorts.cells(entry.cohort, molecule)
    by_id = patients.consult(model, cells, molecule)
    assert by_id.basis == "held-out"
    assert patients.consult(model, cells).value == by_id.value, "known by its structure alone"
    salt = {"smiles": f"{cells['smiles']}.Cl"}
    assert patients.consult(model, salt).value == by_id.value, "read as training reads it"
    edited = {"smiles": "CC(=O)NCCCl"}
    assert patients.consult(model, edited).basis == "new"
    assert patients.consult(model, edited, molecule).basis == "held-out", "compared like with like"


def test_what_is_no_molecule_is_one_sentence(model: str) -> None:
    with pytest.raises(UserError, match="is not SMILES"):
        patients.consult(model, {"smiles": "C1CC"})
    assert "No molecule" in patients.consult(model, {"smiles": None}).outside[0]


def test_a_stranger_is_outside(model: str) -> None:
    found = patients.consult(model, {"smiles": "[SiH3][SiH2][SiH2][SiH3]"})
    assert "Tanimoto" in found.outside[0]


def test_its_portrait_has_a_picture_properties_and_neighbours(model: str) -> None:
    entry = models.model(model)
    molecule = cohorts.patients(entry.cohort)[0]
    cells = cohorts.cells(entry.cohort, molecule)
    explained = patients.explain(model, cells, entry.outcome.labels[0], molecule)
    found = molecules.depict(model, cells, molecule, tuple(explained.shap[0]))
    assert found.svg.startswith("<svg")
    assert len(found.facts) > 5
    assert all(one.lower is not None for one in found.facts), "also of a model read from disk"
    assert found.near[0].svg.startswith("<svg")
    assert molecule not in {one.patient for one in found.near}
    similar = [one.similarity for one in found.near]
    assert similar == sorted(similar, reverse=True)
    asked = patients.consult(model, cells, molecule)
    assert patients.report(model, cells, molecule, asked, explained).startswith(b"%PDF")


def test_a_kept_model_ranks_properties_as_they_are_among_its_molecules(made: Made) -> None:
    kept = Predictor.load(made.model)
    typical = kept.ensemble.typical
    learnt = structures(pd.read_csv(made.file).smiles.drop(index=BROKEN))
    weights = np.array([measured(one)[0].number for one in learnt])
    for one in learnt[::20]:
        told, weight = facts(one, typical)[0].lower, measured(one)[0].number
        below = (weights < weight).mean() + (weights == weight).mean() / 2
        assert told == pytest.approx(below, abs=0.03)
    turned = packed(replace(kept.ensemble, typical=typical.T.copy().reshape(typical.shape)))
    healed = unpacked(turned, kept.outcome, kept.variables)
    assert np.array_equal(healed.typical, typical), "as an earlier version wrote it"


def test_its_properties_are_compared_with_a_list_that_a_user_brought_in(
    model: str, opened: Open
) -> None:
    listed = ["CCO", "CCCO", "OCC", "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC", "CCN", "c1ccccc1"]
    brought = "smiles\n" + "\n".join([*listed, "C1CC"])
    reference = cohorts.bring_in("approved.csv", brought.encode())
    cells = {"smiles": "CC(=O)Oc1ccccc1C(=O)O"}
    found = molecules.depict(model, cells, reference=reference)
    assert found.compared == 5, "OCC is CCO, and C1CC is none"
    weight = next(one for one in found.facts if one.name.startswith("Molecular weight"))
    assert weight.lower == pytest.approx(4 / 5, abs=0.01)
    of_training = molecules.depict(model, cells)
    assert of_training.compared == 0
    assert of_training.facts != found.facts
    unlike = cohorts.bring_in("people.csv", b"id,age\n" + b"\n".join(
        f"{n},{30 + n / 2}".encode() for n in range(20)
    ))  # fmt: skip
    with pytest.raises(UserError, match="No column of it holds molecules"):
        molecules.depict(model, cells, reference=unlike)
    app = opened("patient", model=model)
    next(one for one in app.button if one.label == "Next").click().run()
    app = on_panel(app, "Properties")
    box = next(one for one in app.selectbox if one.label == "Compared with")
    assert [one for one in box.options if "people" in one] == []
    box.select(next(one for one in box.options if "approved" in one)).run()
    assert any("the 5 different molecules of 'approved" in one.value for one in app.caption)
    assert any("In the list" in one.value.columns for one in app.dataframe)
    cohort = models.model(model).cohort
    molecule = cohorts.patients(cohort)[0]
    known = cohorts.cells(cohort, molecule)
    asked = patients.consult(model, known, molecule)
    for compared, words in (("", "In training"), (reference, "the 5 different molecules of")):
        pdf = patients.report(model, known, molecule, asked, None, compared)
        said = " ".join(PdfReader(io.BytesIO(pdf)).pages[1].extract_text().split())
        assert words in said
        assert "Drug-likeness (QED)" in said
        assert "The nearest molecule of training has a similarity of" in said


@pytest.mark.parametrize("called", ["SMILES", "structure", "Canonical_Smiles", "InChI"])
def test_a_later_file_may_call_its_molecules_otherwise(made: Made, called: str) -> None:
    table = pd.read_csv(made.file)[["smiles"]].drop(index=BROKEN).head(40)
    predictor = Predictor.load(made.model)
    wanted = predictor.predict(_later(predictor, table, made.file.parent)).value
    to_inchi: Callable[[object], str] = Chem.MolToInchi
    if called == "InChI":
        table["smiles"] = [to_inchi(Chem.MolFromSmiles(one)) for one in table.smiles]
    later = _later(predictor, table.rename(columns={"smiles": called}), made.file.parent)
    sentence = f"The molecules stand in the column '{called}' here, in training in 'smiles'."
    assert sentence in [d.sentence for d in later.reading]
    found = predictor.predict(later).value
    assert (found == wanted).mean() == 1 if called != "InChI" else (found == wanted).mean() > 0.9


def test_two_columns_of_molecules_are_not_told_apart_by_guessing(made: Made) -> None:
    table = pd.read_csv(made.file)[["smiles"]].drop(index=BROKEN).head(40)
    twice = table.rename(columns={"smiles": "product"}).assign(reactant=table.smiles[::-1].array)
    with pytest.raises(UserError, match="reads a column 'smiles'"):
        _later(Predictor.load(made.model), twice, made.file.parent)


def _later(predictor: Predictor[Any], table: pd.DataFrame, place: Path) -> Cohort:
    path = place / "later.csv"
    table.to_csv(path, index=False)
    return reading.inputs(path, predictor, place, False, {})


def test_the_page_shows_it_a_panel_at_a_time_and_edits_its_structure(
    model: str, opened: Open
) -> None:
    app = opened("patient", model=model)
    next(one for one in app.button if one.label == "Next").click().run()
    assert any("Orange" in one.value for one in app.caption)
    app = on_panel(app, "Properties")
    assert any("Drug-likeness (QED)" in str(one.value) for one in app.dataframe)
    app = on_panel(app, "Similar molecules")
    assert any("nearest molecule of training" in one.value for one in app.markdown)
    app = on_panel(app, "What if")
    box = next(one for one in app.text_input if one.label == "Structure as SMILES")
    own = str(box.value)
    box.set_value(own + "O").run()
    assert any("with these values" in one.label for one in app.metric) or app.warning
    next(one for one in app.text_input if one.label == "Structure as SMILES").set_value(
        "C1CC"
    ).run()
    assert any("is not SMILES" in one.value for one in app.error)
    assert not app.exception
