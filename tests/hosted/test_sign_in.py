"""Nobody comes in whom the identity provider has not signed, whatever is sent."""

from __future__ import annotations

import pytest

from tests.hosted.provider import Provider
from tests.hosted.signing_in import USER_COOKIE, Browser, looked

FAULTS = (
    "not signed", "signed with the public key", "signed by another", "brings its own key",
    "changed afterwards", "other audience", "other issuer", "expired", "no expiry", "other nonce",
    "no nonce",
)  # fmt: skip


def test_whoever_is_signed_in_is_known_and_may_do_nothing(app: str, provider: Provider) -> None:
    provider.become("ann")
    ann = Browser(app)
    assert "Sign in with the account" in looked(Browser(app))
    assert ann.sign_in()
    shown = looked(ann)
    assert "no project is open to you yet" in shown
    assert "Ann" in shown
    for page in ("cohorts", "models", "jobs", "users"):
        assert "no project is open to you yet" in looked(ann, page)


def test_the_first_administrator_is_the_one_that_the_setting_names(
    app: str, provider: Provider
) -> None:
    provider.become("boss", email_verified=False, sub="s-somebody")
    somebody = Browser(app)
    assert somebody.sign_in()
    assert "no project is open" in looked(somebody, "users")
    provider.become("boss")
    boss = Browser(app)
    assert boss.sign_in()
    assert "Who may use this installation" in looked(boss, "users")


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_hostile_provider_sends_opens_nothing(
    fault: str, app: str, provider: Provider
) -> None:
    provider.become("boss")
    provider.fault = fault
    browser = Browser(app)
    assert not browser.sign_in()
    assert browser.landed == "/?sign_in=failed"
    assert "Sign in with the account" in looked(browser)


def test_a_code_is_worth_one_sign_in(app: str, provider: Provider) -> None:
    provider.become("ann")
    provider.fault = "code twice"  # the provider would take it again
    ann, thief = Browser(app), Browser(app)
    assert ann.sign_in()
    thief.get(f"{app}/")
    thief.get(ann.callback)
    assert not thief.signed_in
    del ann.cookies[USER_COOKIE]
    ann.get(ann.callback)
    assert not ann.signed_in


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-User", "X-Forwarded-Email", "X-Remote-User", "X-Auth-Request-Email",
     "X-Streamlit-User", "Remote-User"],
)  # fmt: skip
def test_a_header_is_nobody(header: str, app: str) -> None:
    browser = Browser(app)
    browser.get(f"{app}/")
    assert "Sign in with the account" in looked(browser, **{header: "boss@example.org"})


def test_a_cookie_that_was_changed_is_nobody(app: str, provider: Provider) -> None:
    provider.become("ann")
    ann = Browser(app)
    assert ann.sign_in()
    held = ann.cookies[USER_COOKIE]
    middle = len(held) // 2
    ann.cookies[USER_COOKIE] = (
        held[:middle] + ("A" if held[middle] != "A" else "B") + held[middle + 1 :]
    )
    assert "Sign in with the account" in looked(ann)
