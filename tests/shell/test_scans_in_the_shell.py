"""The shell's contract with scans: from a folder to a picture of the evidence."""

from __future__ import annotations

import csv
import io
import json
import shutil
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.scans.made import folder, plain, png, spotted
from tests.shell.typed import shell

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("shell") / "scans", 30)


@dataclass(frozen=True)
class Made:
    """Scans, others to evaluate by, a model of them, and what ``fit`` printed."""

    scans: Path
    validation: Path
    model: Path
    printed: str


@pytest.fixture(scope="module")
def made(scans: Path) -> Made:
    place = scans.parent
    validation = folder(place / "validation", 12, 500)
    with redirect_stdout(io.StringIO()) as printed:
        ended = shell(
            "fit", scans, "--to", place / "model", "--model", "evidence", "--size", "28",
            "--epochs", "12", "--members", "1", "--validation", validation, "--seed", "0",
        )  # fmt: skip
    assert ended == 0
    return Made(scans, validation, place / "model", printed.getvalue())


@pytest.fixture
def strange(made: Made, tmp_path: Path) -> Path:
    """A folder with a scan like those of training, and one that is black."""
    (tmp_path / "new").mkdir()
    shutil.copy(made.scans / "finding" / "003.png", tmp_path / "new" / "known.png")
    (tmp_path / "new" / "black.png").write_bytes(png(np.zeros((28, 28), np.uint8)))
    return tmp_path / "new"


@pytest.mark.slow
def test_fit_prints_the_evaluation_and_the_baseline(made: Made) -> None:
    for words in ("validation scans", "AUROC", "PCA and SVM", str(made.model)):
        assert words in made.printed
    spec = json.loads((made.model / "spec.json").read_text())
    assert spec["ensemble"]["architecture"]["network"] == "evidence"
    assert spec["ensemble"]["architecture"]["size"] == 28


@pytest.mark.slow
def test_predict_has_the_file_the_patient_and_one_probability_a_class(
    made: Made, tmp_path: Path
) -> None:
    to = tmp_path / "predictions.csv"
    assert shell("predict", made.model, made.validation, "--to", to) == 0
    found = pd.read_csv(to)
    columns = ["file", "patient", "probability_normal", "probability_finding"]
    assert list(found.columns) == columns
    assert len(found) == 24
    assert found[columns[2:]].sum(axis=1).to_numpy() == pytest.approx(1)
    ill = found["file"].str.startswith("finding/")
    assert found["probability_finding"][ill].mean() > found["probability_finding"][~ill].mean()


@pytest.mark.slow
def test_evaluate_is_one_json_object(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("evaluate", made.model, made.validation, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) >= {"auroc", "accuracy", "balanced_accuracy", "brier", "calibration_slope"}
    assert found["brier"]["low"] <= found["brier"]["value"] <= found["brier"]["high"]


@pytest.mark.slow
def test_explain_draws_the_scan_and_prints_a_sum(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "evidence.png"
    assert shell("explain", made.model, made.scans / "finding" / "003.png", "--to", to) == 0
    with Image.open(to) as picture:
        assert min(picture.size) >= 28
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["region", "(rows", "x", "columns)", "pixels", "log-odds"]
    words = printed[-1].rstrip(".").split()
    base, places, odds = (float(word) for word in words if word[0] in "+-")
    assert base + places == pytest.approx(odds, abs=0.002)


@pytest.mark.slow
def test_scans_unlike_those_of_training_are_named_and_not_drawn(
    made: Made, strange: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell("predict", made.model, strange, "--to", tmp_path / "predictions.csv") == 0
    assert "1 of 2 scans is outside what the model has seen" in capsys.readouterr().err
    to = tmp_path / "evidence.png"
    assert shell("explain", made.model, strange / "black.png", "--to", to) == 2
    assert "outside what the model has seen" in capsys.readouterr().err
    assert not to.exists()


def test_labels_may_come_from_a_table_with_patients(tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    with (tmp_path / "labels.csv").open("w", newline="") as written:
        rows = csv.writer(written)
        rows.writerow(["file", "label", "patient"])
        for number in range(24):
            pixels = spotted(number)[0] if number % 2 else plain(number)
            (flat / f"{number}.png").write_bytes(png(pixels))
            rows.writerow([f"{number}.png", ("clear", "spot")[number % 2], f"P{number // 3}"])
    model = tmp_path / "model"
    labels = tmp_path / "labels.csv"
    options = ["--model", "cnn28", "--epochs", "1", "--no-baselines"]
    assert shell("fit", flat, "--to", model, "--labels", labels, *options) == 0
    card = json.loads((model / "card.json").read_text())
    assert card["labels"] == ["clear", "spot"]
    assert card["patients"] == 8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fit", "{scans}", "--to", "{new}", "--model", "tabm"], "does not read scans"),
        (["fit", "{scans}", "--to", "{new}", "--size", "28", "--folds", "3"], "no meaning"),
        (["fit", "{one_class}", "--to", "{new}"], "no two labels"),
        (["fit", "{scans}", "--to", "{new}", "--validation", "{one_class}"], "label"),
    ],
)
def test_what_a_person_can_put_right_is_one_sentence_and_exit_code_2(
    scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    arguments: list[str], words: str,
) -> None:  # fmt: skip
    places = {"scans": scans, "one_class": scans / "normal", "new": tmp_path / "new"}
    refuse([one.format(**places) for one in arguments], words, tmp_path, capsys)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["predict", "{model}", "{new}.zip"], "no such file"),
        (["explain", "{model}", "{scan}"], "No picture is named"),
        (["explain", "{model}", "{scan}", "--to", "{new}.png", "--label", "x"], "not predict"),
        (["explain", "{model}", "{scan}", "--to", "{new}.dcm"], "outlines nothing"),
    ],
)
def test_so_is_what_a_model_cannot_do(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    arguments: list[str], words: str,
) -> None:  # fmt: skip
    scan = made.scans / "finding" / "003.png"
    places = {"model": made.model, "scan": scan, "new": tmp_path / "new"}
    refuse([one.format(**places) for one in arguments], words, tmp_path, capsys)


def refuse(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With those words, and nothing made."""
    assert shell(*arguments) == 2
    printed = capsys.readouterr()
    assert words in printed.err.splitlines()[-1]
    assert "Traceback" not in printed.err
    assert printed.out == ""
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob("new.*"))
