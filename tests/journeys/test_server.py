"""The server calls nobody, and says to browsers what they may do with it."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.journeys.server import served

WEBSOCKET = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip


@contextmanager
def network_that_never_answers() -> Iterator[tuple[str, list[str]]]:
    """The address of a proxy, and who has called it."""
    calls: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:

        def listen() -> None:
            with suppress(OSError):
                while True:
                    caller, address = proxy.accept()
                    calls.append(str(address))
                    caller.close()

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.getsockname()[1]}", calls


def answer(address: str, path: str, **headers: str) -> tuple[int, dict[str, str]]:
    """(status, headers)."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    with closing(connection):
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as response:
            return response.status, dict(response.headers)


def test_a_foreign_page_is_refused_without_asking_anybody(tmp_path: Path) -> None:
    """Streamlit would look up this machine's address on the internet, and wait for it."""
    with network_that_never_answers() as (proxy, calls):
        everything = dict.fromkeys(("http_proxy", "https_proxy"), proxy) | {"no_proxy": ""}
        with served(tmp_path, everything) as address:
            for _ in range(5):
                foreign = {"Origin": "http://evil.example"} | WEBSOCKET
                assert answer(address, "/_stcore/stream", **foreign)[0] == 403
            ours = {"Origin": address} | WEBSOCKET
            pointed = {"Host": "evil.example", "Origin": "http://evil.example"} | WEBSOCKET
            assert answer(address, "/_stcore/stream", **ours)[0] == 101
            assert answer(address, "/_stcore/stream", **pointed)[0] == 403
            status, headers = answer(address, "/cohorts")
    assert not calls
    assert status == 200
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
