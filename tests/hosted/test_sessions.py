"""How long a sign-in holds."""

from __future__ import annotations

import time

import pytest

from pmed_core.accounts import Role, claims_of
from pmed_core.errors import Refused
from pmed_core.service import access, models
from tests.hosted.acting import acting, claims, project

MINUTE, HOUR = 60.0, 3600.0
SIGNED = {"iss": "https://p", "sub": "s", "nonce": "n", "iat": 1.0, "email": "a@b", "name": "A"}


class Clock:
    """Time that passes when it is told to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = time.time()
        patch.setattr(time, "time", lambda: self.now)

    def passes(self, seconds: float) -> None:
        self.now += seconds
        access.changed()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.usefixtures("online")
def test_whoever_does_nothing_is_signed_out(clock: Clock) -> None:
    where = project("Cardiology", ann=Role.VIEWER)
    with acting("ann", where):
        clock.passes(14 * MINUTE)
        models.models()  # what a page asks by itself is no sign of life
        clock.passes(2 * MINUTE)
        with pytest.raises(Refused, match="15 minutes"):
            models.models()
        with pytest.raises(Refused, match="15 minutes"):
            access.arrive()


@pytest.mark.usefixtures("online")
def test_whoever_goes_on_is_signed_out_in_the_end(clock: Clock) -> None:
    where = project("Cardiology", ann=Role.VIEWER)
    with acting("ann", where):
        for _ in range(59):
            clock.passes(10 * MINUTE)
            access.arrive()
            models.models()
        clock.passes(11 * MINUTE)
        with pytest.raises(Refused, match="10 hours"):
            access.arrive()


@pytest.mark.usefixtures("online")
def test_a_cookie_is_worth_nothing_after_signing_out() -> None:
    where = project("Cardiology", ann=Role.VIEWER)
    with acting("ann", where):
        access.leave()
        with pytest.raises(Refused, match="signed out"):
            access.arrive()
        with pytest.raises(Refused, match="signed out"):
            models.models()
    with acting("ann", where, sign_in="2"):
        models.models()


@pytest.mark.usefixtures("online")
def test_a_cookie_that_somebody_kept_for_later_opens_nothing(clock: Clock) -> None:
    kept = claims("ann")
    clock.passes(16 * MINUTE)
    with pytest.raises(Refused):
        access.accounts().arrive(kept)


@pytest.mark.usefixtures("online")
def test_a_session_is_that_of_its_user_alone() -> None:
    where = project("Cardiology", ann=Role.VIEWER)
    ann, bob = claims("ann"), claims("bob")
    forged = type(bob)(bob.issuer, bob.subject, bob.name, bob.email, bob.issued, ann.session)
    with pytest.raises(Refused):
        access.accounts().access(forged, where)


@pytest.mark.parametrize("lacking", ["iss", "sub", "nonce", "iat"])
def test_claims_that_do_not_say_who_and_when_are_nobodys(lacking: str) -> None:
    assert claims_of(SIGNED) is not None
    assert claims_of({name: value for name, value in SIGNED.items() if name != lacking}) is None
    assert claims_of(SIGNED | {lacking: True}) is None


@pytest.mark.parametrize("vouched", [False, None, "true", 1])
def test_an_address_counts_only_where_the_provider_vouches_for_it(vouched: object) -> None:
    found = claims_of(SIGNED | {"email_verified": vouched})
    assert found is not None
    assert found.email == ""
