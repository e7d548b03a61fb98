"""Decoders of others, which may raise anything at all for damaged bytes: that becomes a sentence.

Only their calls stand inside; a mistake of our own is none of the file's, and must be seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pmed_core.errors import UserError


def unreadable(name: str, kind: str) -> UserError:
    """One sentence for a file that is not what it seems."""
    return UserError(
        f"This is not {kind}, or it is damaged", name, "Save the table again, or as CSV."
    )


@contextmanager
def foreign(refusal: UserError) -> Iterator[None]:
    """Raise the refusal for whatever a decoder raises, but for a lack of memory."""
    try:
        yield
    except (UserError, MemoryError):
        raise
    except Exception as error:  # A foreign decoder, on any bytes at all.
        raise refusal from error
    except BaseException as error:
        # What a decoder in Rust raises where an index is out of bounds; it has no importable name.
        if type(error).__name__ != "PanicException":
            raise
        raise refusal from error
