"""A tracking server: MLflow, from the environment of servers."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.servers.started import REQUIRED, SERVERS, free_port, running


@dataclass(frozen=True)
class Tracking:
    """A server with all that it keeps in one folder."""

    address: str
    folder: Path

    def ask(self, method: str, where: str, **body: Any) -> Any:
        """What its REST interface answers, as JSON."""
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(
            f"{self.address}/api/2.0/{where}", data, {"Content-Type": "application/json"},
            method=method,
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def file(self, artifacts: str, name: str) -> str:
        """An artifact of a run, as text."""
        where = f"api/2.0/mlflow-artifacts/artifacts/{artifacts.partition(':/')[2]}/{name}"
        with urllib.request.urlopen(f"{self.address}/{where}", timeout=30) as answer:
            return str(answer.read().decode())

    def runs(self, experiment: str) -> list[Any]:
        """All runs of an experiment, newest first; none where there is no such experiment."""
        try:
            found = self.ask("GET", f"mlflow/experiments/get-by-name?experiment_name={experiment}")
        except urllib.error.HTTPError as error:
            error.close()
            return []
        identity = found["experiment"]["experiment_id"]
        return list(
            self.ask("POST", "mlflow/runs/search", experiment_ids=[identity]).get("runs", [])
        )


@contextmanager
def served(folder: Path) -> Iterator[Tracking]:
    """MLflow on a free port; skips where it is not installed and need not be."""
    if not SERVERS.exists() and not REQUIRED:
        pytest.skip("There is no environment of servers (.servers)")
    port = free_port()
    found = Tracking(f"http://127.0.0.1:{port}", folder)
    command = [
        str(SERVERS), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination", str(folder / "artifacts"),
    ]  # fmt: skip
    with running(command, lambda: _answers(found.address), log=folder / "log"):
        yield found


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5):
            return True
    except OSError:
        return False
