"""Who calls a verb, and whether they may: asked in one place, before anything is done.

Every verb says what right it asks for (``may``). In a hosted installation it is refused unless
whoever asks is signed in and has that right in the project they are in, and there is no hub, and
so no store, outside of such a call. On a laptop there is one user, who may do everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from pmed_core.accounts import Access, Claims, Project, Right
from pmed_core.engine import asker
from pmed_core.errors import Refused, UserError
from pmed_core.service import records
from pmed_core.service.snapshot import Snapshot
from pmed_core.settings import Settings, settings
from pmed_core.store import accounts as stored
from pmed_core.store.apikeys import ApiKeys
from pmed_core.store.audit import Audit

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
RIGHT = "right"
RECORDED = "recorded"
"""The attributes of a verb that say what it asks for, and whether it goes on record."""


@dataclass(frozen=True)
class Asking:
    """Whoever has signed in, and the project they are in; "" for none."""

    claims: Claims
    project: str

    @property
    def known(self) -> str:
        """Tells them from all others."""
        return f"{self.claims.session}/{self.claims.user}/{self.project}"

    def access(self) -> Access:
        """What they may do now; raises ``Refused``."""
        return accounts().access(self.claims, self.project)


@dataclass(frozen=True)
class Calling:
    """Another system, by the id of the key that it has shown."""

    known: str

    def access(self) -> Access:
        """What it may do now; raises ``Refused``."""
        return api_keys().access(self.known)


def _nobody() -> Asking | None:
    return None


_told: list[Callable[[], Asking | None]] = [_nobody]
_acting: ContextVar[Asking | Calling | None] = ContextVar("acting", default=None)
_granted: ContextVar[Access | None] = ContextVar("granted", default=None)
_seen = Snapshot()


def tell_by(who: Callable[[], Asking | None]) -> None:
    """From now on ``who`` tells who asks in the calling thread; None where nobody is signed in."""
    _told[:] = [who]


def for_user(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """The function, for any thread to call: what it asks is asked by whoever is signed in here."""
    asking = _asking()

    @wraps(function)
    def there(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        token = _acting.set(asking)
        try:
            return function(*args, **kwargs)
        finally:
            _acting.reset(token)

    return there


@contextmanager
def calling(key: str) -> Iterator[None]:
    """What is asked inside is asked by the system with that key; raises ``Refused`` where it holds
    no longer."""
    token = _acting.set(Calling(key))
    try:
        if settings().hosted:
            who()
        else:
            api_keys().access(key)
        yield
    finally:
        _acting.reset(token)


def caller() -> str:
    """The id of the key with which is asked in this thread; empty outside of ``calling``."""
    found = _acting.get()
    return found.known if isinstance(found, Calling) else ""


def for_asker(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """The same, for another thread to call once: it waits where what is asked here would wait."""
    return asker.for_asker(for_user(function))


def may(
    right: Right, *, recorded: bool | None = None
) -> Callable[[Callable[Given, Answer]], Callable[Given, Answer]]:
    """What a verb asks of whoever calls it. What it calls itself is part of it.

    It goes on record before anything is done, unless it asks only to look at what concerns no
    patient. ``recorded`` says otherwise: False of one that shows no patient and changes nothing.
    """
    kept = right is not Right.LOOK if recorded is None else recorded

    def declared(verb: Callable[Given, Answer]) -> Callable[Given, Answer]:
        told = records.Verb(verb, right) if kept else None

        @wraps(verb)
        def checked(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
            if not settings().hosted or _granted.get() is not None:
                return verb(*args, **kwargs)
            granted = _on_record(right, told.asked(args, kwargs) if told else None)
            token = _granted.set(granted)
            try:
                return verb(*args, **kwargs)
            finally:
                _granted.reset(token)

        setattr(checked, RIGHT, right)
        setattr(checked, RECORDED, told is not None)
        return checked

    return declared


def _on_record(right: Right, asked: records.Asked | None) -> Access:
    """Whoever asks, who has that right; what they ask is written down, also where it is refused."""
    try:
        granted = admitted(right)
    except Refused as refused:
        _tell_refusal(asked, refused)
        raise
    if asked is not None:
        journal().add(asked.deed(granted, _home(granted)), once=right is Right.ASK)
    return granted


def _tell_refusal(asked: records.Asked | None, refused: Refused) -> None:
    """Of whoever is signed in: what nobody asks is not written down, or strangers could fill it."""
    try:
        found = who()
    except Refused:
        return
    if asked is not None:
        journal().add(asked.deed(found, _home(found), refused.what), once=True)


def _home(access: Access) -> Path | None:
    return settings().of_project(access.project.id).home if access.project else None


def journal() -> records.Journal:
    """The audit of this installation."""
    return _journal(settings())


@cache
def _journal(chosen: Settings) -> records.Journal:
    return records.Journal(Audit.open(chosen.home))


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


def granted() -> Access | None:
    """Whose verb is being carried out; None on a laptop, and outside of any."""
    return _granted.get()


def known_as() -> str:
    """The name of whoever has signed in; empty on a laptop, where it is not known."""
    granted = _granted.get()
    return f"{granted.user.name} ({granted.user.subject})" if granted else ""


def who() -> Access:
    """Whoever asks in this thread, as of a second ago; raises ``Refused`` where nobody does."""
    asking = _asking()
    if asking is None:
        raise Refused("Nobody is signed in", "", "Sign in.")
    return _seen.get(f"{settings().home}/{asking.known}", asking.access)


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
    if not isinstance(asking, Asking):
        raise Refused("Nobody is signed in", "", "Sign in.")
    fresh = accounts().arrive(asking.claims, settings().administrator)
    _seen.forget()
    found = who()
    if fresh:
        try:
            journal().add(records.of_session(found, "signed in"))
        except UserError:
            accounts().leave(found.session)  # nobody comes in who is not on record
            raise
    return found


def leave() -> None:
    """Sign out: from now on the cookie of this sign-in opens nothing."""
    if isinstance(asking := _asking(), Asking):
        journal().add(records.of_session(who(), "signed out"))
        accounts().leave(asking.claims.session)
        _seen.forget()


def holds(claims: Claims) -> bool:
    """Whether a sign-in has not ended, whoever asks."""
    try:
        return bool(accounts().access(claims, ""))
    except Refused:
        return False


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


def api_keys() -> ApiKeys:
    """Those of other systems."""
    return _api_keys(settings().home)


@cache
def _api_keys(home: Path) -> ApiKeys:
    return ApiKeys.open(home)


def changed() -> None:
    """Rights were given or taken: what is asked next is asked anew."""
    _seen.forget()


def _asking() -> Asking | Calling | None:
    return _acting.get() or _told[0]()
