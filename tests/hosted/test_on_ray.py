"""A hosted installation whose jobs run on another machine, by a Ray cluster: the two share a
database, an object store, the key and the token, and no folder."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pmed_core.accounts import Role
from pmed_core.engine.local import LocalEngine
from pmed_core.engine.supervisor import end
from pmed_core.modalities.tabular.options import FitOptions, LinearOptions
from pmed_core.sealing import keys
from pmed_core.service import cohorts, hub, models, patients, training
from pmed_core.settings import settings
from pmed_core.work import Cell
from tests.hosted.acting import acting, project
from tests.servers.cluster import served
from tests.servers.objects import Objects, use
from tests.servers.postgres import Server, closed_afterwards
from tests.service.made import as_bytes, chosen
from tests.service.made import patients as made

OPTIONS = FitOptions(network=LinearOptions(), folds=2, baselines=False)
PASSED_ON = ("PMED_", "AWS_", "PG")
PATIENCE = 240.0


@pytest.mark.slow
@pytest.mark.usefixtures("online")
def test_a_training_on_another_machine_is_there_on_this_one(
    postgres: Server, objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.make(tmp_path / "master.key")
    monkeypatch.setenv("PMED_KEY_FILE", str(tmp_path / "master.key"))
    monkeypatch.setenv("PMED_DATABASE", postgres.fresh())
    monkeypatch.setenv("PMED_HOME", str(tmp_path / "one"))
    use(objects, monkeypatch)
    known = {name: said for name, said in os.environ.items() if name.startswith(PASSED_ON)}
    there = known | {"PMED_HOME": str(tmp_path / "two")}
    with served(there, {"two": 0}) as cluster, closed_afterwards():
        for name, said in cluster.known.items():
            if name not in known:
                monkeypatch.setenv(name, said)
        monkeypatch.setenv("PMED_ENGINE", "ray")
        settings.cache_clear()
        keys.forget()
        ward = project("Cardiology", ann=Role.DATA_SCIENTIST)
        with acting("ann", ward):
            cohort = chosen(cohorts.bring_in("a.csv", as_bytes(made(300))))
            engine = hub._hub(settings().of_project(ward)).engine
            assert isinstance(engine, LocalEngine)
            try:
                job = training.train(cohort, "Elsewhere", OPTIONS)
                until = time.monotonic() + PATIENCE
                while training.job(job).alive and time.monotonic() < until:
                    time.sleep(0.5)
                found = training.job(job)
                assert (found.state, found.interrupted) == ("done", 0), found
                assert (tmp_path / "two" / "projects" / ward / "models").is_dir()
                assert [one.id for one in models.models()] == [found.result]
                asked: dict[str, Cell] = {"age": 60.0, "lactate": 2.0, "sex": "f"}
                assert 0 < patients.consult(found.result, asked).value[0] < 1
            finally:
                if engine.starter.started:
                    end(engine.starter.started)
                    engine.starter.started.wait()
                engine.stop()
