"""An MLflow tracking server, by its documented REST interface (version 2.0)."""

from __future__ import annotations

import base64
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from pmed_core.settings import Settings
from pmed_core.tracking.told import Told

SECONDS = 8.0
"""That one request may take to be answered."""
METRICS_AT_ONCE, PARAMETERS_AT_ONCE = 1000, 100
ANSWER_MB = 8
PROXIED = "mlflow-artifacts"


class Failed(Exception):
    """The server did not take it; the text is half a sentence."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A name and a password go to the server that was named, and to no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


@dataclass(frozen=True)
class Server:
    """Attributes:
    url: without a name and a password.
    headers: that say who asks.
    experiment: by name; it is made where there is none.
    going_on: whether to go on with the next request.
    """

    url: str
    headers: dict[str, str] = field(repr=False)
    experiment: str
    going_on: Callable[[], bool] = lambda: True

    @classmethod
    def of(cls, chosen: Settings, going_on: Callable[[], bool]) -> Server:
        """The one that the settings name; raises ``Failed`` where it is none of HTTP."""
        parts = urlsplit(chosen.tracking_uri)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Failed("MLFLOW_TRACKING_URI is no address that begins with http:// or https://")
        name = unquote(parts.username or "") or chosen.tracking_username
        password = unquote(parts.password or "") or chosen.tracking_password.get_secret_value()
        token = chosen.tracking_token.get_secret_value()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if name:
            known = base64.b64encode(f"{name}:{password}".encode()).decode()
            headers = {"Authorization": f"Basic {known}"}
        plain = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
        return cls(urlunsplit(plain).rstrip("/"), headers, chosen.tracking_experiment, going_on)

    def tell(self, run: Told) -> str:
        """Keep a run there -> what was left out, in a sentence; "" where it is whole.

        A run that was begun before is completed. Raises ``Failed``.
        """
        experiment = self._experiment()
        info = self._known(experiment, run.key) or self._begun(experiment, run)
        identity = str(info["run_id"])
        for part in _parts(run):
            self._post("runs/log-batch", {"run_id": identity, **part})
        said = self._files(str(info.get("artifact_uri", "")), run.files)
        ended = {"run_id": identity, "status": "FINISHED", "end_time": round(run.ended * 1000)}
        self._post("runs/update", ended)
        return said

    def _experiment(self) -> str:
        where = f"experiments/get-by-name?experiment_name={quote(self.experiment, safe='')}"
        try:
            return str(self._asked("GET", where)["experiment"]["experiment_id"])
        except Missing:
            made = self._post("experiments/create", {"name": self.experiment})
            return str(made["experiment_id"])

    def _known(self, experiment: str, key: str) -> dict[str, Any] | None:
        wanted = {
            "experiment_ids": [experiment], "max_results": 1,
            "filter": f"tags.`pmed.package_sha256` = '{key}'",
        }  # fmt: skip
        found = self._post("runs/search", wanted).get("runs", [])
        return dict(found[0]["info"]) if found else None

    def _begun(self, experiment: str, run: Told) -> dict[str, Any]:
        asked = {
            "experiment_id": experiment, "run_name": run.name,
            "start_time": round(run.started * 1000), "tags": _pairs(run.tags),
        }  # fmt: skip
        return dict(self._post("runs/create", asked)["run"]["info"])

    def _files(self, uri: str, files: dict[str, str]) -> str:
        parts = urlsplit(uri)
        if parts.scheme != PROXIED:
            return (
                "The server does not take files itself (mlflow server --serve-artifacts), so the "
                "model card was not sent."
            )
        for name, text in files.items():
            path = quote(f"{parts.path.strip('/')}/{name}")
            self._asked("PUT", f"mlflow-artifacts/artifacts/{path}", text.encode(), of_api=PROXIED)
        return ""

    def _post(self, where: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._asked("POST", where, json.dumps(body).encode())

    def _asked(
        self, method: str, where: str, body: bytes | None = None, *, of_api: str = "mlflow"
    ) -> dict[str, Any]:
        if not self.going_on():
            raise Failed("it took too long")
        api = f"{self.url}/api/2.0/" + ("" if of_api == PROXIED else "mlflow/")
        kind = "application/octet-stream" if of_api == PROXIED else "application/json"
        headers = self.headers | {"Content-Type": kind}
        request = urllib.request.Request(api + where, body, headers, method=method)
        try:
            with _OPENER.open(request, timeout=SECONDS) as answer:
                told = answer.read(ANSWER_MB * 2**20)
            return dict(json.loads(told)) if told.strip() else {}
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == http.client.NOT_FOUND:
                raise Missing("the server answered 404") from error
            raise Failed(f"the server answered {error.code}") from error
        except (OSError, http.client.HTTPException) as error:
            raise Failed("it does not answer") from error
        except (ValueError, TypeError) as error:
            raise Failed("it does not answer as MLflow does") from error


class Missing(Failed):
    """There is no such thing there."""


def _parts(run: Told) -> list[dict[str, Any]]:
    """As many as one request may hold, in turn."""
    stamp = round(run.ended * 1000)
    metrics = [
        {"key": name, "value": value, "timestamp": stamp, "step": step}
        for name, value, step in run.metrics
    ]
    of_parameters = [{"params": part} for part in _cut(_pairs(run.parameters), PARAMETERS_AT_ONCE)]
    return [*of_parameters, *({"metrics": part} for part in _cut(metrics, METRICS_AT_ONCE))]


def _pairs(texts: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": name, "value": text} for name, text in texts.items()]


def _cut(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
