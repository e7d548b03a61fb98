"""A real proxy that encrypts, as deploy/ configures it, before an app of two processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pmed_core.door import BROWSER
from tests.hosted.provider import Provider
from tests.hosted.signing_in import USER_COOKIE, Browser, hosted, looked
from tests.journeys.visitor import fetch
from tests.servers.proxy import proxied
from tests.servers.started import free_port


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[str]:
    """Where users open the app. What is not the app's is passed on to the provider instead."""
    folder, port = tmp_path_factory.mktemp("proxied"), free_port()
    opened = f"https://localhost:{port}"
    with (
        hosted(folder, provider, opened=opened, processes=2) as app,
        proxied(folder, port, _port(app), _port(provider.address)) as address,
        pytest.MonkeyPatch.context() as patch,
    ):
        # This process trusts that certificate, and no other.
        patch.setenv("SSL_CERT_FILE", str(folder / "tls.pem"))
        yield address


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


def test_signing_in_and_pages_work_through_it(site: str, provider: Provider) -> None:
    provider.become("ann")
    ann = Browser(site)
    assert ann.sign_in()
    assert ann.callback.startswith(f"{site}/oauth2callback?")
    assert "no project is open to you yet" in looked(ann)
    assert {USER_COOKIE, BROWSER} <= ann.cookies.keys()


def test_cookies_are_for_encrypted_connections_alone(site: str, provider: Provider) -> None:
    provider.become("ann")
    ann = Browser(site)
    assert ann.sign_in()
    assert len(ann.told) > 2
    assert [one for one in ann.told if "; secure" not in one.lower()] == []
    headers = {name.lower(): value for name, value in fetch(site, "/")[1]}
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-frame-options"] == "SAMEORIGIN"


def test_a_visitor_stays_with_one_process(site: str, provider: Provider) -> None:
    """Requests of several visitors share the proxy's connections."""
    provider.become("ann")
    slots = set()
    for _ in range(4):
        browser = Browser(site)
        assert browser.sign_in()
        kept = browser.cookies[BROWSER]
        assert "no project is open to you yet" in looked(browser)
        browser.get(f"{site}/")
        assert browser.cookies[BROWSER] == kept
        slots.add(kept.partition(".")[0])
    assert slots <= {"0", "1"}


def test_what_is_asked_of_the_prediction_service_reaches_it(site: str, provider: Provider) -> None:
    provider.log.clear()
    fetch(site, "/v1/models")
    fetch(site, "/other")
    assert provider.log == ["/v1/models"]
