"""An identity provider that is stopped and started again, and one that refuses."""

from __future__ import annotations

from tests.hosted.provider import Provider
from tests.hosted.signing_in import Browser, looked
from tests.journeys.visitor import fetch


def test_whoever_is_signed_in_works_on_and_others_are_told_to_wait(
    app: str, provider: Provider
) -> None:
    provider.become("ann")
    ann, late = Browser(app), Browser(app)
    assert ann.sign_in()
    assert ann.landed == "/"
    with provider.away():
        assert "no project is open to you yet" in looked(ann)
        assert late.ask() == "/?sign_in=away"
        assert "does not answer" in looked(late, query="sign_in=away")
        assert fetch(app, "/auth/logout", ann.cookie)[0] == 302
    assert late.sign_in()
    assert "no project is open to you yet" in looked(late)


def test_one_that_stops_in_the_midst_of_a_sign_in(app: str, provider: Provider) -> None:
    provider.become("ann")
    browser = Browser(app)
    _, back = browser.get(browser.ask())
    with provider.away():
        assert browser.get(back) == (302, "/?sign_in=failed")
    assert not browser.signed_in
    assert "was not accepted" in looked(browser, query="sign_in=failed")
    assert browser.sign_in()


def test_whoever_cancels_at_the_provider_is_told(app: str, provider: Provider) -> None:
    provider.become("ann")
    browser = Browser(app)
    _, back = browser.get(browser.ask())
    state = back.rpartition("state=")[2]
    cancelled = f"{app}/oauth2callback?error=access_denied&state={state}"
    assert browser.get(cancelled) == (302, "/?sign_in=failed")
    assert not browser.signed_in


def test_whoever_signs_out_comes_back_without_a_fault(app: str) -> None:
    assert Browser(app).get(f"{app}/oauth2callback") == (302, "/")
