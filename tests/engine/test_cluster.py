"""Which Ray clusters are used, and what is said of those that are not; none is started."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pages.parts import safety
from pmed_core.engine.engines import idle
from pmed_core.engine.local import LocalEngine
from pmed_core.engine.on_ray import asking, cluster, node, placing
from pmed_core.engine.on_ray.cluster import Cluster
from pmed_core.errors import UserError
from pmed_core.job import Request
from pmed_core.settings import Settings, settings
from pmed_core.shell.main import main as shell
from pmed_core.store.shares import Usage
from pmed_core.store.store import Store, open_store
from pmed_core.work import Fit
from tests.servers.started import free_port

TOKEN = "d1b2c3" * 8
SAFE = {"RAY_ADDRESS": "10.0.0.5:6379", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}


@pytest.fixture(autouse=True)
def _set_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: object())
    monkeypatch.setenv("HOME", str(tmp_path))  # where Ray looks for a token by itself
    for name, said in (SAFE | {"PMED_ENGINE": "ray"}).items():
        monkeypatch.setenv(name, said)
    settings.cache_clear()


def said(*, hosted: bool = False) -> str:
    return " ".join(map(str, Cluster().unusable(hosted=hosted)))


def test_what_the_documentation_says_is_safe(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert said() == ""
    monkeypatch.setenv("RAY_USE_TLS", "1")
    assert "RAY_USE_TLS needs RAY_TLS_CA_CERT" in said(hosted=True)
    for name in ("CA_CERT", "SERVER_KEY", "SERVER_CERT"):
        (tmp_path / name).touch()
        monkeypatch.setenv(f"RAY_TLS_{name}", str(tmp_path / name))
    assert said(hosted=True) == ""


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("RAY_AUTH_MODE", "", "RAY_AUTH_MODE must be token"),
        ("RAY_AUTH_MODE", "disabled", "RAY_AUTH_MODE must be token"),
        ("RAY_AUTH_TOKEN", "", "There is no token of the Ray cluster"),
        ("RAY_ADDRESS", "auto", "RAY_ADDRESS is not HOST:PORT"),
        ("RAY_ADDRESS", "ray://10.0.0.5:10001", "RAY_ADDRESS is not HOST:PORT"),
        ("RAY_ADDRESS", "", "RAY_ADDRESS is not HOST:PORT"),
    ],
)
def test_each_unsafe_setting_is_named(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert sentence in said()


def test_hosted_the_token_is_not_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "RAY_USE_TLS must be 1" in said(hosted=True)
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:6379")
    assert said(hosted=True) == ""
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    told = safety.faults_of_settings(Settings(hosted=True))
    assert any("RAY_AUTH_MODE must be token" in one for one in told)


@pytest.mark.parametrize("how", ["named", "its own place"])
def test_a_token_is_read_from_its_file(
    how: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    file = tmp_path / ".ray" / "auth_token"
    file.parent.mkdir()
    if how == "named":
        file = tmp_path / "token"
        monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(file))
    assert "There is no token" in said()
    file.write_text(f"{TOKEN}\n")
    assert said() == ""
    assert Cluster().token() == TOKEN


def test_without_ray_nothing_is_queued_and_it_is_said_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    store = open_store(settings())
    with pytest.raises(UserError, match="needs Ray, which is not installed") as refused:
        LocalEngine(store).submit(Fit("c", "anything"))
    assert "pip install -r requirements-ray.txt" in refused.value.remedy
    assert store.jobs.list() == ()
    assert shell(["ready"], 0) == 2
    assert "not installed" in capsys.readouterr().out


@contextmanager
def headed(token: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Not in every process that collects tests.
    from tests.servers.head import answering

    with answering(token) as address:
        monkeypatch.setenv("RAY_ADDRESS", address)
        yield


def test_a_cluster_that_lets_everybody_in_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with headed("", monkeypatch):
        (wrong,) = Cluster().away()
        assert wrong.what == "The Ray cluster lets everybody in"


def test_one_that_knows_the_token_is_and_one_that_does_not_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with headed(TOKEN, monkeypatch):
        assert list(Cluster().away()) == []
        assert list(idle(settings())) == []
        monkeypatch.setenv("RAY_AUTH_TOKEN", "0" * 48)
        (wrong,) = Cluster().away()
        assert wrong.what == "The Ray cluster refuses the token"
        assert "0000" not in str(wrong)


def test_one_that_is_not_there_is_said_not_to_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{free_port()}")
    (wrong,) = Cluster().away()
    assert wrong.what == "The Ray cluster does not answer"


def test_nobody_else_loads_ray_or_what_speaks_to_it() -> None:
    script = (
        "import sys; import pmed_core.service.hub, pmed_core.engine.supervisor, pmed_core.worker; "
        "from pmed_core.engine.engines import idle; from pmed_core.settings import settings; "
        "list(idle(settings())); "
        "sys.exit(bool({'ray', 'grpc'} & set(sys.modules)))"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PMED_ENGINE", "local")
        assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Store:
    """Whose jobs cannot begin: the cluster is not safe, and must not be asked."""

    def asked(*_: object) -> str:
        raise AssertionError("The token was sent")

    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setattr(asking, "ask", asked)
    monkeypatch.setattr(placing, "listen", lambda: None)  # tests end as they always do
    return open_store(settings())


def claimed(store: Store) -> tuple[str, int]:
    held = store.jobs.claim()
    assert held is not None
    return held


def test_a_job_that_waits_for_a_cluster_uses_no_machine_time(waiting: Store) -> None:
    job = waiting.jobs.add("j", Fit("c", "anything"), Request("ann"))
    held = claimed(waiting)
    waiting.jobs.ask_to_stop(job, "cancel")
    assert placing.place(*held) == 0
    found = waiting.jobs.get(job)
    assert (found.state, found.stage[:27]) == ("cancelled", "RAY_AUTH_MODE must be token")
    assert Usage(waiting.jobs.engine).spans("ann") == ()


def test_who_has_lost_a_job_drops_nothing_of_whoever_has_it_now(waiting: Store) -> None:
    job = waiting.jobs.add("j", Fit("c", "anything"))
    lost = claimed(waiting)
    waiting.jobs.lose(*lost, "", died=False)
    assert claimed(waiting) == (job, 2)
    kept = waiting.checkpoints.of(job) / "networks.kept"
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert placing.place(*lost) == 0
    assert kept.exists()
    assert waiting.jobs.get(job).state == "running"


def test_what_a_machine_of_the_cluster_says_names_none_of_its_folders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is shown to whoever looks at the job."""

    def locked(_: Settings) -> Store:
        raise UserError("The key cannot be read", "/etc/pmed/master.key", "Check who may read it.")

    monkeypatch.setattr(node, "open_store", locked)
    said = node.Node("m", 0).refused("j", 1, "", node.CODE)
    assert said.endswith("of the Ray cluster: The key cannot be read. Check who may read it.")
