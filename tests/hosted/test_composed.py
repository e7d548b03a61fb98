"""The services of deploy/compose.yaml, with their commands, settings and health checks, started
without containers: what they need of one another is there."""

from __future__ import annotations

import json
import os
import shlex
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pmed_core.accounts import Role
from pmed_core.service import access, apikeys, cohorts, training
from pmed_core.settings import RESEARCH_ONLY, settings
from tests.hosted.acting import acting, project
from tests.hosted.provider import Provider
from tests.hosted.signing_in import Browser, hosted, looked
from tests.servers.postgres import closed_afterwards, served
from tests.servers.proxy import proxied
from tests.servers.started import REQUIRED, SECONDS, SERVERS, free_port, listens, running
from tests.service.made import QUICK, as_bytes, chosen, patients

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "compose.yaml"
AS_JSON = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))"
SOCKET, PORT = "/run/postgresql", "8600"


@dataclass(frozen=True)
class Composed:
    """What the file says, with the database's socket where this one's is."""

    services: dict[str, Any]
    socket: str
    serve: int

    def environment(self, name: str) -> dict[str, str]:
        """What it sets for a service."""
        given = self.services[name].get("environment", {})
        return {key: str(value).replace(SOCKET, self.socket) for key, value in given.items()}

    def command(self, name: str, key: str = "command") -> list[str]:
        """What it runs as a service, or to see how that is; the port is one that is free here."""
        told = self.services[name][key]
        words = told["test"][1:] if key == "healthcheck" else told
        words = [word.replace(PORT, str(self.serve)) for word in words]
        first = [sys.executable, "-m", "pmed_core"] if words[0] == "pmed" else [sys.executable]
        return [*first, *words[1:]]


@pytest.fixture
def composed() -> Iterator[Composed]:
    if not SERVERS.exists():
        assert not REQUIRED, "The environment of servers is not installed"
        pytest.skip("The environment of servers is not installed")
    read = subprocess.run([SERVERS, "-c", AS_JSON, FILE], check=True, capture_output=True)
    with served(socket=True) as database:
        with psycopg.connect(database.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE pmed")
        yield Composed(json.loads(read.stdout)["services"], str(database.folder), free_port())


@pytest.fixture
def site(
    composed: Composed, provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Where users open it, with all services at work; this process is one more of the app."""
    port = free_port()
    opened, mine = f"https://localhost:{port}", composed.environment("app")
    for key, value in mine.items():
        monkeypatch.setenv(key, value)
    with ExitStack() as stack:
        app = stack.enter_context(hosted(tmp_path, provider, opened=opened, PMED_ENGINE="local"))
        known = {
            "PMED_HOSTED": "1", "PMED_HOME": str(tmp_path / "home"), "PMED_ENGINE": "local",
            "PMED_ADMINISTRATOR": "boss@example.org", "PMED_JOBS_AT_ONCE": "1",
            "PMED_KEY_FILE": str(tmp_path / "master.key"), "PYTHONPATH": str(ROOT),
            "STREAMLIT_SECRETS_FILES": str(tmp_path / "secrets.toml"),
        }  # fmt: skip
        for name, there in (("workers", lambda: True), ("serve", lambda: listens(composed.serve))):
            given = known | composed.environment(name)
            assigned = ["env", *(f"{key}={value}" for key, value in given.items())]
            stack.enter_context(
                running([*assigned, *composed.command(name)], there, log=tmp_path / f"{name}.log")
            )
        stack.enter_context(proxied(tmp_path, port, int(app.rpartition(":")[2]), composed.serve))
        for key, value in (known | mine).items():
            monkeypatch.setenv(key, value)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
        settings.cache_clear()
        stack.enter_context(closed_afterwards())
        yield opened


def told(address: str, key: str) -> str:
    """What a system of the hospital is answered."""
    asked = urllib.request.Request(address, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(asked, context=ssl.create_default_context()) as answer:
        return str(answer.read(), "utf-8")


@pytest.mark.slow
def test_the_services_do_their_work_together(
    composed: Composed, site: str, provider: Provider, tmp_path: Path
) -> None:
    provider.become("ann")
    ann = Browser(site)
    assert ann.sign_in()
    assert "no project is open to you yet" in looked(ann)
    ward = project("Cardiology", eve=Role.DATA_SCIENTIST)
    with acting("eve", ward):
        job = training.train(
            chosen(cohorts.bring_in("a.csv", as_bytes(patients(60)))), "Model", QUICK
        )
        until = time.monotonic() + 4 * SECONDS
        while training.job(job).alive:
            assert time.monotonic() < until, (tmp_path / "workers.log").read_text()
            time.sleep(0.5)
        assert training.job(job).state == "done", training.job(job).error
    with acting("boss"):
        key = apikeys.make(ward, "ward system")
    answer = told(f"{site}/v1/models", key)
    assert '"name":"Model"' in answer
    assert RESEARCH_ONLY in answer
    for name in ("app", "serve"):
        looked_at = subprocess.run(
            composed.command(name, "healthcheck"), cwd=ROOT, capture_output=True, text=True,
            env=os.environ | composed.environment(name), check=False,
        )  # fmt: skip
        assert looked_at.returncode == 0, shlex.join(looked_at.args) + looked_at.stdout
    access.changed()
