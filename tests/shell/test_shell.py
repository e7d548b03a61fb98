"""The shell's contract: columns, keys, exit codes, and what goes where."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pmed_core.modalities import Tabular
from pmed_core.options import FitOptions
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.shell import flags, main
from tests.service.made import patients
from tests.shell.typed import ROOT, fitted, shell

# NumPy of Keras variables, until Keras follows NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@dataclass(frozen=True)
class Made:
    """A table, a model of it, and what ``fit`` printed."""

    table: Path
    model: Path
    printed: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("shell")
    table = folder / "icu.csv"
    known = patients()
    known["time to death"] = 1
    known["note"] = "x"
    known.to_csv(table, index=False)
    finished = fitted(
        table, "--outcome", "died", "--patient", "patient_id", "--ignore", "time to death", "note",
        "--to", folder / "model", "--model", "mlp", "--folds", "2",
    )  # fmt: skip
    assert "oneDNN" not in finished.stderr
    return Made(table, folder / "model", finished.stdout)


def test_fit_prints_the_evaluation_the_baselines_and_its_seconds(made: Made) -> None:
    for words in (
        "Evaluated out-of-fold, 2 folds: 120 patients", "AUROC", "Calibration slope",
        "Logistic regression", "Gradient boosting", "seconds, everything included; the baselines",
        str(made.model),
    ):  # fmt: skip
        assert words in made.printed
    spec = json.loads((made.model / "spec.json").read_text())
    assert [variable["name"] for variable in spec["variables"]] == ["age", "lactate", "sex"]


def test_predict_writes_the_patient_under_its_own_name(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = patients(30, seed=2).drop(columns="died")
    new["patient_id"] = ["=1+1", "-12", *new["patient_id"][2:]]
    new.to_csv(tmp_path / "new.csv", index=False)
    to = tmp_path / "predictions.csv"
    assert shell("predict", made.model, tmp_path / "new.csv", "--to", to) == 0
    found = pd.read_csv(to, dtype={"patient_id": str})
    assert list(found.columns) == ["patient_id", "probability", "low", "high"]
    assert list(found["patient_id"][:3]) == ["'=1+1", "-12", "P003"]
    assert found["probability"].between(0, 1).all()
    assert (found["low"] <= found["high"]).all()
    printed = capsys.readouterr()
    assert printed.out == ""
    assert RESEARCH_ONLY in printed.err


def test_numbers_of_a_model_at_chance_are_not_left_alone(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = patients(80)
    noise["died"] = noise["died"].sample(frac=1, random_state=4).to_numpy()
    noise.to_csv(tmp_path / "noise.csv", index=False)
    fitted(tmp_path / "noise.csv", "--outcome", "died", "--patient", "patient_id", "--to",
           tmp_path / "model", "--model", "mlp", "--folds", "2", "--no-baselines")  # fmt: skip
    assert shell("predict", tmp_path / "model", made.table) == 0
    assert "no better than chance: do not rely" in capsys.readouterr().err
    assert shell("predict", made.model, made.table) == 0
    assert "chance" not in capsys.readouterr().err


def test_without_to_the_result_is_on_stdout(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("predict", made.model, made.table) == 0
    assert len(pd.read_csv(io.StringIO(capsys.readouterr().out))) == 120


def test_evaluate_is_one_json_object(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("evaluate", made.model, made.table, "--json", "--held-out") == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) >= {
        "auroc", "average_precision", "brier", "log_loss", "calibration_slope",
        "calibration_intercept", "sensitivity", "specificity", "ppv", "npv", "accuracy",
        "balanced_accuracy",
    }  # fmt: skip
    assert all(set(measure) == {"value", "low", "high"} for measure in found.values())
    assert found["auroc"]["low"] <= found["auroc"]["value"] <= found["auroc"]["high"]


def test_the_table_of_training_is_evaluated_only_as_it_was_held_out(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mixed = tmp_path / "mixed.csv"
    pd.read_csv(made.table).sample(frac=1, random_state=3).to_csv(mixed, index=False)
    assert shell("evaluate", made.model, mixed) == 2
    printed = capsys.readouterr()
    assert "These are the patients the model was trained on" in printed.err
    assert printed.out == ""
    assert shell("evaluate", made.model, mixed, "--json", "--held-out") == 0
    auroc = json.loads(capsys.readouterr().out)["auroc"]["value"]
    assert f"{auroc:.4f}" in made.printed
    shell("predict", made.model, mixed, "--to", tmp_path / "seen.csv")
    assert "120 of 120 rows were in training: these numbers are too good" in capsys.readouterr().err
    shell("predict", made.model, mixed, "--held-out", "--to", tmp_path / "held_out.csv")
    assert "the networks that never saw them" in capsys.readouterr().err
    found = pd.read_csv(tmp_path / "held_out.csv").set_index("patient_id")["probability"]
    seen = pd.read_csv(tmp_path / "seen.csv").set_index("patient_id")["probability"]
    assert (found - seen).abs().max() > 1e-3
    assert shell("explain", made.model, mixed, "--patient", "P017", "--held-out") == 0
    shown = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert float(shown["value"].iloc[-1]) == pytest.approx(found["P017"], abs=1e-5)


def test_new_patients_are_not_held_out(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patients(30, seed=9).to_csv(tmp_path / "new.csv", index=False)
    assert shell("evaluate", made.model, tmp_path / "new.csv") == 0
    assert "in training" not in capsys.readouterr().err
    assert shell("evaluate", made.model, tmp_path / "new.csv", "--held-out") == 2
    assert "not kept with this model" in capsys.readouterr().err


def test_what_is_kept_beside_the_package_names_nobody(made: Made) -> None:
    text = (made.model / "held_out.json").read_text()
    assert "P0" not in text
    assert "held_out.json" not in (made.model / "manifest.json").read_text()


def test_evaluate_needs_the_outcome(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patients().drop(columns="died").to_csv(tmp_path / "new.csv", index=False)
    assert shell("evaluate", made.model, tmp_path / "new.csv") == 2
    assert "'died' is missing" in capsys.readouterr().err


def test_explain_adds_up_to_the_prediction(made: Made, tmp_path: Path) -> None:
    to = tmp_path / "shap.csv"
    assert shell("explain", made.model, made.table, "--patient", "P017", "--to", to) == 0
    found = pd.read_csv(to)
    assert list(found.columns) == ["variable", "value", "shap"]
    assert list(found["variable"][-2:]) == ["(base)", "(prediction)"]
    assert set(found["variable"][:-2]) == {"age", "lactate", "sex"}
    assert found["shap"][:-1].sum() == pytest.approx(found["shap"].iloc[-1], abs=1e-6)
    risk = 1 / (1 + np.exp(-found["shap"].iloc[-1]))
    assert float(found["value"].iloc[-1]) == pytest.approx(risk, abs=1e-5)
    shell("predict", made.model, made.table, "--to", tmp_path / "predictions.csv")
    predicted = pd.read_csv(tmp_path / "predictions.csv").set_index("patient_id")
    assert predicted.loc["P017", "probability"] == pytest.approx(risk, abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fit", "{table}", "--outcome", "dead", "--to", "{new}"], "no column 'dead'"),
        (["fit", "--outcome", "died", "--to", "{new}", "--ignore", "a", "{table}"], "No table"),
        (["fit", "{table}", "--outcome", "died", "--to", "{folder}"], "something else"),
        (["fit", "{table}", "--outcome", "died", "--to", "{table}"], "This is a file"),
        (["fit", "{table}", "--outcome", "died", "--to", "{new}", "--folds", "1"], "--folds"),
        (["fit", "{table}", "--outcome", "sex", "--to", "{new}"], "do not say which is the event"),
        (["fit", "{new}.csv", "--outcome", "died", "--to", "{new}"], "no such file"),
        (["predict", "{folder}", "{table}"], "not a model"),
        (["predict", "{model}", "{new}.csv"], "no such file"),
        (["predict", "{model}", "{table}", "--to", "{folder}"], "This is a folder"),
        (["explain", "{model}", "{table}", "--patient", "nobody"], "no patient 'nobody'"),
        (["explain", "{model}", "{table}", "--patient", "P001", "--label", "x"], "not predict"),
        (
            ["explain", "{model}", "{table}", "--patient", "P001", "--known-motifs", "{table}"],
            "no use for --known-motifs",
        ),
    ],
)
def test_what_a_person_can_put_right_is_one_sentence_and_exit_code_2(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    arguments: list[str], words: str,
) -> None:  # fmt: skip
    places = {
        "table": made.table, "model": made.model, "folder": made.table.parent,
        "new": tmp_path / "new",
    }  # fmt: skip
    assert shell(*(argument.format(**places) for argument in arguments)) == 2
    printed = capsys.readouterr()
    assert words in printed.err.splitlines()[-1]
    assert "Traceback" not in printed.err
    assert printed.out == ""
    assert list(tmp_path.iterdir()) == []


def test_cancelling_is_exit_code_130_and_writes_nothing(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pmed_core.training.fit.fit", interrupted)
    assert shell("fit", made.table, "--outcome", "died", "--to", tmp_path / "new") == 130
    assert list(tmp_path.iterdir()) == []


def test_our_bug_is_exit_code_1() -> None:
    script = (
        "import sys, pmed_core.shell.verbs as commands, pmed_core.shell.main as cli\n"
        "commands.predict = lambda given: 1 / 0\n"
        "sys.exit(cli.main(['predict', 'a', 'b'], 0.0))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert finished.returncode == 1
    assert "ZeroDivisionError" in finished.stderr


def test_every_option_is_a_flag_and_the_default_is_the_recipe() -> None:
    parser = flags.parser()
    base = ["fit", "x.csv", "--outcome", "y", "--to", "m"]
    assert flags.options(parser.parse_args(base), Tabular()) == FitOptions()
    more = [
        "--model", "mlp", "--folds", "5", "--time-limit", "2.5", "--device", "cpu", "--imbalance",
        "class_weights", "--no-baselines", "--seed", "7", "--ignore", "a b", "c", "--ignore", "d",
        "--positive", "1", "-1",
    ]  # fmt: skip
    given = parser.parse_args([*base, *more])
    chosen = flags.options(given, Tabular())
    assert chosen.model_dump() == {
        "network": {"name": "mlp"}, "folds": 5, "time_limit_minutes": 2.5, "device": "cpu",
        "imbalance": "class_weights", "baselines": False, "seed": 7,
    }  # fmt: skip
    assert set(chosen.model_dump()) == set(FitOptions.model_fields)
    assert (given.file, given.ignore) == ("x.csv", ["a b", "c", "d"])
    assert given.positive == ["1", "-1"]


@pytest.mark.parametrize("command", ["fit", "predict", "evaluate", "explain", "app"])
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main([command, "--help"], 0.0)
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert f"python -m pmed_core {command} " in printed
    assert "example" in printed
    assert RESEARCH_ONLY in printed


def test_help_loads_nothing_that_computes() -> None:
    script = (
        "import sys, pmed_core.shell.flags as cli\n"
        "cli.parser().format_help()\n"
        "print({'pandas', 'keras', 'sqlalchemy', 'rich'} & set(sys.modules))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert finished.stdout.strip() == "set()"


def test_app_starts_the_server_on_the_same_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(
        "os.execve", lambda _, line, environment: started.append((line, environment))
    )
    monkeypatch.chdir(tmp_path)
    assert shell("app", "--port", "8600") == 0
    line, environment = started[0]
    assert line[1:] == [
        "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", "8600",
    ]  # fmt: skip
    assert Path(environment["PMED_HOME"]).is_absolute()


def test_app_may_have_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[tuple[int, int | None]] = []
    monkeypatch.setattr(
        "pmed_core.door.processes.serve", lambda number, port: served.append((number, port))
    )
    assert shell("app", "--port", "8600", "--processes", "3") == 0
    assert served == [(3, 8600)]


def test_groups_are_evaluated_beside_the_whole(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("evaluate", made.model, made.table, "--held-out", "--by", "sex")
    assert shell(*asked, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["groups"]) == {"f", "m"}
    assert 0 <= told["groups"]["f"]["auroc"]["value"] <= 1
    assert shell(*asked) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("f ") for line in lines)
    assert shell("evaluate", made.model, made.table, "--held-out", "--by", "shoe size") == 2
    assert "There is no column 'shoe size'" in capsys.readouterr().err


def test_what_means_nothing_to_a_model_that_is_fitted_at_once_is_said() -> None:
    typed = ["fit", "t.csv", "--outcome", "x", "--to", "m", "--time-limit", "5", "--model"]
    for model, said in (("forest", ("--time-limit",)), ("tabm", ())):
        given = flags.parser().parse_args([*typed, model])
        assert flags.idle(given, flags.options(given, Tabular())) == said
