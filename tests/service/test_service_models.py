"""Models as things: named, evaluated, exported, imported, removed; and one patient."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from pmed_core.errors import UserError
from pmed_core.exporting import run
from pmed_core.service import cohorts, exports, models, patients, training
from tests.service.made import Installation, as_bytes
from tests.service.made import patients as made

Contents = dict[str, bytes]

# NumPy of Keras variables, until Keras follows NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_what_is_known_of_a_model(trained: Installation) -> None:
    found = models.model(trained.model)
    assert (found.name, found.cohort, found.rows) == ("First", trained.cohort, 120)
    assert (found.cohort_name, found.network_title) == ("icu.csv", "Three-layer network")
    assert {variable.name for variable in found.variables} == {"age", "lactate", "sex"}
    models.rename(trained.model, " Second ")
    assert [model.name for model in models.models()] == ["Second"]
    with pytest.raises(UserError, match="needs a name"):
        models.rename(trained.model, "  ")


def test_threshold_and_notes_are_kept_beside_the_sealed_package(trained: Installation) -> None:
    before, exported = models.model(trained.model), models.export(trained.model)
    models.save_threshold(trained.model, 0.25)
    models.write_notes(trained.model, " For ward 5 ")
    models.rename(trained.model, "Second")
    after = models.model(trained.model)
    assert (after.alert, after.saved, after.notes) == (0.25, True, "For ward 5")
    assert models.export(trained.model) == exported
    assert after.evaluation == before.evaluation
    models.save_threshold(trained.model, None)
    after = models.model(trained.model)
    assert (after.threshold, after.saved, after.notes) == (before.threshold, False, "For ward 5")
    models.remove(trained.model)
    with pytest.raises(UserError, match="no such model"):
        models.write_notes(trained.model, "too late")


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 7.0, float("nan")])
def test_what_is_no_threshold_is_refused(value: float, trained: Installation) -> None:
    with pytest.raises(UserError, match="no threshold"):
        models.save_threshold(trained.model, value)
    assert not models.model(trained.model).saved


@pytest.mark.parametrize("text", ['{"threshold": 3.0, "notes": ""}', '{"threshold": 0.2', "[]"])
def test_a_damaged_threshold_is_told_and_never_replaced_by_another(
    text: str, trained: Installation
) -> None:
    models.save_threshold(trained.model, 0.25)
    (trained.home / "models" / trained.model / "annotations.json").write_text(text)
    with pytest.raises(UserError, match=r"damaged: annotations\.json"):
        models.model(trained.model)
    assert models.models() == ()


def test_the_package_holds_no_patient(trained: Installation) -> None:
    exported = models.export(trained.model)
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        held = b"".join(archive.read(name) for name in archive.namelist())
    assert not any(patient.encode() in held for patient in made()["patient_id"])


def test_an_imported_model_predicts_the_same_without_patients(trained: Installation) -> None:
    # Nobody of training: whoever was is answered by the networks that never saw them.
    cells = cohorts.cells(trained.cohort, "P007") | {"age": 61.25}
    exported = models.export(trained.model)
    fresh = models.bring_in("model.zip", io.BytesIO(exported))
    assert models.bring_in("again.zip", exported) == fresh
    assert len(models.models()) == 2
    assert models.model(fresh).cohort == ""
    here, there = (patients.consult(model, cells) for model in (trained.model, fresh))
    assert here.value == pytest.approx(there.value, abs=1e-6)
    assert there.neighbours == ()


def opened(exported: bytes) -> Contents:
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(contents: Contents) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return held.getvalue()


def without(contents: Contents) -> Contents:
    return {name: data for name, data in contents.items() if name != "cases.json"}


def with_more(contents: Contents) -> Contents:
    return contents | {"code.py": b"print('hello')"}


def elsewhere(contents: Contents) -> Contents:
    return {f"../{name}": data for name, data in contents.items()}


def in_a_folder(contents: Contents) -> Contents:
    return {f"model/{name}": data for name, data in contents.items()}


@pytest.mark.parametrize("change", [without, with_more, elsewhere, in_a_folder])
def test_only_the_files_of_a_package_are_unpacked(
    trained: Installation, change: Callable[[Contents], Contents]
) -> None:
    contents = change(opened(models.export(trained.model)))
    refused(trained, packed(contents), "not a model that pmed exported")


def refused(trained: Installation, held: bytes, why: str) -> None:
    before = sorted(trained.home.rglob("*"))
    with pytest.raises(UserError, match=why) as raised:
        models.bring_in("bad.zip", held)
    assert raised.value.where == "bad.zip"
    assert [model.id for model in models.models()] == [trained.model]
    fresh = [path for path in trained.home.rglob("*") if path not in before and path.is_file()]
    assert [path.name for path in fresh if path.name not in (".lock", "store.lock")] == []


def encrypted(held: bytes) -> bytes:
    """The flag that says that each part is encrypted."""
    return held.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")


def damaged(held: bytes) -> bytes:
    middle = held.index(b"weights.safetensors") + 2000
    return held[:middle] + bytes(64) + held[middle + 64 :]


@pytest.mark.parametrize(
    "spoil", [encrypted, damaged, lambda held: held[:-500], lambda _: b"", lambda _: b"PK\x03\x04"]
)
def test_a_zip_that_is_none_is_refused(
    trained: Installation, spoil: Callable[[bytes], bytes]
) -> None:
    refused(trained, spoil(packed(opened(models.export(trained.model)))), "not a model")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(
    trained: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = opened(models.export(trained.model))
    contents["weights.safetensors"] = bytes(20 * 2**20)
    monkeypatch.setattr(models, "PACKAGE_MB", 10)
    refused(trained, packed(contents), "not a model")


def test_a_link_in_a_zip_is_only_its_text(trained: Installation) -> None:
    contents = opened(models.export(trained.model))
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in contents.items():
            entry = zipfile.ZipInfo(name)
            if name == "card.json":
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
                data = b"/etc/passwd"
            archive.writestr(entry, data)
    refused(trained, held.getvalue(), "not those that were saved")


def test_a_changed_package_is_refused(trained: Installation) -> None:
    contents = opened(models.export(trained.model))
    cases = json.loads(contents["cases.json"])
    cases["value"][0][0] += 0.01
    contents["cases.json"] = json.dumps(cases).encode()
    refused(trained, packed(contents), "not those that were saved")


def test_a_held_out_file_is_evaluated_and_not_kept(trained: Installation) -> None:
    held_out = as_bytes(made(80, seed=1))
    evaluation = models.evaluate(trained.model, "later.csv", held_out)
    assert (evaluation.on, evaluation.n) == ("later.csv", 80)
    assert [one.on for one in models.evaluations(trained.model)] == ["later.csv"]
    assert [entry.id for entry in cohorts.cohorts()] == [trained.cohort]
    sources = [path.name for path in trained.home.rglob("*.csv")]
    assert sources == ["icu.csv"]


def test_a_held_out_file_without_an_input_is_refused_and_not_kept(trained: Installation) -> None:
    with pytest.raises(UserError, match="lactate"):
        models.evaluate(trained.model, "later.csv", as_bytes(made().drop(columns="lactate")))
    sources = [path.name for path in trained.home.rglob("*.csv")]
    assert sources == ["icu.csv"]


def test_a_held_out_file_without_the_outcome_is_refused(trained: Installation) -> None:
    with pytest.raises(UserError, match="died"):
        models.evaluate(trained.model, "later.csv", as_bytes(made().drop(columns="died")))


def test_importance_is_made_once_and_kept(trained: Installation) -> None:
    assert models.importance(trained.model) is None
    job = training.job(models.explain_cohort(trained.model))
    assert (job.state, job.error) == ("done", "")
    found = models.importance(trained.model)
    assert found is not None
    assert len(found.patients) == 120
    np.testing.assert_allclose(found.shap.sum(axis=1) + found.base, found.prediction, atol=1e-6)


def test_one_patient_is_consulted_and_explained(trained: Installation) -> None:
    cells = cohorts.cells(trained.cohort, "P001")
    found = patients.consult(trained.model, cells, "P001")
    assert len(found.neighbours) == 10
    assert "P001" not in {neighbour.patient for neighbour in found.neighbours}
    why = patients.explain(trained.model, cells, found.labels[0], "P001")
    assert why.shap.sum() + why.base[0] == pytest.approx(why.prediction[0], abs=1e-6)
    odds = np.log(found.value[0] / (1 - found.value[0]))
    assert odds == pytest.approx(why.prediction[0], abs=1e-4)


def new_patients(rows: int = 30) -> pd.DataFrame:
    """Of another hospital, without what happened."""
    table = made(rows, seed=9).drop(columns="died")
    return table.assign(patient_id=[f"N{n}" for n in range(rows)])


def test_new_patients_are_predicted_and_not_kept(trained: Installation) -> None:
    found = models.predict(trained.model, "new.csv", as_bytes(new_patients()))
    columns = found.columns
    assert list(columns) == ["patient_id", "probability", "low", "high"]
    assert columns["patient_id"] == new_patients()["patient_id"].tolist()
    for row in (0, 7):
        of_one = new_patients().drop(columns="patient_id").iloc[row]
        cells = {str(k): None if pd.isna(v) else v for k, v in of_one.items()}
        one = patients.consult(trained.model, cells)
        assert columns["probability"][row] == pytest.approx(one.value[0], abs=1e-9)
    assert len(found.outside) == 30
    assert not found.notes
    assert "The cells are separated by the comma." in found.reading, "said, as the shell says it"
    threshold = models.model(trained.model).threshold
    assert list(found.alerts) == [risk >= threshold for risk in columns["probability"]]
    models.save_threshold(trained.model, 0.9)
    found = models.predict(trained.model, "new.csv", as_bytes(new_patients()))
    assert list(found.alerts) == [risk >= 0.9 for risk in columns["probability"]]
    assert [path.name for path in trained.home.rglob("*.csv")] == ["icu.csv"]
    assert not models.evaluations(trained.model)


def test_who_is_unlike_the_training_data_is_marked(trained: Installation) -> None:
    table = new_patients().assign(age=lambda t: t["age"].where(t.index != 3, 2000.0))
    found = models.predict(trained.model, "new.csv", as_bytes(table))
    assert [row for row, strange in enumerate(found.outside) if strange] == [3]


def test_patients_of_training_among_new_ones_are_told(trained: Installation) -> None:
    both = pd.concat([made().drop(columns="died").head(4), new_patients()])
    found = models.predict(trained.model, "both.csv", as_bytes(both))
    assert any("4 of" in note and "training" in note for note in found.notes)


def test_new_patients_without_an_input_are_refused(trained: Installation) -> None:
    with pytest.raises(UserError, match="age"):
        models.predict(trained.model, "new.csv", as_bytes(new_patients().drop(columns="age")))


def test_a_model_leaves_as_onnx_and_repeats_its_predictions(trained: Installation) -> None:
    assert exports.why_not_onnx(models.model(trained.model)) is None
    data = exports.onnx(trained.model)
    known = made(5)
    found = models.predict(trained.model, "icu.csv", as_bytes(known))
    cells = {
        "age": known["age"].to_numpy(float), "lactate": known["lactate"].to_numpy(float),
        "sex": known["sex"].astype(object).to_numpy(),
    }  # fmt: skip
    said, outside = run(data, cells)
    np.testing.assert_allclose(said, found.columns["probability"], rtol=0, atol=1e-5)
    assert tuple(outside) == found.outside
    with pytest.raises(UserError, match="no such model"):
        exports.onnx("ab" * 16)
