"""Who asks: questions of one asker wait for each other, not for those of everybody else.

The front says once how to tell; where nobody has, each question is an asker of its own.
"""

from __future__ import annotations

from collections.abc import Callable


def _nobody() -> str:
    return ""


_known: list[Callable[[], str]] = [_nobody]


def tell_by(who: Callable[[], str]) -> None:
    """From now on ``who`` tells who asks in the calling thread; "" where it cannot."""
    _known[:] = [who]


def asker() -> str:
    """Who asks in this thread; "" where that is not known."""
    return _known[0]()
