"""Who calls a verb, and whether they may: asked in one place, before anything is done.

Every verb says what right it asks for (``may``). In a hosted installation it is refused unless
whoever asks is signed in and has that right in the project they are in, and there is no hub, and
so no store, outside of such a call. On a laptop there is one user, who may do everything.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from pmed_core.accounts import Access, Claims, Project, Right
from pmed_core.engine import asker
from pmed_core.errors import Refused
from pmed_core.service.snapshot import Snapshot
from pmed_core.settings import Settings, settings
from pmed_core.store import accounts as stored

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
RIGHT = "right"
"""The attribute of a verb that says what it asks for."""


@dataclass(frozen=True)
class Asking:
    """Whoever has signed in, and the project they are in; "" for none."""

    claims: Claims
    project: str


def _nobody() -> Asking | None:
    return None


_told: list[Callable[[], Asking | None]] = [_nobody]
_acting: ContextVar[Asking | None] = ContextVar("acting", default=None)
_granted: ContextVar[Access | None] = ContextVar("granted", default=None)
_seen = Snapshot()


def tell_by(who: Callable[[], Asking | None]) -> None:
    """From now on ``who`` tells who asks in the calling thread; None where nobody is signed in."""
    _told[:] = [who]


def for_asker(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """The function, for another thread to call once: it is called by who asks here."""
    asking = _asking()

    @wraps(function)
    def there(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        _acting.set(asking)  # in the context of this one call
        return function(*args, **kwargs)

    return asker.for_asker(there)


def may(right: Right) -> Callable[[Callable[Given, Answer]], Callable[Given, Answer]]:
    """What a verb asks of whoever calls it. What it calls itself is part of it."""

    def declared(verb: Callable[Given, Answer]) -> Callable[Given, Answer]:
        @wraps(verb)
        def checked(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
            if not settings().hosted or _granted.get() is not None:
                return verb(*args, **kwargs)
            token = _granted.set(admitted(right))
            try:
                return verb(*args, **kwargs)
            finally:
                _granted.reset(token)

        setattr(checked, RIGHT, right)
        return checked

    return declared


def admitted(right: Right) -> Access:
    """Whoever asks, who has that right here; raises ``Refused``."""
    found = who()
    if right is not Right.ADMINISTER and found.project is None:
        raise Refused(
            "You have no role in this project", "", "Choose one of yours, or ask an administrator."
        )
    if right not in found.rights:
        raise Refused(f"Your role does not let you {right}", "", "Ask an administrator.")
    return found


def need(right: Right) -> None:
    """One more right for what a verb was asked; raises ``Refused``. Only within a verb."""
    granted = _granted.get()
    if settings().hosted and (granted is None or right not in granted.rights):
        raise Refused(f"Your role does not let you {right}", "", "Ask an administrator.")


def known_as() -> str:
    """The name of whoever has signed in; empty on a laptop, where it is not known."""
    granted = _granted.get()
    return f"{granted.user.name} ({granted.user.subject})" if granted else ""


def who() -> Access:
    """Whoever asks in this thread, as of a second ago; raises ``Refused`` where nobody does."""
    asking = _asking()
    if asking is None:
        raise Refused("Nobody is signed in", "", "Sign in.")
    name = f"{settings().home}/{asking.claims.session}/{asking.claims.user}/{asking.project}"
    return _seen.get(name, lambda: accounts().access(asking.claims, asking.project))


def within() -> Settings:
    """The settings of whoever's verb is being carried out; raises ``Refused`` outside of any."""
    if not settings().hosted:
        return settings()
    granted = _granted.get()
    if granted is None or granted.project is None:
        raise Refused("Nothing can be done here without a role in a project", "", "Sign in.")
    return settings().of_project(granted.project.id)


def allowed(right: Right) -> bool:
    """Whether whoever asks has that right here, so that a page need not offer what is refused."""
    if not settings().hosted:
        return right is not Right.ADMINISTER
    try:
        return admitted(right) is not None
    except Refused:
        return False


def arrive() -> Access | None:
    """Somebody opens a page or does something on it: note that they are there -> who they are.

    None on a laptop. Raises ``Refused`` where nobody is signed in, or not any more.
    """
    if not settings().hosted:
        return None
    asking = _asking()
    if asking is None:
        raise Refused("Nobody is signed in", "", "Sign in.")
    accounts().arrive(asking.claims, settings().administrator)
    _seen.forget()
    return who()


def leave() -> None:
    """Sign out: from now on the cookie of this sign-in opens nothing."""
    if asking := _asking():
        accounts().leave(asking.claims.session)
        _seen.forget()


def mine() -> tuple[Project, ...]:
    """The projects in which whoever asks has a role; raises ``Refused`` where nobody does."""
    return accounts().projects_of(who().user.id)


def accounts() -> stored.Accounts:
    """Of this installation."""
    return _accounts(settings())


@cache
def _accounts(chosen: Settings) -> stored.Accounts:
    limits = stored.Limits(60 * chosen.idle_minutes, 3600 * chosen.session_hours)
    return stored.Accounts.open(chosen.home, limits)


def changed() -> None:
    """Rights were given or taken: what is asked next is asked anew."""
    _seen.forget()


def _asking() -> Asking | None:
    return _acting.get() or _told[0]()
