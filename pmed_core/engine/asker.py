"""Who asks: questions of one asker wait for each other, not for those of everybody else.

The front says once how to tell; where nobody has, each question is an asker of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context, ContextVar
from functools import partial
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def _nobody() -> str:
    return ""


_known: list[Callable[[], str]] = [_nobody]
_asks_for: ContextVar[str] = ContextVar("asks_for", default="")


def tell_by(who: Callable[[], str]) -> None:
    """From now on ``who`` tells who asks in the calling thread; "" where it cannot."""
    _known[:] = [who]


def asker() -> str:
    """Who asks in this thread; "" where that is not known."""
    return _asks_for.get() or _known[0]()


def for_asker(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """The function, for another thread to call once: what it asks is asked by who asks here."""
    there = Context()
    there.run(_asks_for.set, asker())
    return partial(there.run, function)
