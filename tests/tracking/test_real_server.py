"""What a real MLflow server holds of trainings, and what it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pmed_core.service import cohorts, models, training
from pmed_core.service.hub import hub
from pmed_core.settings import RESEARCH_ONLY, settings
from tests.epochs import at_most
from tests.servers.tracking import Tracking
from tests.service.made import QUICK, as_bytes, chosen, patients
from tests.shell.typed import fitted
from tests.tracking.conftest import Set

# NumPy of Keras variables, until Keras follows NumPy 2.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

SURNAME = "Mustermann"
"""In the name of the file, in the ids and in a category: no server may learn of it."""


def trained(name: str) -> str:
    """A job, done, on patients who carry that surname wherever one could stand."""
    table = patients()
    table["patient_id"] = [f"{SURNAME}-{n:03d}" for n in range(len(table))]
    table["sex"] = table["sex"].replace("f", f"{SURNAME} (f)")
    cohort = chosen(cohorts.bring_in(f"{SURNAME}-{name}.csv", as_bytes(table)))
    with at_most(4):
        job = training.job(training.train(cohort, f"{SURNAME} {name}", QUICK))
    assert job.state == "done", job.error
    return job.id


def kept_there(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_training_appears_whole_and_names_no_patient(server: Tracking, told_to: Set) -> None:
    told_to(server.address, EXPERIMENT_NAME="whole")
    job = training.job(trained("one"))
    assert not [note for note in job.notes if "tracking" in note]
    (run,) = server.runs("whole")
    info, data = run["info"], run["data"]
    assert (info["status"], info["run_name"]) == ("FINISHED", "Three-layer network, died")
    parameters = {one["key"]: one["value"] for one in data["params"]}
    assert (parameters["network.name"], parameters["folds"]) == ("mlp", "2")
    entry = models.model(job.result)
    auroc = entry.evaluation.measures["auroc"]
    metrics = {one["key"]: one["value"] for one in data["metrics"]}
    found = [metrics[f"auroc{end}"] for end in ("", "_low", "_high")]
    assert found == pytest.approx([auroc.value, auroc.low, auroc.high])
    where = f"mlflow/metrics/get-history?run_id={info['run_id']}&metric_key=epoch/validation_loss"
    history = server.ask("GET", where)["metrics"]
    assert sorted(int(one.get("step", 0)) for one in history) == [
        epoch["epoch"] for epoch in job.epochs
    ]
    tags = {one["key"]: one["value"] for one in data["tags"]}
    assert tags["pmed.notice"] == RESEARCH_ONLY
    assert tags["mlflow.note.content"].startswith(RESEARCH_ONLY)
    assert tags["pmed.cohort_sha256"] == entry.card["cohort_digest"]
    assert len(tags["pmed.package_sha256"]) == 64
    card = server.file(info["artifact_uri"], "model_card.md")
    assert card.startswith("# Model card: Three-layer network, died")
    assert RESEARCH_ONLY in card
    evaluation = json.loads(server.file(info["artifact_uri"], "evaluation.json"))
    assert evaluation["measures"]["auroc"]["low"] == pytest.approx(auroc.low)
    assert SURNAME.encode() not in kept_there(server.folder)
    assert list(hub().store.models.untold()) == []


def test_what_a_server_missed_is_told_after_the_next_training_once(
    server: Tracking, told_to: Set
) -> None:
    told_to("http://127.0.0.1:9", EXPERIMENT_NAME="later")
    job = training.job(trained("missed"))
    assert any("not told of this training: it does not answer" in note for note in job.notes)
    assert [identity for identity, _ in hub().store.models.untold()] == [job.result]
    told_to(server.address)
    second = training.job(trained("next"))
    assert not [note for note in second.notes if "not told" in note]
    assert len(server.runs("later")) == 2
    assert list(hub().store.models.untold()) == []


def test_the_shell_tells_of_its_trainings(server: Tracking, told_to: Set, tmp_path: Path) -> None:
    told_to(server.address, EXPERIMENT_NAME="shell")
    table = tmp_path / f"{SURNAME}.csv"
    patients().to_csv(table, index=False)
    said = fitted(
        table, "--outcome", "died", "--patient", "patient_id", "--to", tmp_path / "model",
        "--model", "linear", "--folds", "2", "--no-baselines",
    )  # fmt: skip
    assert "The tracking server was told" in said.stderr
    (run,) = server.runs("shell")
    assert run["info"]["run_name"] == "Linear model, died"
    assert SURNAME.encode() not in kept_there(server.folder)
    assert settings().tracking_experiment == "shell"
