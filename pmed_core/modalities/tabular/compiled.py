"""What numba compiles. It takes seconds, so it is kept for the next process, as Python keeps its
own: beside the source in ``__pycache__``, or with the user's caches where that cannot be written.

What is kept holds as long as its own file does not change: whatever it calls must stand there too.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from numba import njit
from numba.core import serialize
from numba.core.caching import FunctionCache

BROKEN = (
    EOFError, ValueError, LookupError, AttributeError, ImportError, TypeError,
    serialize.pickle.UnpicklingError,  # type: ignore[attr-defined]
)  # fmt: skip
"""What a kept index or code raises that a power failure has cut off."""


class Kept(FunctionCache):
    """What is kept of one function, for each kind of arguments.

    Its index is read and written without a lock. Two processes that keep two kinds at once can give
    them one name, and the machine code of one would read the arrays of the other as its own.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """What was kept of those arguments; None where it is of others or is broken, and is kept
        anew."""
        try:
            found = super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except BROKEN:
            with suppress(OSError):
                self.flush()  # type: ignore[no-untyped-call]
            return None
        return found if found is not None and tuple(found.signature.args) == tuple(sig) else None

    def save_overload(self, sig: Any, data: Any) -> None:
        """A full disk costs the next process seconds, and nobody an answer."""
        with suppress(OSError):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


def compiled(function: Callable[..., Any]) -> Any:
    """A function over arrays that runs beside others; compiled anew where nothing can be kept."""
    made: Any = njit(nogil=True)(function)
    with suppress(RuntimeError):  # no folder can be written
        made._cache = Kept(function)  # type: ignore[no-untyped-call]
    return made
