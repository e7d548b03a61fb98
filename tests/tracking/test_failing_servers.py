"""Servers that are down, slow, hostile or refuse: a training is done all the same, and says so."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from pmed_core.accounts import Role
from pmed_core.progress import Silent
from pmed_core.service import training
from pmed_core.service.hub import hub
from pmed_core.settings import settings
from pmed_core.store.audit import Audit
from pmed_core.store.store import open_store
from pmed_core.tracking import sending, server
from pmed_core.tracking.sending import tell_of_job
from tests.hosted.acting import acting, project
from tests.hosted.conftest import online as online
from tests.service.made import Installation
from tests.tracking.conftest import Set


class Notes(Silent):
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, sentence: str) -> None:
        self.said.append(sentence)


class Handler(BaseHTTPRequestHandler):
    """Answers in the way that the server was made for, and keeps what it was sent."""

    way: ClassVar[str] = ""
    asked: ClassVar[list[tuple[str, str, str]]] = []

    def do_GET(self) -> None:
        held = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        authorization = self.headers.get("Authorization") or ""
        type(self).asked.append((self.path, authorization, held.decode(errors="replace")))
        match self.way:
            case "refuses":
                self.answer(401, b"{}")
            case "redirects":
                self.answer(302, b"", Location=f"http://127.0.0.1:{self.elsewhere()}/")
            case "another":
                self.answer(200, b"<html>Welcome</html>")
            case "list":
                self.answer(200, b"[1, 2]")
            case "empty":
                self.answer(200, b"{}")
            case "drips":
                self.drip()

    do_POST = do_PUT = do_GET

    def elsewhere(self) -> int:
        return int(self.headers["Host"].rpartition(":")[2])

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drip(self) -> None:
        """A byte now and then, so that no read ever waits long."""
        try:
            self.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
            for _ in range(600):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return

    def log_message(self, format: str, *args: Any) -> None:
        return


@contextmanager
def answering(way: str) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    class Made(Handler):
        pass

    Made.way, Made.asked = way, []
    served = ThreadingHTTPServer(("127.0.0.1", 0), Made)
    served.daemon_threads = True
    threading.Thread(target=served.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{served.server_address[1]}", Made.asked
    finally:
        served.shutdown()
        served.server_close()


def said_after() -> list[str]:
    progress = Notes()
    tell_of_job(training.jobs()[0], hub().store, progress)
    return progress.said


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("refuses", "the server answered 401"),
        ("redirects", "the server answered 302"),
        ("another", "it does not answer as MLflow does"),
        ("list", "it does not answer as MLflow does"),
        ("empty", "it does not answer as MLflow does"),
    ],
)
def test_what_it_does_is_said_and_the_run_is_kept(
    way: str, words: str, trained: Installation, told_to: Set
) -> None:
    with answering(way) as (address, _):
        told_to(address)
        (said,) = said_after()
    assert words in said
    assert "told after the next training" in said
    assert [identity for identity, _ in hub().store.models.untold()] == [trained.model]


def test_a_server_that_drips_is_left_after_a_moment(
    trained: Installation, told_to: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MOMENT", 0.5)
    with answering("drips") as (address, _):
        told_to(address)
        (said,) = said_after()
    assert "it took too long" in said


@pytest.mark.parametrize(
    "address", ["file:///tmp/mlruns", "databricks", "sqlite:///x.db", "http://"]
)
def test_what_is_no_server_is_said(address: str, trained: Installation, told_to: Set) -> None:
    told_to(address)
    (said,) = said_after()
    assert "MLFLOW_TRACKING_URI is no address" in said


def test_name_and_password_go_to_the_named_server_alone_and_into_no_sentence(
    trained: Installation, told_to: Set
) -> None:
    with answering("redirects") as (address, asked):
        told_to(address.replace("//", "//ann:s%40cret@"))
        (said,) = said_after()
    assert [one[0].split("?")[0] for one in asked] == ["/api/2.0/mlflow/experiments/get-by-name"]
    assert asked[0][1] == "Basic YW5uOnNAY3JldA=="
    assert "cret" not in said
    assert "ann" not in said


def test_a_token_is_shown(trained: Installation, told_to: Set) -> None:
    with answering("refuses") as (address, asked):
        told_to(address, TRACKING_TOKEN="abc")
        said_after()
    assert asked[0][1] == "Bearer abc"
    assert "abc" not in repr(settings())


def test_nothing_is_kept_or_asked_where_no_server_is_named(trained: Installation) -> None:
    assert said_after() == []
    assert list(hub().store.models.untold()) == []


@pytest.mark.usefixtures("online")
def test_what_left_a_hosted_installation_is_in_its_audit(
    installation: Installation, told_to: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = project("Cardiology", ann=Role.DATA_SCIENTIST)
    home = settings().of_project(where)
    shutil.copytree(installation.home, home.home, dirs_exist_ok=True)
    sent: list[Any] = []

    def kept(self: server.Server, run: Any) -> str:
        sent.append(run)
        return ""

    monkeypatch.setattr(server.Server, "tell", kept)
    told_to("https://ann:secret@mlflow.example/")
    with acting("ann", where):
        store = open_store(home)
        tell_of_job(next(iter(store.jobs.list())), store, Notes())
    (run,) = sent
    assert run.tags["pmed.project"] == "Cardiology"
    (entry,) = [
        one for one in Audit.open(settings().home).entries() if one.deed.action == "tracking.tell"
    ]
    assert (entry.deed.project, entry.deed.model) == (where, installation.model)
    assert entry.deed.detail == "to mlflow.example/"
