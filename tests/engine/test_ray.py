"""Jobs on a real Ray cluster of two workers: what is left of them when one is killed, when they are
cancelled, and when the cluster is away or another."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pmed_core.engine.engines import idle, worker
from pmed_core.engine.local import LocalEngine
from pmed_core.engine.supervisor import Supervisor, end
from pmed_core.job import Job
from pmed_core.modalities.tabular.options import LinearOptions
from pmed_core.options import FitOptions
from pmed_core.service import cohorts
from pmed_core.settings import settings
from pmed_core.store.store import Store, open_store
from pmed_core.work import Fit, identify
from tests.engine import odd_ray
from tests.engine.supervised import add, over, watched
from tests.servers.cluster import Machine, RayCluster, served
from tests.service.made import as_bytes, chosen, patients

pytestmark = pytest.mark.slow
PATIENCE = 240.0
GPUS = {"one": 0, "two": 1}
OPTIONS = FitOptions(network=LinearOptions(), folds=2, baselines=False)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayCluster]:
    home = tmp_path_factory.mktemp("ray") / "home"
    with served({"PMED_HOME": str(home)}, GPUS) as found:
        yield found


@pytest.fixture
def cluster(running: RayCluster, monkeypatch: pytest.MonkeyPatch) -> RayCluster:
    """With both of its workers, and its settings here."""
    for name in GPUS:
        if running.machines[name].process.poll() is not None:
            running.worker(name)
    for name, said in (running.known | {"PMED_ENGINE": "ray"}).items():
        monkeypatch.setenv(name, said)
    settings.cache_clear()
    return running


@pytest.fixture
def store(cluster: RayCluster) -> Store:
    return open_store(settings())


@pytest.fixture
def supervisor(store: Store) -> Iterator[Supervisor]:
    with looked_after(store) as found:
        yield found


@contextmanager
def looked_after(store: Store, module: str = odd_ray.__name__) -> Iterator[Supervisor]:
    """By a supervisor whose processes end with the test."""
    found = Supervisor(store.jobs, store.checkpoints, at_once=3, module=module)
    yield found
    for process in found.running.values():
        end(process.child)
        process.child.wait()


def at_work(cluster: RayCluster, *jobs: str) -> list[tuple[Machine, int]]:
    """The machine and the process that work on each, once they do."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = [
            (one, pid) for job in jobs
            for one in cluster.machines.values() if (pid := one.worker(job))
        ]  # fmt: skip
        if len(found) == len(jobs):
            return found
        time.sleep(0.05)
    raise AssertionError(f"Nobody works on one of {jobs}")


def gone(process: int) -> bool:
    """Within a moment, and for good."""
    until = time.monotonic() + PATIENCE
    while Path(f"/proc/{process}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    return not Path(f"/proc/{process}").exists()


def needs_a_gpu(store: Store, name: str) -> str:
    work = Fit("c", name, OPTIONS.model_copy(update={"device": "gpu"}))
    return store.jobs.add(identify(work), work)


def variables(process: int) -> dict[str, str]:
    said = Path(f"/proc/{process}/environ").read_bytes().decode().split("\0")
    return dict(one.split("=", 1) for one in said if "=" in one)


def begun(job: Job) -> bool:
    return bool(job.notes or job.epochs)


def weights(store: Store, model: str) -> dict[str, bytes]:
    folder = store.models.package(model)
    return {path.name: path.read_bytes() for path in folder.glob("*.safetensors")}


def test_a_training_whose_machine_is_killed_ends_elsewhere_as_if_nothing_had_happened(
    cluster: RayCluster, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its weights are, bit by bit, those of the local engine."""
    monkeypatch.setenv("PMED_ENGINE", "inline")
    settings.cache_clear()
    work = Fit(chosen(cohorts.bring_in("a.csv", as_bytes(patients(300)))), "Mine", OPTIONS)
    shutil.copytree(store.home, tmp_path / "alone")
    monkeypatch.setenv("PMED_ENGINE", "ray")
    settings.cache_clear()
    engine = LocalEngine(store)
    job = engine.submit(work)
    try:
        until = time.monotonic() + PATIENCE
        while not store.jobs.get(job).epochs and time.monotonic() < until:
            time.sleep(0.02)
        at_work(cluster, job)[0][0].kill()
        assert store.jobs.get(job).alive
        while store.jobs.get(job).alive and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        if engine.starter.started:
            end(engine.starter.started)
            engine.starter.started.wait()
    found = store.jobs.get(job)
    assert (found.state, found.interrupted) == ("done", 1), found
    assert not store.checkpoints.of(job).exists()
    monkeypatch.setenv("PMED_HOME", str(tmp_path / "alone"))
    alone = open_store(settings().model_copy(update={"home": tmp_path / "alone"}))
    with looked_after(alone, worker(settings().model_copy(update={"engine": "local"}))) as local:
        watched(local, alone.jobs.add(job, work), over)
    assert weights(store, found.result) == weights(alone, found.result) != {}


def test_each_machine_has_one_and_the_third_says_that_it_waits(
    cluster: RayCluster, store: Store, supervisor: Supervisor
) -> None:
    """The first and the third need the one GPU that there is; the second is content without."""
    first = needs_a_gpu(store, "listens")
    watched(supervisor, first, begun)
    second = add(store, "keeps and is deaf")
    watched(supervisor, second, begun)
    (here, listening), (there, deaf) = at_work(cluster, first, second)
    assert (here.name, there.name) == ("two", "one")
    assert [variables(pid)["CUDA_VISIBLE_DEVICES"] for pid in (listening, deaf)] == ["0", ""]
    assert not any(name.startswith("RAY_") for name in variables(deaf))
    third = needs_a_gpu(store, "anything")
    found = watched(supervisor, third, lambda job: bool(job.stage))
    assert found.stage == "Waiting for room on the Ray cluster (processors: 1, GPUs: 1)"
    store.jobs.ask_to_stop(third, "cancel")
    assert watched(supervisor, third, over).state == "cancelled"
    # One that hears neither that it is asked nor that it is told is killed, on its machine.
    os.kill(deaf, signal.SIGSTOP)
    store.jobs.ask_to_stop(second, "cancel")
    assert watched(supervisor, second, over).state == "cancelled"
    assert gone(deaf)
    assert not store.checkpoints.of(second).exists()
    store.jobs.ask_to_stop(first, "keep")
    assert watched(supervisor, first, over).result == "kept"


def test_those_who_would_like_the_same_gpu_do_not_wait_for_one_another(
    store: Store, supervisor: Supervisor
) -> None:
    """Both see that it is free, and one of them gets it."""
    both = [add(store, f"listens #{number}") for number in (1, 2)]
    for job in both:
        watched(supervisor, job, begun)
    for job in both:
        store.jobs.ask_to_stop(job, "keep")
        assert watched(supervisor, job, over).result == "kept"


def test_a_job_waits_for_the_token_and_is_given_back_where_it_is_told_to_end(
    cluster: RayCluster, store: Store, supervisor: Supervisor,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    token = tmp_path / "token"
    token.write_text("another" * 9)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(token))
    said = f"{cluster.known['RAY_ADDRESS']}: The Ray cluster refuses the token."
    assert [str(one) for one in idle(settings())][0].startswith(said)
    job = add(store, "waits and holds")
    found = watched(supervisor, job, lambda job: bool(job.stage))
    assert found.stage.startswith(said)
    assert found.stage.endswith("The job waits.")
    token.write_text(Path(cluster.known["RAY_AUTH_TOKEN_PATH"]).read_text())
    watched(supervisor, job, begun)
    ((_, worker),) = at_work(cluster, job)
    # As systemd does when the service stops: the job is given back, and nobody has died.
    end(supervisor.running[job].child, signal.SIGTERM)
    assert supervisor.running[job].child.wait(PATIENCE) == 128 + signal.SIGTERM
    assert gone(worker)
    found = store.jobs.get(job)
    assert (found.state, found.interrupted) == ("queued", 0)
    (store.home / "go").touch()
    assert watched(supervisor, job, over).result == "by token 2"


def test_a_machine_with_another_store_says_so_and_the_job_waits(
    cluster: RayCluster, supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PMED_HOME", str(tmp_path / "another"))
    settings.cache_clear()
    elsewhere = open_store(settings())
    supervisor.jobs, supervisor.checkpoints = elsewhere.jobs, elsewhere.checkpoints
    job = add(elsewhere, "anything")
    watched(supervisor, job, lambda job: "does not know this job. Give all mach" in job.stage)
    elsewhere.jobs.ask_to_stop(job, "cancel")
    assert watched(supervisor, job, over).state == "cancelled"


def test_the_token_is_nowhere_in_what_is_written(cluster: RayCluster, store: Store) -> None:
    """In logs of Ray, in ours, and in what anybody on the machine sees of a process."""
    token = Path(cluster.known["RAY_AUTH_TOKEN_PATH"])
    written = [
        path for room in (cluster.folder, store.home) for path in room.rglob("*")
        if path.is_file() and path != token
    ]  # fmt: skip
    assert any(path.name == "gcs_server.out" for path in written)
    secret = token.read_bytes()
    assert [path for path in written if secret in path.read_bytes()] == []
    seen = " ".join(
        one for machine in cluster.machines.values() for one in machine.below().values()
    )
    assert "raylet" in seen
    assert secret.decode() not in seen


def test_a_cluster_that_stops_and_starts_again_loses_no_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All its machines at once, in the midst of a job; meanwhile the job says what it waits for."""
    home = tmp_path / "home"
    with served({"PMED_HOME": str(home)}, {"one": 0}) as cluster:
        for name, said in (cluster.known | {"PMED_ENGINE": "ray"}).items():
            monkeypatch.setenv(name, said)
        settings.cache_clear()
        store = open_store(settings())
        with looked_after(store) as supervisor:
            job = add(store, "waits and holds")
            watched(supervisor, job, begun)
            for machine in cluster.machines.values():
                machine.kill()
            found = watched(supervisor, job, lambda job: "does not answer" in job.stage)
            assert found.interrupted == 1
            cluster.head()
            cluster.worker("one")
            (store.home / "go").touch()
            found = watched(supervisor, job, over)
    assert (found.state, found.interrupted) == ("done", 1)
