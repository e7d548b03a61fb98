"""Networks of scans: what they learn, what is kept, and where they see it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from pmed_core import load
from pmed_core.cohort import Cohort
from pmed_core.errors import Cancelled, UserError
from pmed_core.modalities.scan import learner
from pmed_core.modalities.scan.augmentation import Augment
from pmed_core.modalities.scan.explaining import explain_scan
from pmed_core.modalities.scan.layers import LocalContrast
from pmed_core.modalities.scan.network import (
    ScanArchitecture,
    ScanNetwork,
    base,
    build,
    evidence_model,
)
from pmed_core.modalities.scan.novelty import learn_novelty
from pmed_core.modalities.scan.preparation import Preparation, choose_preparation
from pmed_core.modalities.scan.readers.scans import read_scans
from pmed_core.options import ScanOptions
from pmed_core.outcomes import YesNo
from pmed_core.predictor import Predictor
from pmed_core.progress import Silent, Stop
from pmed_core.scans import Frame
from pmed_core.training import devices
from pmed_core.training.fit import fit
from tests.scans.made import folder, spotted

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    return read_scans(folder(tmp_path_factory.mktemp("scans") / "all", 60), key=b"k")


@pytest.fixture(scope="module")
def trained(scans: Cohort) -> Predictor:
    return fit(scans, ScanOptions(epochs=14, members=1))


def options(network: ScanNetwork) -> ScanOptions:
    return ScanOptions.model_validate({"network": {"name": network}, "epochs": 2, "members": 1})


def test_spots_are_found_and_evaluated_on_patients_that_were_held_out(trained: Predictor) -> None:
    evaluated = trained.evaluation
    assert evaluated.measures["auroc"].value > 0.9
    assert evaluated.n == 24
    assert [baseline.name for baseline in evaluated.baselines] == ["PCA and SVM"]
    assert trained.ensemble.classes == ("normal", "finding")


def test_evidence_adds_up_and_points_at_the_spot(trained: Predictor, scans: Cohort) -> None:
    hits = 0
    for row in range(12):
        found = explain_scan(trained.ensemble, scans.select(np.array([row])), "finding")
        risk = trained.predict(scans.select(np.array([row]))).value[0, 0]
        assert found.explanation.method == "exact"
        assert found.explanation.prediction == pytest.approx(np.log(risk / (1 - risk)), abs=1e-4)
        assert found.explanation.gap == pytest.approx(0.0, abs=1e-6)
        peak = np.unravel_index(found.places.argmax(), found.places.shape)
        middle = np.array(spotted(row)[1]) * found.places.shape[0] // 28
        hits += np.abs(np.array(peak) - middle).max() <= 1
    assert hits >= 10


def test_evidence_against_is_the_other_way_round(trained: Predictor, scans: Cohort) -> None:
    one = scans.select(np.array([0]))
    towards, away = (explain_scan(trained.ensemble, one, label) for label in ("finding", "normal"))
    assert towards.places == pytest.approx(-away.places)
    assert towards.explanation.prediction == pytest.approx(-away.explanation.prediction)


def test_a_model_is_the_same_after_saving_and_loading(
    trained: Predictor, scans: Cohort, tmp_path: Path
) -> None:
    trained.save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert isinstance(loaded, Predictor)
    assert loaded.predict(scans).value == pytest.approx(trained.predict(scans).value)
    assert repr(loaded.evaluation.measures) == repr(trained.evaluation.measures)


def test_scans_unlike_those_of_every_training_are_told_also_after_loading(
    trained: Predictor, scans: Cohort, tmp_path: Path
) -> None:
    assert not trained.predict(scans).outside.any()
    trained.save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert isinstance(loaded, Predictor)
    strange = np.random.default_rng(0).normal(0.5, 0.005, (60, 28, 28, 1)).astype(np.float32)
    assert trained.ensemble.unlike(strange).all()
    assert loaded.ensemble.unlike(strange).all()
    also = learn_novelty(strange, np.arange(60).astype(str))
    both = replace(trained.ensemble, novelty=(*trained.ensemble.novelty, also))
    assert both.unlike(strange).mean() < 0.1
    assert not replace(trained.ensemble, novelty=()).unlike(strange).any()


def test_a_package_that_predicts_other_cases_is_refused(trained: Predictor, tmp_path: Path) -> None:
    import hashlib

    trained.save(tmp_path / "model")
    cases = tmp_path / "model" / "cases.json"
    changed = json.loads(cases.read_text())
    changed["value"][0][0] += 0.01
    cases.write_text(json.dumps(changed))
    manifest = tmp_path / "model" / "manifest.json"
    listed = json.loads(manifest.read_text())
    listed["sha256"]["cases.json"] = hashlib.sha256(cases.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(listed))
    with pytest.raises(UserError, match="does not predict its own test cases"):
        load(tmp_path / "model")


@pytest.mark.parametrize("network", [
        "cnn28", pytest.param("cnn32", marks=pytest.mark.slow),
        pytest.param("cnn64", marks=pytest.mark.slow),
    ])  # fmt: skip
def test_textbook_networks_train_and_their_places_add_up(
    network: ScanNetwork, scans: Cohort
) -> None:
    predictor = fit(scans, options(network))
    one = scans.select(np.array([3]))
    found = explain_scan(predictor.ensemble, one, "finding")
    risk = predictor.predict(one).value[0, 0]
    assert found.explanation.method == "superpixels"
    assert found.explanation.prediction == pytest.approx(np.log(risk / (1 - risk)), abs=1e-3)
    assert (found.explanation.standard_error >= 0).all()


def test_the_baseline_is_a_model_of_which_no_scan_is_kept(scans: Cohort, tmp_path: Path) -> None:
    predictor = fit(scans, ScanOptions.model_validate({"network": {"name": "svm"}}))
    assert predictor.card["model"] == "PCA and SVM"
    assert predictor.evaluation.measures["auroc"].value > 0.9
    assert predictor.evaluation.baselines == (), "it is not compared with itself"
    one = scans.select(np.array([3]))
    found = explain_scan(predictor.ensemble, one, "finding")
    risk = predictor.predict(one).value[0, 0]
    assert found.explanation.prediction == pytest.approx(np.log(risk / (1 - risk)), abs=1e-3)
    predictor.save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert isinstance(loaded, Predictor)
    assert loaded.predict(scans).value == pytest.approx(predictor.predict(scans).value)
    sizes = {weight.shape for weight in predictor.ensemble.networks[0].weights}
    assert sizes == {(784, 60), (60,), (60, 512), (512,), (512, 1), (1,)}
    with pytest.raises(UserError, match="no epochs to go on with"):
        fit(scans, ScanOptions(), start=loaded)


def test_progress_of_a_machine_follows_that_of_outlines(
    scans: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = list[float]()

    def outlined(*of: object) -> SimpleNamespace:
        shares.append(0.33)
        return SimpleNamespace(network=build(ScanArchitecture("svm", 28, 1, 1)))

    monkeypatch.setattr(learner, "_segmenter", outlined)
    monkeypatch.setattr(learner, "with_outlines", lambda evaluation, *of: evaluation)
    monkeypatch.setattr(Silent, "stage", lambda self, text, share: shares.append(share))
    asked = {"network": {"name": "svm"}, "size": "28", "baselines": False}
    fit(scans, ScanOptions.model_validate(asked))
    assert shares == sorted(shares)


def test_validation_scans_evaluate_and_the_same_seed_gives_the_same_model(scans: Cohort) -> None:
    training, validation = scans.select(np.arange(0, 120, 2)), scans.select(np.arange(1, 120, 2))
    first, second = (fit(training, options("cnn28"), validation=validation) for _ in range(2))
    assert first.evaluation.n == 60
    assert "validation scans" in first.evaluation.on
    assert (first.predict(scans).value == second.predict(scans).value).all()


@pytest.mark.slow
def test_small_shifts_are_averaged_and_the_map_still_adds_up(scans: Cohort) -> None:
    chosen = ScanOptions(epochs=2, members=1, shifts=True, baselines=False)
    predictor = fit(scans, chosen)
    one = scans.select(np.array([3]))
    averaged = predictor.predict(one).value[0, 0]
    alone = replace(predictor.ensemble, averaged=False).predict(one).value[0, 0]
    assert averaged != pytest.approx(alone, abs=1e-7)
    found = explain_scan(predictor.ensemble, one, "finding")
    assert found.explanation.prediction == pytest.approx(
        np.log(averaged / (1 - averaged)), abs=1e-4
    )


def test_what_is_learnt_in_mixed_precision_is_kept_in_32_bits(
    scans: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "precision", lambda name: "mixed_bfloat16")
    predictor = fit(scans, options("cnn28"))
    assert predictor.evaluation.n == 24
    assert {weight.dtype.name for weight in predictor.ensemble.networks[0].get_weights()} == {
        "float32"
    }
    assert predictor.ensemble.networks[0].compute_dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.slow
def test_a_kept_model_goes_on_with_new_scans(
    trained: Predictor, scans: Cohort, tmp_path: Path
) -> None:
    before = [weight.copy() for weight in trained.ensemble.networks[0].get_weights()]
    asked = {"epochs": 2, "members": 3, "size": "64", "network": {"name": "svm"}}
    chosen = ScanOptions.model_validate(asked)
    further = fit(scans, chosen, start=trained)
    assert further.card["model"] == trained.card["model"], "it stays what it is"
    assert further.evaluation.measures["auroc"].value > 0.9
    assert len(further.ensemble.networks) == 1
    assert len(further.ensemble.novelty) == 2
    assert further.ensemble.preparation == trained.ensemble.preparation
    assert "may have been trained on some of these patients" in further.evaluation.notes[0]
    assert {baseline.name for baseline in further.evaluation.baselines} == {
        "The model before it was continued", "PCA and SVM",
    }  # fmt: skip
    after = trained.ensemble.networks[0].get_weights()
    assert all((old == new).all() for old, new in zip(before, after, strict=True))
    other = replace(scans, outcome=YesNo("label", ("normal",)))
    with pytest.raises(UserError, match="have another outcome"):
        fit(other, chosen, start=trained)


def test_scans_with_labels_that_training_had_not_are_not_evaluated(
    trained: Predictor, scans: Cohort
) -> None:
    table = scans.table.assign(label=["unclear", *scans.table["label"].iloc[1:]])
    with pytest.raises(UserError, match="no label 'unclear'"):
        trained.evaluate(replace(scans, table=table.iloc[:-1]))


def test_contrast_and_denoising_are_part_of_what_is_kept() -> None:
    speck = np.full((32, 32), 100, np.uint8)
    speck[16, 16], speck[:, :8] = 255, 90
    frame = Frame(0, (32, 32), "uint8")
    plain = Preparation(32, 1, None).one(speck, frame)
    calm = Preparation(32, 1, None, denoise="median").one(speck, frame)
    assert plain[16, 16, 0] == 1
    assert calm[16, 16, 0] == pytest.approx(100 / 255)
    faint = Preparation(32, 1, None, contrast="clahe").one(speck, frame)
    assert faint.min() >= 0
    assert faint.max() <= 1
    apart = [float(one[4, 20, 0] - one[4, 2, 0]) for one in (calm, faint)]
    assert apart[1] > 1.5 * apart[0]


@pytest.mark.parametrize("network", ["cnn28", pytest.param("evidence", marks=pytest.mark.slow)])
def test_several_classes(network: ScanNetwork, tmp_path: Path) -> None:
    path = folder(tmp_path / "all", 20)
    (path / "other").mkdir()
    for number, file in enumerate(sorted((path / "finding").iterdir())[:10]):
        file.rename(path / "other" / f"o{number}.png")
    cohort = read_scans(path, key=b"k")
    predictor = fit(cohort, options(network))
    risk = predictor.predict(cohort).value
    assert predictor.labels == ("finding", "normal", "other")
    assert risk.sum(axis=1) == pytest.approx(np.ones(len(cohort)))
    found = explain_scan(predictor.ensemble, cohort.select(np.array([0])), "other")
    logs = np.log(risk[0])
    assert found.explanation.prediction == pytest.approx(logs[2] - logs.mean(), abs=1e-4)


@pytest.mark.parametrize(("each", "baselines"), [(4, []), (8, ["PCA and SVM"])])
def test_labels_may_have_few_scans(each: int, baselines: list[str], tmp_path: Path) -> None:
    cohort = read_scans(folder(tmp_path / "all", each), key=b"k")
    predictor = fit(cohort, options("cnn28"))
    assert [baseline.name for baseline in predictor.evaluation.baselines] == baselines
    assert predictor.evaluation.events[0] == 2
    predictor.save(tmp_path / "model")
    again = load(tmp_path / "model").predict(cohort)
    assert (again.value == predictor.predict(cohort).value).all()
    assert not again.outside.any()


def test_cancelling_and_keeping(scans: Cohort) -> None:
    class Stopping(Silent):
        def __init__(self, word: Stop) -> None:
            self.word = word

        def stop(self) -> Stop:
            return self.word

    with pytest.raises(Cancelled):
        fit(scans, options("cnn28"), Stopping("cancel"))
    several = options("cnn28").model_copy(update={"epochs": 50, "members": 3})
    kept = fit(scans, several, Stopping("keep"))
    assert len(kept.ensemble.networks) == 1


def test_a_cohort_without_scans_or_labels_says_what_is_missing(scans: Cohort) -> None:
    with pytest.raises(UserError, match="no scans"):
        fit(replace(scans, scans=None))
    with pytest.raises(UserError, match="no two labels"):
        fit(replace(scans, outcome=None))
    nobody = replace(scans, table=scans.table.assign(label=np.nan))
    with pytest.raises(UserError, match="No scan has a label"):
        fit(nobody)
    with pytest.raises(UserError, match="same outcome"):
        fit(scans.select(np.arange(50)), options("cnn28"))


@pytest.mark.parametrize("lesions", [False, True])
def test_the_mean_of_the_map_and_the_base_are_the_logit(lesions: bool) -> None:
    network = build(ScanArchitecture("evidence", 64, 3, 4, lesions=lesions))
    scan = np.random.default_rng(0).random((2, 64, 64, 3), dtype=np.float32)
    places = evidence_model(network)
    assert places is not None
    mean = np.asarray(places(scan)).mean(axis=(1, 2))
    assert mean + base(network) == pytest.approx(np.asarray(network(scan)), abs=1e-5)
    assert base(network).any() == lesions
    assert network.count_params() < 1_000_000


def test_a_brighter_scan_of_more_contrast_is_the_same_to_the_evidence_network() -> None:
    network = build(ScanArchitecture("evidence", 28, 1, 1))
    scan = np.random.default_rng(0).random((3, 28, 28, 1), dtype=np.float32)
    changed = np.asarray(network(0.5 * scan + 0.2))
    assert changed == pytest.approx(np.asarray(network(scan)), abs=1e-2)


def test_without_a_unit_each_place_is_read_against_its_neighbourhood() -> None:
    scan = np.random.default_rng(0).random((2, 28, 28, 1), dtype=np.float32)
    found = np.asarray(LocalContrast(7)(scan))[:, 6:-6, 6:-6]
    mean = uniform_filter(scan.astype(float), (0, 7, 7, 0))
    deviation = np.sqrt(uniform_filter((scan - mean) ** 2, (0, 7, 7, 0)) + 0.03**2)
    assert found == pytest.approx(((scan - mean) / deviation)[:, 6:-6, 6:-6], abs=1e-4)
    assert np.asarray(LocalContrast(7)(np.full_like(scan, 0.7))) == pytest.approx(0, abs=1e-4)


def test_light_that_falls_from_one_side_hardly_changes_a_relative_network() -> None:
    scan = np.random.default_rng(0).random((3, 28, 28, 1), dtype=np.float32)
    from_the_left = scan + np.linspace(0, 1, 28, dtype=np.float32)[:, None]
    change = {}
    for relative in (False, True):
        keras.utils.set_random_seed(0)
        network = build(ScanArchitecture("evidence", 28, 1, 1, relative=relative))
        plain, lit = (np.asarray(network(one)) for one in (scan, from_the_left))
        change[relative] = np.abs(lit - plain).mean() / np.abs(plain).mean()
    assert change[True] < change[False] / 5


def test_augmentation_changes_scans_in_training_alone() -> None:
    layer = Augment(3)
    scan = np.random.default_rng(0).random((4, 28, 28, 1), dtype=np.float32)
    assert (np.asarray(layer(scan, training=False)) == scan).all()
    changed = np.asarray(layer(scan, training=True))
    assert changed.shape == scan.shape
    assert np.isfinite(changed).all()
    assert np.abs(changed - scan).mean() > 0.01


def test_turning_and_moving_keep_the_picture_upright_on_average() -> None:
    scan = np.zeros((200, 28, 28, 1), np.float32)
    scan[:, 9:12, 16:19] = 1
    mean = keras.ops.convert_to_numpy(Augment(0).moved(scan)).mean(axis=0)[..., 0]
    rows, columns = np.mgrid[:28, :28]
    assert (mean * rows).sum() / mean.sum() == pytest.approx(10, abs=0.8)
    assert (mean * columns).sum() / mean.sum() == pytest.approx(17, abs=0.8)


def test_scans_keep_their_proportions_and_windows_are_in_hounsfield_units() -> None:
    window = Preparation(28, 1, (-600.0, 1500.0))
    frame = Frame(0, (10, 20), "int16", "HU")
    prepared = window.one(np.full((10, 20), -600, np.int16), frame)
    assert prepared.shape == (28, 28, 1)
    assert prepared == pytest.approx(0.5 * np.ones((28, 28, 1)), abs=1e-6)
    assert window.one(np.full((10, 20), 3000, np.int16), frame).max() == 1
    colour = np.zeros((28, 28, 3), np.uint8)
    colour[..., 0] = 255
    grey = Preparation(28, 1, None).one(colour, Frame(0, (28, 28, 3), "uint8"))
    assert grey == pytest.approx(np.full((28, 28, 1), 1 / 3), abs=1e-6)


def test_the_size_suits_the_scans_unless_it_is_chosen(scans: Cohort) -> None:
    assert scans.scans is not None
    names = scans.table["scan"].tolist()
    assert choose_preparation(ScanOptions(), scans.scans, names).size == 28
    assert choose_preparation(ScanOptions(size="64"), scans.scans, names).size == 64
